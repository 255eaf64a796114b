"""What a stage returns: frozen records; `to_dict` is the JSON of `--json`, a notebook a table."""

"""A prepared run and a person's wish come in; a line of `edits.jsonl` goes out, for `prepare`."""

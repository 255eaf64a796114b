"""What `scores.json` says of probes -> what was forgotten: a sentence, a table, a section."""

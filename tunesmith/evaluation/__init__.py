"""Completions and references come in; grades, scores with intervals and verdicts go out."""

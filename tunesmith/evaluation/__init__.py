"""Completions and references come in; grades, scores with intervals and verdicts go out.

A grade is one row's mark, 0 to 100 or failed; a score is their mean with its interval; a
comparison is the difference of two models over the same rows, with a verdict.
"""

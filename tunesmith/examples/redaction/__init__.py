"""Texts come in; the same without addresses, numbers, keys and handles go out, and counts."""

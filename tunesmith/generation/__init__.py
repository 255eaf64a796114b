"""Prompts and a model come in; completions go out."""

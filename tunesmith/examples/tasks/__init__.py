"""Prompt templates by task, in YAML; labelled rows come in, examples go out."""

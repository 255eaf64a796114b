"""Rows, sections, questions and threads come in; examples, each with its source, go out."""

"""Tunesmith: raw material in; an instruction-tuned model, its answers and a verdict out."""

__version__ = "0.1.0"

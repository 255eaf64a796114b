"""Segments come in; token ids, stored on disk and batched without padding, go out."""

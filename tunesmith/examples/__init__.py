"""Rows come in; clean examples (messages with their source), split three ways, go out."""

"""Runs as servers, as measured, and servers against runs."""

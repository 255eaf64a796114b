"""Prompt templates that others wrote, in promptsource's format: rows -> examples."""

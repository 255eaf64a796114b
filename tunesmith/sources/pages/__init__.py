"""Markdown, HTML, reStructuredText and plain text come in; sections and answered questions go out.

Every page becomes an outline first: its headings, and the text below each.
"""

"""Rows come in; clean examples (messages with their source), split three ways, go out.

What cannot become an example goes out as Dropped, with a reason that can be counted.
"""

"""Rows of a table come in; what each column means goes out, and what has to be asked about it.

A role is a part that a column plays in an example; a look is what its values are like.
"""

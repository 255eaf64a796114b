"""A run -> the same tuning on parts of its rows, a folder each, for a curve over the rows."""

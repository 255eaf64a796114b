"""A run's round against the one before -> the parts of the report that show it."""

"""A run's rows and settings -> files with which other programs train, or show, the same."""

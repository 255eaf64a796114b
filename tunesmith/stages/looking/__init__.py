"""A run's test set comes in; who looked at its scores, and a fresh one, go out."""

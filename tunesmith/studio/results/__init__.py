"""A run's test rows come in; those that a filter finds, with answers and scores, go out."""

"""A server's answers to a run's test rows -> whether it serves the run's model, and if not, why."""

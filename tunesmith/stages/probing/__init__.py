"""Base and tuned of a run -> what tuning made it forget: our probes, and lm_eval's benchmarks."""

"""Files and jobs, asked by the real client."""

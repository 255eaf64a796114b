"""A server and a run -> what is asked of both, and the verdict."""

"""The verbs: each reads files, calls the packages above, and writes files."""

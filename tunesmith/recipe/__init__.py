"""A recipe file (YAML) comes in; a validated Recipe goes out."""

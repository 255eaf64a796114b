"""Results come in; text for a terminal, or JSON, goes out."""

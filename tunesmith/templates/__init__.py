"""Messages come in; segments of text, each marked as content and as trained, go out."""

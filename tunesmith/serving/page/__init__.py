"""The chat page of a server: one page, one script, one stylesheet, nothing from elsewhere."""

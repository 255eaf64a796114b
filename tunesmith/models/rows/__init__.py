"""Several texts in one row come in; attention of each to itself alone, and its cache, go out."""

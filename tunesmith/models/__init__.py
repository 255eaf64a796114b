"""A name or folder comes in; a model that reads several examples in one row goes out."""

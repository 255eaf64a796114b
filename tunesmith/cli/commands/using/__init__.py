"""A run -> what people do with its model: ask, serve, check, publish."""

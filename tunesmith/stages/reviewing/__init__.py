"""A run's validation rows come in; what people say of its answers, and the next recipe, go out."""

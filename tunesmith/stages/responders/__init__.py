"""A name comes in; whoever answers to it goes out: a model with its renderer, or an endpoint."""

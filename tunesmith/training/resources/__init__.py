"""A model, its rows and the machine come in; the time and memory that training takes go out."""

"""A model, its training rows and a recipe that leaves numbers to `auto` -> those numbers."""

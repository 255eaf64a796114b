"""A model comes in; the same mathematics with less time or memory goes out, where it is proven."""

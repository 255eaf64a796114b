"""A prepared run whose recipe leaves numbers of training to `auto` -> those numbers, once."""

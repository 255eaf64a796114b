"""The embedded base model, its material and the program that builds both."""

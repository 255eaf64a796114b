"""The words of a command come in; recipes, folders and options go out."""

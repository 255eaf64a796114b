"""The encodings of texts: named by a recipe, declared, or guessed from their letters."""

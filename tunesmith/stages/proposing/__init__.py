"""Sources come in; a recipe for them goes out, with what each was taken for and why.

A question is what the material leaves open; a choice is a value for a key of the recipe.
"""

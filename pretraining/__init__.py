"""Tables of facts and wordings come in; the starter, its material and its study go out."""

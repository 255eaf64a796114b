"""Data and models, ready -> other places: the Hub, other programs.

What goes out is checked first, for it cannot be called back.
"""

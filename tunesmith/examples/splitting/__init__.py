"""Clean examples come in; each one's split and group go out, and what is left out for another.

What resembles each other is a group; a group is never divided between training and test.
"""

"""Raw material comes in, a file or a Hub data set; rows with their place in it go out.

What cannot be read goes out too, as Dropped with line and reason.
"""

"""A folder with recipes and runs comes in; a local web application over its files goes out.

No state of its own (the files are the state); workspace, page, frame, command.
"""

"""What people said of answers comes in; kinds of failure, their rates and data tasks go out.

Records and statistics alone, nothing is asked of a model; review, kind, check, data task, look.
"""

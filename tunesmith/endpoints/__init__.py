"""Chat requests -> replies, or failures with a reason; from a server or a local model.

Words: an endpoint answers; a call is one request with its outcome; a failure is counted.
"""

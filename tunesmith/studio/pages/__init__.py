"""Requests come in; files are read or appended; HTML goes out. One page of the studio a module."""

"""Untrusted Jinja comes in; text goes out, within limits. No other room renders it."""

"""Untrusted Jinja comes in; text goes out, within limits. Nothing else imports jinja2."""

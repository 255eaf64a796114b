"""A run -> its model on the Hub, after everything that must not go out was looked for."""

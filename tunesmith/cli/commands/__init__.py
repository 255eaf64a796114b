"""One module a command: its words come in, a stage is called, its result is printed."""

"""Commands that improve a run: look at answers, name what is wrong, make data of it."""

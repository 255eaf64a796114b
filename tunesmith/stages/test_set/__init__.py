"""Models and a test set come in; completions and grades, each on disk as it comes, go out."""

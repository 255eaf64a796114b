"""HTML comes in; an outline of its text goes out, and what all else on the page is called."""

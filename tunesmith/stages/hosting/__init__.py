"""The models of runs, together in memory -> a server that offers them."""

"""Run folders come in; what differs between two sides of them, and in which answers, goes out."""

"""The `data/` of a run comes in; what the report says and shows of it goes out."""

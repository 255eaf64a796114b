"""A run's exported forms -> the parts of the report that show them."""

"""What a run holds of how it was trained -> the parts of the report that show it."""

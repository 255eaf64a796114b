"""JSON, JSON Lines, CSV, Parquet and Hub data sets come in; rows with their line go out."""

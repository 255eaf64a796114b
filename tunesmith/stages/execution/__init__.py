"""What a stage depends on comes in; whether it runs, where its files lie and who is told go out."""

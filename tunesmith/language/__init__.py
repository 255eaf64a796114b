"""Messages of ours -> the same in another language; files, keys and a user's data stay English."""

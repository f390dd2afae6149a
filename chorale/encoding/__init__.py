"""What networks read and write: tokens, cells, and the features of each step."""

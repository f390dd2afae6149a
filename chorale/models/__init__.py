"""What a model says of the next note, or of a missing one, and how it is stored."""

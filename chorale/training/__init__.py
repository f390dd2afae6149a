"""How a corpus becomes a model."""

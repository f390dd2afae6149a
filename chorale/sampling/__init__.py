"""How a model becomes a chorale: drawing notes one by one, or cell by cell."""

"""How a chorale comes out of a file, and how it goes into one."""

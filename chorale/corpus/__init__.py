"""Which pieces there are, where they come from, and in which split each is."""

"""Learn from Bach's four-part chorales and write new ones."""

__version__ = "0.1.0"

"""Words for messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, such as `1 note` or `1,200 notes`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")

"""Progress callbacks."""

from __future__ import annotations

from collections.abc import Callable

# Called with the work done and the total, in pieces, steps, rounds or bytes.
Progress = Callable[[int, int], None]

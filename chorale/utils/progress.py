"""How long work tells that it goes on."""

from __future__ import annotations

from collections.abc import Callable

# Called with what is done and what there is in all: pieces, steps, rounds, bytes.
Progress = Callable[[int, int], None]

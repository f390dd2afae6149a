"""Progress callbacks."""

from __future__ import annotations

from collections.abc import Callable

# Called with the work done and the total, in pieces, steps, rounds or bytes.
Progress = Callable[[int, int], None]


class PartedProgress:
    """Progress of work in parts whose number is not known from the beginning.

    Each part adds its total to that of those before it, so what is done never falls.

    Args:
        progress: of the whole; None for none.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._before = progress, 0

    def next_part(self) -> Progress | None:
        """Return the callback of another part, which begins when the last one ended."""
        if self._progress is None:
            return None
        whole, before = self._progress, self._before

        def progress(done: int, total: int) -> None:
            self._before = before + total
            whole(before + done, before + total)

        return progress

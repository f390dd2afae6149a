"""Time by the clock, and time of processors, which other programs do not lengthen."""

from __future__ import annotations

import time
from types import TracebackType

from chorale.benchmarks.measures import Figures


class Stopwatch:
    """Measures a `with` block.

    Attributes:
        seconds: by the clock.
        processor_seconds: that all cores together worked for this process.
    """

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds = time.perf_counter() - self._began[0]
        self.processor_seconds = time.process_time() - self._began[1]

    def per_note(self, notes: int) -> Figures:
        """Return milliseconds per note, if so many notes were written."""
        return {
            "ms_per_note": 1000 * self.seconds / notes,
            "processor_ms_per_note": 1000 * self.processor_seconds / notes,
        }

"""The clock, and the time of processors."""

from __future__ import annotations

import pytest

from chorale.benchmarks import stopwatch
from chorale.benchmarks.stopwatch import Stopwatch


def test_a_block_is_measured_by_both_times(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, processors = iter([1.0, 3.0]), iter([10.0, 10.5])
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(stopwatch.time, "process_time", lambda: next(processors))
    with Stopwatch() as measured:
        pass
    assert (measured.seconds, measured.processor_seconds) == (2, 0.5)
    assert measured.per_note(100) == {"ms_per_note": 20, "processor_ms_per_note": 5}

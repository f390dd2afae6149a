"""Progress of work in several parts."""

from __future__ import annotations

from chorale.utils.progress import PartedProgress


def test_parts_add_to_what_was_done_and_to_the_total() -> None:
    calls: list[tuple[int, int]] = []
    parts = PartedProgress(lambda *call: calls.append(call))
    for total in (2, 3):
        part = parts.next_part()
        assert part is not None
        for done in range(1, total + 1):
            part(done, total)
    assert calls == [(1, 2), (2, 2), (3, 5), (4, 5), (5, 5)]


def test_no_progress_has_no_parts() -> None:
    assert PartedProgress(None).next_part() is None

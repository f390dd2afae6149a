"""Sentences that readers of several formats share."""

from __future__ import annotations

from chorale.formats.remarks import on_transposition, on_unisons


def test_unisons_are_listed_by_bars() -> None:
    assert on_unisons([]) == []
    assert on_unisons(iter([4, 2, 4])) == [
        "notes that are written once for two voices are read as unisons in bars 2 and 4"
    ]


def test_transpositions_have_a_direction() -> None:
    assert on_transposition("voice 2", -7, -4) == (
        "voice 2 sounds a perfect fifth lower than written: read at sounding pitch"
    )
    assert "sounds a minor third higher" in on_transposition("voice 2", 3, 2)

"""Places as musicians name them."""

from __future__ import annotations

import pytest

from chorale.formats.places import list_bars, places_in
from chorale.music.metre import Metre, number_bars


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([3], "bar 3"),
        ([7, 2, 2], "bars 2 and 7"),
        ([5, 2, 7], "bars 2, 5 and 7"),
        (range(1, 9), "bars 1, 2, 3, 4, 5, 6, 7 and 8"),
        (range(1, 12), "bars 1, 2, 3, 4, 5, 6, 7, 8 and 3 more"),
    ],
)
def test_lists_of_bars(numbers: list[int], words: str) -> None:
    assert list_bars(numbers) == words


def test_a_step_has_a_bar_and_a_beat() -> None:
    metres = (Metre(4, 4), Metre(6, 8, 20))
    place = places_in(*number_bars(44, metres, pickup=4), metres)
    assert [place(step) for step in (0, 4, 6, 26, 32)] == [
        "bar 0, beat 4",
        "bar 1, beat 1",
        "bar 1, beat 1.5",
        "bar 2, beat 2",
        "bar 3, beat 1",
    ]
    # Steps outside the piece are those at its ends.
    assert (place(-1), place(99)) == ("bar 0, beat 4", "bar 3, beat 2.833")

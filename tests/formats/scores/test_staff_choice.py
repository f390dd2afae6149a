"""The staves that are read, and how many voices each holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from written_scores import staff

from chorale.errors import DataError
from chorale.formats.scores.staff_choice import choose_staves, with_melody_alone
from chorale.formats.scores.written_score import Staff
from chorale.music.voices import SOPRANO

UPPER, LOWER = staff("72:16&67:16", "Women"), staff("60:16&48:16", "Men")


def chosen(*staves: Staff, voice: int | None = None) -> list[tuple[str, int]]:
    """Return names of the chosen staves, and how many voices each holds."""
    layout, _ = choose_staves(staves, voice, None)
    return [(each.name, count) for each, count in layout]


def test_four_staves_two_and_one() -> None:
    four = [
        staff(f"{pitch}:16", name)
        for name, pitch in (("S", 72), ("A", 67), ("T", 60), ("B", 48))
    ]
    assert chosen(*four[::-1]) == [(name, 1) for name in "SATB"]
    assert chosen(UPPER, LOWER) == [("Women", 2), ("Men", 2)]
    assert chosen(staff("72+67+60+48:16")) == [("", 4)]


def test_three_voices_in_one_hand() -> None:
    right, left = staff("72+67+60:16", "Right"), staff("48:16", "Left")
    assert chosen(right, left) == [("Right", 3), ("Left", 1)]


def test_a_line_is_one_voice_unless_it_has_chords_of_four() -> None:
    assert chosen(staff("72:16"), voice=SOPRANO) == [("", 1)]
    assert chosen(staff("72+67:16"), voice=SOPRANO) == [("", 1)]
    assert chosen(staff("72+67+60+48:16"), voice=SOPRANO) == [("", 4)]


def test_percussion_is_refused_on_a_chosen_staff_only() -> None:
    drums = replace(staff("0:16", "Drums"), percussion=1)
    assert chosen(UPPER, LOWER, drums) == [("Women", 2), ("Men", 2)]
    with pytest.raises(DataError, match="got percussion in bar 3"):
        choose_staves([replace(UPPER, percussion=3), LOWER], None, None)


def test_the_higher_of_two_voices_is_the_upper_one() -> None:
    swapped = staff("60:16&72:16|62:16&71:16", "Women")
    ((upper, _), _), _ = choose_staves([swapped, LOWER], None, None)
    pitches = [[line[0].pitches for line in bar] for bar in upper.bars]
    assert pitches == [[(72,), (60,)], [(71,), (62,)]]
    assert "are read by their height" in upper.remarks[0]
    certain = replace(swapped, is_ordered=True)
    ((upper, _), _), _ = choose_staves([certain, LOWER], None, None)
    assert upper == certain


def test_only_the_melody_of_a_staff() -> None:
    assert with_melody_alone(staff("72:16|71:16")) is None
    found = with_melody_alone(staff("72:8 71:8&67:16|72:4 71:4 72:4 71+67:4"))
    assert found is not None
    assert found.remarks == (
        "only the top note of chords is read in bar 2",
        "only the upper voice is read in bar 1",
    )
    assert all(len(bar) == 1 for bar in found.bars)
    assert found.bars[1][0][-1].pitches == (71,)
    assert with_melody_alone(staff("72+67:8 71+67:8")) is None

"""Chords of a plan: tones, names, and dominants."""

from __future__ import annotations

from itertools import product

import pytest

from chorale.sampling.chord_plan.chords import (
    DIMINISHED,
    MAJOR,
    MINOR,
    Chord,
    chord_named,
)

ALL = [
    Chord(*parts) for parts in product(range(12), (MAJOR, MINOR, DIMINISHED), range(4))
]


def test_every_chord_has_a_name_of_its_own() -> None:
    assert len({chord.name for chord in ALL}) == len(ALL)
    assert all(chord_named(chord.name) == chord for chord in ALL)


@pytest.mark.parametrize(
    ("name", "tones", "bass"),
    [
        ("I", (0, 4, 7), 0),
        ("i64", (0, 3, 7), 7),
        ("V", (7, 11, 2, 5), 7),
        ("V2", (7, 11, 2, 5), 5),
        ("I2", (0, 4, 7, 10), 10),
        ("ii6", (2, 5, 9), 5),
        ("ii°6", (2, 5, 8, 0), 5),
        ("vii°6", (11, 2, 5, 8, 9), 2),
        ("#iv°", (6, 9, 0, 3, 4), 6),
        ("bVI", (8, 0, 3), 8),
    ],
)
def test_tones_and_bass(name: str, tones: tuple[int, ...], bass: int) -> None:
    chord = chord_named(name)
    assert chord.tones == tones
    assert chord.bass == bass


@pytest.mark.parametrize(
    ("chord", "other", "leads"),
    [
        ("V", "I", True),
        ("V6", "vi", False),
        ("v", "i", True),
        ("v", "I", False),
        ("vii°6", "I6", True),
        ("II", "V", True),
        ("#iv°6", "V", True),
        ("IV", "I", False),
        ("ii", "I", False),
        ("ii°", "bIII", True),
        ("ii", "V", False),
    ],
)
def test_dominants_lead_to_their_chord(chord: str, other: str, leads: bool) -> None:
    assert chord_named(chord).leads_to(chord_named(other)) is leads

"""Chord identification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.music.chords import NO_ROOT, OTHER, QUALITY_NAMES, name_chords


def named(*pitches: int) -> tuple[int, str, int]:
    """Return root, quality and bass of one chord, soprano first."""
    chords = name_chords(np.array([pitches]))
    return (
        int(chords.roots[0]),
        QUALITY_NAMES[chords.qualities[0]],
        int(chords.basses[0]),
    )


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [
        ((72, 67, 64, 48), (0, "major", 0)),
        ((72, 67, 60, 52), (0, "major", 4)),  # first inversion
        ((72, 64, 60, 48), (0, "major", 0)),  # without its fifth
        ((72, 69, 64, 57), (9, "minor", 9)),
        ((71, 65, 62, 50), (11, "diminished", 2)),
        ((74, 71, 65, 43), (7, "dominant seventh", 7)),
        ((71, 65, 55, 43), (7, "dominant seventh", 7)),  # without its fifth
        ((72, 69, 67, 52), (9, "minor seventh", 4)),
        ((71, 65, 62, 57), (11, "half-diminished", 9)),
        ((72, 71, 67, 52), (0, "major seventh", 4)),
        ((72, 68, 64, 52), (4, "augmented", 4)),  # the bass decides
        ((72, 69, 66, 63), (3, "diminished seventh", 3)),
        ((72, 67, 60, 48), (0, "open fifth", 0)),
        ((72, 67, 60, 43), (0, "open fifth", 7)),
        ((72, 60, 60, 48), (0, "open fifth", 0)),  # all alone
        ((72, 73, 74, 48), (NO_ROOT, "other", 0)),
        ((72, 67, 64, 0), (0, "major", 4)),  # the bass rests
        ((0, 0, 0, 0), (NO_ROOT, "other", NO_ROOT)),
    ],
)
def test_a_chord_has_its_name(
    pitches: tuple[int, ...], expected: tuple[int, str, int]
) -> None:
    assert named(*pitches) == expected


@given(st.lists(st.integers(40, 80), min_size=4, max_size=4), st.integers(-12, 12))
def test_a_transposed_chord_is_the_same_chord(pitches: list[int], by: int) -> None:
    here, there = (name_chords(np.array([pitches]) + shift) for shift in (0, by))
    assert here.qualities == there.qualities
    if here.qualities[0] != OTHER:
        assert (here.roots + by) % 12 == there.roots


@given(st.permutations([0, 4, 7, 10]), st.integers(0, 11))
def test_the_order_of_the_voices_changes_no_root(order: list[int], root: int) -> None:
    chords = name_chords(48 + root + np.array([order]))
    assert (chords.roots[0], chords.qualities[0]) == (root, 4)

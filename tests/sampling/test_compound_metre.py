"""Compound metre read in simple metre, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.sampling.compound_metre import in_simple_metre


def melody(lengths: list[int], metre: str = "6/8", pickup: int = 0) -> Chorale:
    """Return a soprano of notes of given lengths in steps."""
    starts = np.cumsum([0, *lengths]).tolist()
    notes = [
        Note(60 + i % 12, start, length)
        for i, (start, length) in enumerate(zip(starts, lengths, strict=False))
    ]
    metres = (Metre.parse(metre),)
    bars, positions = number_bars(starts[-1], metres, pickup)
    return Chorale.from_notes(
        [notes, [], [], []],
        starts[-1],
        bars=bars,
        positions=positions,
        metres=metres,
    )


@pytest.mark.parametrize(
    ("lengths", "simple"),
    [
        ([6, 6], [4, 4]),
        ([2, 2, 2, 4, 2], [1, 1, 2, 2, 2]),  # the third eighth halves the quarter
        ([3, 1, 2, 3, 3], [1, 1, 2, 2, 2]),
        ([2, 4, 12], [1, 3, 8]),
    ],
)
def test_a_dotted_quarter_is_read_as_a_quarter(
    lengths: list[int], simple: list[int]
) -> None:
    read = in_simple_metre(melody(lengths))
    assert read is not None
    assert [note.length for note in read.chorale.notes(0)] == simple


def test_two_bars_of_two_beats_are_one_and_a_pickup_stays_one() -> None:
    read = in_simple_metre(melody([2, *[6] * 5, 4], pickup=2))
    assert read is not None
    piece = read.chorale
    assert piece.metre.name == "4/4"
    assert piece.bars.tolist() == [0] * 2 + [1] * 16 + [2] * 6
    assert piece.positions.tolist() == [14, 15, *range(16), *range(6)]
    assert piece.pickup == 2


@pytest.mark.parametrize(("metre", "simple"), [("9/8", "3/4"), ("12/8", "4/4")])
def test_longer_bars_stay_bars(metre: str, simple: str) -> None:
    piece = melody([6] * 12, metre)
    read = in_simple_metre(piece)
    assert read is not None
    assert read.chorale.metre.name == simple
    assert read.chorale.bars[-1] == piece.bars[-1]


@pytest.mark.parametrize(
    ("lengths", "metre"),
    [
        ([4] * 6, "3/4"),
        ([2] * 6, "3/8"),  # a single beat
        ([4] * 6, "6/4"),
        ([1] * 12, "6/8"),  # more notes in a beat than sixteenths in a quarter
    ],
)
def test_other_melodies_are_left_as_they_are(lengths: list[int], metre: str) -> None:
    assert in_simple_metre(melody(lengths, metre)) is None


@given(
    st.lists(st.sampled_from([1, 2, 3, 4, 6, 8, 12]), min_size=1, max_size=20),
    st.integers(0, 11),
    st.sampled_from(["6/8", "9/8", "12/8"]),
)
def test_what_is_read_is_restored(lengths: list[int], pickup: int, metre: str) -> None:
    piece = melody(lengths, metre, pickup)
    read = in_simple_metre(piece)
    if read is not None:
        assert read.restored(read.chorale) == piece
        # Every beat that is whole has four steps and begins with its first.
        first = read.chorale.positions % 4 == 0
        assert (piece.positions[read.starts[first]] % 6 == 0).all()
        assert (np.diff(read.starts) > 0).all()


def test_fermatas_and_rests_keep_their_places() -> None:
    piece = melody([6, 2, 4, 6, 6])
    fermatas = np.arange(piece.steps) // 6 == 2
    pitches, onsets = np.array(piece.pitches), np.array(piece.onsets)
    pitches[20:24] = 0
    with_rest = Chorale(
        pitches=pitches,
        onsets=onsets & (pitches > 0),
        fermatas=fermatas,
        metres=piece.metres,
    )
    read = in_simple_metre(with_rest)
    assert read is not None
    assert read.restored(read.chorale) == with_rest
    assert read.chorale.fermatas.tolist() == (np.arange(16) // 4 == 2).tolist()

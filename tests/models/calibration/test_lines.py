"""The latest notes of each voice."""

from __future__ import annotations

import numpy as np
from fakes import wide_vocabulary
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chorale.models.calibration.lines import LONGEST, Lines

VOCABULARY = wide_vocabulary()
NOTHING = VOCABULARY.nothing


def _lines(*notes: int) -> Lines:
    """Return the lines after some steps; all voices have the same notes."""
    lines = Lines.begin(1, VOCABULARY)
    for note in notes:
        lines = lines.after(np.full((1, 4), note))
    return lines


def test_notes_before_and_their_lengths() -> None:
    lines = _lines(5, 5, 5, 7, 8, 8)
    assert lines.now[0].tolist() == [8] * 4
    assert lines.steps[0].tolist() == [2] * 4
    assert lines.before[0].tolist() == [[7, 5, NOTHING]] * 4
    assert lines.length[0].tolist() == [1] * 4
    assert _lines(5, 5, 5, 7).length[0].tolist() == [3] * 4


def test_lengths_are_counted_up_to_the_longest() -> None:
    lines = _lines(*[5] * 100, 6)
    assert (lines.steps[0, 0], lines.length[0, 0]) == (1, LONGEST)


@given(arrays(np.int64, (2, 12, 4), elements=st.integers(0, 3)))
def test_whole_pieces_are_followed_step_by_step(pitches) -> None:
    pitches[:, 0] = NOTHING
    whole = Lines.of_pieces(pitches, VOCABULARY)
    lines = Lines.begin(2, VOCABULARY)
    for step in range(1, 12):
        lines = lines.after(pitches[:, step])
        for together, single in zip(whole, lines, strict=True):
            np.testing.assert_array_equal(together[:, step], single)

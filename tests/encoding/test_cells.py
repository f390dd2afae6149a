"""Cells: lossless, self-contained, moved by transposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import chorales

from chorale.encoding.cells import ABSENT, SILENT_CELL, CellVocabulary
from chorale.errors import DataError
from chorale.music.score import Chorale
from chorale.music.voices import VOICES

TOY = {"lowest": 60, "highest": 62, "ranges": ((60, 62),) * VOICES}
WIDE = {"lowest": 1, "highest": 127, "ranges": ((1, 127),) * VOICES}


def toy(encoding="hold"):
    return CellVocabulary(encoding=encoding, **TOY)


@settings(max_examples=30)
@given(chorales())
def test_a_chorale_becomes_cells_and_back(chorale):
    vocabulary = CellVocabulary(encoding="hold", **WIDE)
    pitches, onsets = vocabulary.decode(vocabulary.encode(chorale))
    np.testing.assert_array_equal(pitches, chorale.pitches)
    np.testing.assert_array_equal(onsets, chorale.onsets)


def test_a_cell_says_what_it_is_by_itself():
    vocabulary = toy()
    assert vocabulary.size == 7
    assert vocabulary.pitches.tolist() == [0, 60, 61, 62, 60, 61, 62]
    assert np.flatnonzero(vocabulary.onsets).tolist() == [4, 5, 6]
    assert [vocabulary.cell(61), vocabulary.cell(61, True), vocabulary.cell(0)] == [
        2,
        5,
        SILENT_CELL,
    ]
    pitches = np.array([[60, 61, 62, 0], [60, 61, 60, 60]])
    onsets = np.array([[1, 1, 1, 0], [0, 1, 1, 1]], bool)
    cells = vocabulary.encode(Chorale(pitches=pitches, onsets=onsets))
    assert cells.tolist() == [[4, 5, 6, 0], [1, 5, 4, 4]]


def test_without_onsets_a_cell_is_its_pitch():
    vocabulary = toy("pitch")
    assert (vocabulary.size, vocabulary.cell(62, True)) == (4, 3)
    assert not vocabulary.onsets.any()
    pitches = np.array([[60, 61, 62, 0], [60, 61, 60, 60]])
    struck = Chorale(pitches=pitches, onsets=pitches > 0)
    cells = vocabulary.encode(struck)
    assert cells.tolist() == [[1, 2, 3, 0], [1, 2, 1, 1]]
    decoded, onsets = vocabulary.decode(cells)
    np.testing.assert_array_equal(decoded, pitches)
    assert onsets.tolist() == [[1, 1, 1, 0], [0, 0, 1, 1]]


def test_what_cannot_be_held_is_struck():
    vocabulary = toy()
    cells = np.array([[1, 4, 0, 1], [2, 1, 1, 0]])
    pitches, onsets = vocabulary.decode(cells)
    assert onsets.tolist() == [[1, 1, 0, 1], [1, 0, 1, 0]]
    Chorale(pitches=pitches, onsets=onsets)
    with pytest.raises(DataError, match="cells from 0 to 6, got 0 to 7"):
        vocabulary.decode(np.array([[0, 0, 0, 7]]))


def test_shifting_moves_notes_and_nothing_else():
    vocabulary = toy()
    cells = np.array([SILENT_CELL, ABSENT, 1, 2, 4])
    assert vocabulary.shifted(cells, 1).tolist() == [SILENT_CELL, ABSENT, 2, 3, 5]
    # The held cells and the struck ones lie side by side; none becomes the other.
    for cell, semitones in ((3, 1), (4, -1), (6, 1), (1, -1)):
        with pytest.raises(DataError, match="leaves the vocabulary"):
            vocabulary.shifted(np.array([cell]), semitones)


def test_a_vocabulary_is_fitted_and_refuses_what_it_does_not_know():
    pitches = np.array([[62, 61, 61, 60]])
    vocabulary = CellVocabulary.fit([Chorale(pitches=pitches)])
    assert (vocabulary.lowest, vocabulary.highest) == (60, 62)
    assert vocabulary.ranges == ((62, 62), (61, 61), (61, 61), (60, 60))
    with pytest.raises(DataError, match=r"bass's .* outside the model's vocabulary"):
        vocabulary.encode(Chorale(pitches=pitches - [0, 0, 0, 1]))
    with pytest.raises(DataError, match="encoding out of pitch, hold"):
        CellVocabulary(encoding="onset", **TOY)

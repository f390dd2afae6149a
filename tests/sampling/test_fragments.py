"""Fragments: which cells are given."""

from __future__ import annotations

import numpy as np

from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.sampling.fragments import extend_to_onsets, whole_notes


def test_a_note_whose_end_is_given_is_given_from_its_beginning() -> None:
    onsets = np.zeros((6, VOICES), bool)
    onsets[[0, 3]] = True
    piece = Chorale(pitches=np.full((6, VOICES), 60), onsets=onsets)
    given = np.zeros((6, VOICES), bool)
    given[2, 0] = given[3, 1] = given[5, 2] = True
    assert extend_to_onsets(given, piece).T.astype(int).tolist() == [
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 0],
    ]
    # Silence has no beginning.
    silent = Chorale(pitches=np.array([[60, 0, 0, 0]] * 6))
    given = np.arange(6)[:, None] >= 3
    kept = extend_to_onsets(np.broadcast_to(given, (6, VOICES)), silent)
    assert kept[:3].all(axis=0).tolist() == [True, False, False, False]


def test_cells_are_widened_to_whole_notes_in_their_voice() -> None:
    onsets = np.zeros((6, VOICES), bool)
    onsets[[0, 3]] = True
    pitches = np.full((6, VOICES), 60)
    pitches[3:, 2], onsets[3:, 2] = 0, False
    piece = Chorale(pitches=pitches, onsets=onsets)
    cells = np.zeros((6, VOICES), bool)
    cells[2, 0] = cells[2:4, 1] = cells[4, 2] = True
    assert whole_notes(cells, piece).T.astype(int).tolist() == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 1, 1],
        [0, 0, 0, 0, 1, 0],  # silence is no note
        [0, 0, 0, 0, 0, 0],
    ]

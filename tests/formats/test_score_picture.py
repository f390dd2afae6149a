"""Noteheads, accidentals and beams of score pictures."""

from dataclasses import replace

import numpy as np
import pytest

from chorale.formats.score_picture import (
    beamed_groups,
    draw_score,
    written_notes,
)
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note

G_MAJOR = Key("G", "major")


def piece_of(*soprano: Note, steps: int = 32, key: Key = G_MAJOR) -> Chorale:
    """Return a soprano over held notes of a G major chord."""
    chord = [[Note(pitch, 0, steps)] for pitch in (67, 62, 43)]
    return Chorale.from_notes([soprano, *chord], steps, key=key)


def soprano_of(chorale: Chorale) -> list[tuple[int, int, str, bool]]:
    return [
        (note.step, note.length, note.sign, note.tied)
        for note in written_notes(chorale)
        if note.voice == 0
    ]


def test_a_note_across_a_barline_is_tied():
    piece = piece_of(Note(74, 0, 12), Note(71, 12, 8), Note(67, 20, 12))
    assert soprano_of(piece) == [
        (0, 12, "", False),
        (12, 4, "", True),
        (16, 4, "", False),
        (20, 12, "", False),
    ]


def test_a_length_without_a_notehead_of_its_own_is_tied():
    piece = piece_of(Note(74, 0, 5), Note(71, 5, 11), Note(67, 16, 16))
    assert soprano_of(piece)[:4] == [
        (0, 4, "", True),
        (4, 1, "", False),
        (5, 8, "", True),
        (13, 3, "", False),
    ]


@pytest.mark.parametrize(
    ("pitches", "signs"),
    [
        ((78, 77, 77, 78), ["", "♮", "", "♯"]),  # F sharp is in the key signature
        ((73, 74, 73, 72), ["♯", "", "", "♮"]),  # C sharp lasts for its bar
    ],
)
def test_an_accidental_is_written_where_the_bar_does_not_imply_it(pitches, signs):
    line = [Note(pitch, 4 * index, 4) for index, pitch in enumerate(pitches)]
    assert [sign for _, _, sign, _ in soprano_of(piece_of(*line, steps=16))] == signs


def test_an_accidental_ends_with_its_bar():
    line = [Note(73, 12, 4), Note(73, 16, 4), Note(74, 20, 12)]
    piece = piece_of(Note(74, 0, 12), *line)
    assert [sign for _, _, sign, _ in soprano_of(piece)] == ["", "♯", "♯", ""]


def test_a_tie_repeats_no_accidental():
    piece = piece_of(Note(74, 0, 12), Note(73, 12, 8), Note(74, 20, 12))
    assert [sign for _, _, sign, _ in soprano_of(piece)] == ["", "♯", "", ""]


def test_eighths_of_a_beat_share_a_beam():
    line = [Note(74, 0, 2), Note(72, 2, 2), Note(71, 4, 4), Note(69, 8, 2)]
    piece = piece_of(*line, Note(67, 10, 6), steps=16)
    groups = [
        [note.step for note in group]
        for group in beamed_groups(written_notes(piece), piece)
        if group[0].voice == 0
    ]
    assert groups == [[0, 2], [4], [8], [10]]


def test_drawing_has_a_head_for_every_written_note():
    pyplot = pytest.importorskip("matplotlib.figure")
    piece = piece_of(Note(74, 0, 12), Note(73, 12, 8), Note(74, 20, 12))
    fermatas = np.arange(32) >= 20
    piece = replace(piece, fermatas=fermatas)
    axes = pyplot.Figure().subplots()
    draw_score(axes, piece, start=16)
    heads = [patch for patch in axes.patches if patch.get_gid() == "head"]
    assert len(heads) == len(written_notes(piece)) == 4 + 3 * 2
    assert sum(head.get_facecolor()[0] == 0 for head in heads) == 2  # the quarters


def test_silence_and_an_unknown_key_are_drawn():
    pyplot = pytest.importorskip("matplotlib.figure")
    pitches = np.zeros((12, 4), np.int64)
    pitches[4:, 0] = 61
    piece = Chorale(pitches=pitches, metres=(Metre(3, 4),))
    assert [note.step for note in written_notes(piece)] == [4]
    draw_score(pyplot.Figure().subplots(), piece)

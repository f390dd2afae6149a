"""Notes of scores: ties, places on the grid, spelling."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from chorale.errors import DataError
from chorale.formats.scores.notes import (
    ScoreNote,
    count_lost,
    join_ties,
    off_grid,
    on_grid,
    spelling_on_grid,
)
from chorale.music.score import Note


def sound(
    pitch: int, start: float, end: float, *, tied: bool = False, fermata: bool = False
) -> ScoreNote:
    """Return a note, or a rest if the pitch is 0."""
    return ScoreNote(
        pitches=(pitch,) if pitch else (),
        tied=(tied,) if pitch else (),
        start=Fraction(start),
        end=Fraction(end),
        fermata=fermata,
        bar=1,
    )


def test_tied_notes_become_one_with_their_fermata() -> None:
    line = [
        sound(60, 0, 4),
        sound(60, 4, 8, tied=True, fermata=True),
        sound(60, 8, 12),
        sound(0, 12, 14),
        sound(60, 14, 16, tied=True),
        sound(62, 16, 17, tied=True),
    ]
    joined = join_ties(line)
    assert on_grid(joined) == [(60, 0, 8), (60, 8, 4), (60, 14, 2), (62, 16, 1)]
    assert [note.fermata for note in joined] == [True, False, False, False]


def test_a_step_takes_what_sounds_at_its_beginning() -> None:
    line = [sound(60, 0, 0.5), sound(62, 0.5, 1), sound(64, 1, 2.5), sound(65, 2.5, 4)]
    assert on_grid(line) == [Note(60, 0, 1), Note(64, 1, 2), Note(65, 3, 1)]


def test_notes_off_the_grid_are_found() -> None:
    line = [sound(60, 0, 0.5), sound(62, 0.5, 1), sound(64, 1, 3), sound(0, 3, 3.5)]
    joined = join_ties(line)
    # The second of two notes on one step is lost and not moved.
    assert (off_grid(joined), count_lost(joined)) == ([0], 1)


def test_spelling_lies_where_the_notes_do() -> None:
    line = [replace(sound(61, 1, 3), spelling=(28,)), sound(0, 3, 4)]
    flat = [replace(sound(61, 0, 4), spelling=(29,))]
    spelling = spelling_on_grid([join_ties(line), join_ties(flat)], 4)
    assert spelling.T.tolist() == [[0, 28, 28, 0], [29, 29, 29, 29]]


def test_a_voice_of_a_chord_counts_from_the_top() -> None:
    chord = ScoreNote(
        pitches=(67, 60),
        tied=(False, True),
        start=Fraction(0),
        end=Fraction(4),
        fermata=False,
        bar=3,
    )
    assert chord.member(0, 2).pitches == (67,)
    assert (chord.member(1, 2).pitches, chord.member(1, 2).tied) == ((60,), (True,))
    with pytest.raises(DataError, match="got 2 notes at once in bar 3"):
        chord.member(0, 1)

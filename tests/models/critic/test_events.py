"""Events: what is found in pieces."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import chorales, little_chorale

from chorale.encoding.plan import Plan
from chorale.models.critic.events import TABLES, Observer, interval_sets
from chorale.models.critic.lines import LARGEST, dissonances
from chorale.music.score import Chorale, Note


def events_of(*pieces: Chorale) -> Counter[tuple[str, int, int, int]]:
    """Count the events of pieces of one length by table, step, row and cell."""
    observer = Observer([Plan.of(piece) for piece in pieces])
    found: Counter[tuple[str, int, int, int]] = Counter()
    for step in range(pieces[0].steps):
        pitches = np.stack([piece.pitches[step] for piece in pieces])
        onsets = np.stack([piece.onsets[step] for piece in pieces])
        for table, rows, cells in observer.at_step(step, pitches, onsets):
            for row, cell in zip(rows.tolist(), cells.tolist(), strict=True):
                found[table, step, row, cell] += 1
    return found


def four_voices(soprano: list[int], length: int = 4) -> Chorale:
    """Return notes of the soprano above three held ones."""
    notes = [Note(pitch, length * i, length) for i, pitch in enumerate(soprano)]
    steps = length * len(soprano)
    lines = [notes, *([Note(pitch, 0, steps)] for pitch in (64, 60, 48))]
    return Chorale.from_notes(lines, steps)


@settings(deadline=None, max_examples=40)
@given(chorales())
def test_cells_are_inside_their_tables(piece: Chorale) -> None:
    for table, _, _, cell in events_of(piece):
        assert 0 <= cell < np.prod(TABLES[table])


@settings(deadline=None, max_examples=20)
@given(st.integers(-6, 6))
def test_a_transposed_piece_has_the_same_events(semitones: int) -> None:
    piece = little_chorale()
    assert events_of(piece.transpose(semitones)) == events_of(piece)


@settings(deadline=None, max_examples=20)
@given(chorales(), st.data())
def test_events_do_not_depend_on_later_notes(
    piece: Chorale, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, piece.steps - 1))
    pitches, onsets = np.array(piece.pitches), np.array(piece.onsets)
    pitches[step:], onsets[step:] = 60, True
    other = Plan.of(piece).chorale(pitches, onsets)
    before = [
        {event: count for event, count in events_of(each).items() if event[1] < step}
        for each in (piece, other)
    ]
    assert before[0] == before[1]


def test_rows_do_not_depend_on_one_another() -> None:
    left, right = four_voices([72, 74, 72, 74]), four_voices([67, 69, 71, 72])
    both, alone = events_of(left, right), events_of(right)
    assert {
        key[1:2] + key[3:] for key in both if key[2] == 1 and key[0] == "moves"
    } == {key[1:2] + key[3:] for key in alone if key[0] == "moves"}


def test_a_voice_that_takes_its_last_move_back_is_noted() -> None:
    found = events_of(four_voices([72, 74, 72, 74]))
    cells = [cell for table, step, _, cell in found if table == "moves" and step == 12]
    (index,) = [np.unravel_index(cell, TABLES["moves"]) for cell in cells]
    back, last, level, length, voice, interval = map(int, index)
    assert (back, last - LARGEST, interval - LARGEST) == (1, -2, 2)
    assert (level, length, voice) == (1, 1, 0)


def test_a_row_goes_on_from_another_one() -> None:
    left, right = four_voices([72, 74, 72, 74]), four_voices([67, 69, 71, 72])
    observer = Observer([Plan.of(left)], copies=2)
    for step in range(8):
        pitches = np.stack([left.pitches[step], right.pitches[step]])
        onsets = np.stack([left.onsets[step], right.onsets[step]])
        list(observer.at_step(step, pitches, onsets))
    observer.select(np.array([1, 1]))
    cells = {}
    for step in range(8, 16):
        pitches, onsets = (
            np.repeat(a[step : step + 1], 2, axis=0)
            for a in (right.pitches, right.onsets)
        )
        for table, rows, found in observer.at_step(step, pitches, onsets):
            for row in (0, 1):
                cells.setdefault((table, step, row), []).extend(found[rows == row])
    for (table, step, row), found in cells.items():
        assert found == cells[table, step, 1 - row]


def test_dissonances() -> None:
    chords = np.array([[72, 67, 64, 48], [72, 67, 65, 48], [71, 67, 62, 53], [0] * 4])
    assert dissonances(chords).tolist() == [
        [False, False, False, False],
        [False, True, True, False],
        [True, True, False, True],
        [False] * 4,
    ]


def test_intervals_above_the_bass_are_bits() -> None:
    chords = np.array([[72, 67, 64, 48], [60, 60, 60, 48], [0, 0, 55, 48]])
    assert interval_sets(chords).tolist() == [(1 << 3) | (1 << 6), 0, 1 << 6]

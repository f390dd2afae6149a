"""The metre and the pickup are found in the notes alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bach import all_chorales
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales

from chorale.music.metre import Metre
from chorale.music.metre_estimation import estimate_metre
from chorale.music.score import Chorale, changes
from chorale.music.voices import VOICES


def without_bars(chorale: Chorale) -> Chorale:
    """Return a chorale whose bars are counted in 4/4 from its first step."""
    return replace(chorale, metres=(Metre(4, 4),), bars=None, positions=None)


def is_right(chorale: Chorale, notes: Chorale) -> bool:
    found = estimate_metre(notes)
    assert found is not None
    return (found.metre.bar_length, found.pickup) == (
        chorale.metre.bar_length,
        chorale.pickup,
    )


def test_bach_is_barred_as_bach_did() -> None:
    pieces = all_chorales().valid  # not fitted to them
    plain = [without_bars(piece) for piece in pieces]
    right = [is_right(*pair) for pair in zip(pieces, plain, strict=True)]
    assert np.mean(right) > 0.96
    held = [replace(piece, onsets=changes(piece.pitches)) for piece in plain]
    right = [is_right(*pair) for pair in zip(pieces, held, strict=True)]
    assert np.mean(right) > 0.94


def test_four_bars_are_enough_for_most() -> None:
    pieces = [
        piece.excerpt(0, 64) for piece in all_chorales().valid if piece.steps >= 64
    ]
    right = [is_right(piece, without_bars(piece)) for piece in pieces]
    assert np.mean(right) > 0.85


@pytest.mark.parametrize(("name", "pickup"), [("3/4", 0), ("3/4", 4), ("4/4", 4)])
@pytest.mark.parametrize("later", range(4))
def test_a_plain_hymn_wherever_its_quarters_are(
    name: str, pickup: int, later: int
) -> None:
    # A half and a quarter, or two, over a bass that leaps at
    # the barline; the pickup is a quarter, and the last bar is one long note.
    rhythm = (8, 4) if name == "3/4" else (8, 4, 4)
    roots, melody = (48, 53, 55, 48, 45, 50, 55, 48), (72, 77, 74, 76, 76, 77, 74, 72)
    lengths = [pickup] if pickup else []
    chords = [(67, 62, 59, 43)] if pickup else []
    for bar, (root, top) in enumerate(zip(roots, melody, strict=True)):
        for place, length in enumerate(rhythm):
            upper = (top - 2 * (place == 1), root + 16, root + 12, root)
            lengths.append(length)
            chords.append(upper if bar < 7 else (72, 64, 60, 48))
    rows = np.repeat(chords, lengths, axis=0)
    onsets = np.zeros(rows.shape, bool)
    onsets[np.cumsum([0, *lengths[:-1]])] = True
    silence = np.zeros((later, VOICES), int)
    piece = Chorale(
        pitches=np.concatenate([silence, rows]),
        onsets=np.concatenate([silence, onsets]),
    )
    found = estimate_metre(piece)
    assert found is not None
    assert (found.metre.name, found.pickup) == (name, pickup + later)
    assert (found.advantage > 0) is ((name, pickup + later) != ("4/4", 0))


@given(piece=chorales(most_steps=160), semitones=st.integers(-6, 6))
def test_bars_and_transposition_do_not_matter(piece: Chorale, semitones: int) -> None:
    found = estimate_metre(piece)
    assert found == estimate_metre(without_bars(piece.transpose(semitones)))
    assert found is None or 0 <= found.pickup < found.metre.bar_length


def test_a_short_piece_is_not_judged() -> None:
    assert estimate_metre(all_chorales().valid[0].excerpt(0, 60)) is None

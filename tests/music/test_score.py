"""The Chorale: validation, notes, transposition, bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales, little_chorale

from chorale.errors import DataError
from chorale.music.keys import Key
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note, changes
from chorale.music.voices import VOICES

CHORD = [72, 67, 64, 48]


def piece(*soprano: int, **fields: object) -> Chorale:
    """Return a chorale whose lower voices hold one chord."""
    return Chorale(pitches=np.array([[top, 67, 64, 48] for top in soprano]), **fields)


# === The value ===


def test_left_out_fields_follow_from_the_pitches() -> None:
    chorale = piece(72, 72, 74, 0, 74)
    assert chorale.onsets[:, 0].tolist() == [True, False, True, False, True]
    assert chorale.onsets[:, 1].tolist() == [True, False, False, False, False]
    assert not chorale.fermatas.any()
    assert chorale.bars.tolist() == [1] * 5
    assert chorale.positions.tolist() == [0, 1, 2, 3, 4]


def test_a_chorale_cannot_be_changed() -> None:
    pitches = np.array([CHORD])
    chorale = Chorale(pitches=pitches)
    pitches[0, 0] = 1
    assert chorale.pitches[0, 0] == CHORD[0]
    with pytest.raises(ValueError, match="read-only"):
        chorale.pitches[0, 0] = 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pitches": np.zeros((3, 3))}, r"shape \(steps, 4\), got \(3, 3\)"),
        ({"pitches": np.zeros((0, 4))}, r"shape \(steps, 4\)"),
        ({"pitches": [[72, 67, 64, 128]]}, "0 to 127, got 64 to 128"),
        ({"pitches": [[72, 67, 64, -1]]}, "0 to 127, got -1 to 72"),
        ({"pitches": [CHORD], "fermatas": [True, False]}, "fermatas of shape"),
        ({"pitches": [CHORD], "metres": (Metre(4, 4, 3),)}, "at step 0"),
        (
            {"pitches": [CHORD, [74, *CHORD[1:]]], "onsets": [[True] * 4, [False] * 4]},
            "the soprano has a new pitch without an onset at step 1",
        ),
        (
            {"pitches": [[72, 67, 64, 0]], "onsets": [[True] * 4]},
            "the bass has an onset but is silent at step 0",
        ),
    ],
)
def test_what_is_no_chorale_is_refused(fields: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Chorale(**fields)


def test_equality_compares_music_not_labels() -> None:
    assert piece(72, title="a", source="b", tempo=60) == piece(72)
    assert piece(72) != piece(74)
    assert piece(72) != piece(72, key=Key("C", "major"))
    assert piece(72, 72) != piece(72, 72, onsets=np.ones((2, 4)))


# === Notes ===


@given(chorales())
def test_notes_and_back(chorale: Chorale) -> None:
    notes = [chorale.notes(voice) for voice in range(VOICES)]
    again = Chorale.from_notes(notes, chorale.steps)
    assert np.array_equal(again.pitches, chorale.pitches)
    assert np.array_equal(again.onsets, chorale.onsets)


def test_notes_end_at_the_next_onset_or_at_silence() -> None:
    chorale = piece(72, 72, 72, 0, 74, 74, onsets=None)
    assert chorale.notes(0) == [Note(72, 0, 3), Note(74, 4, 2)]
    onsets = chorale.onsets.copy()
    onsets[2, 0] = True
    struck = Chorale(pitches=chorale.pitches, onsets=onsets)
    assert struck.notes(0) == [Note(72, 0, 2), Note(72, 2, 1), Note(74, 4, 2)]


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([Note(72, 0, 3), Note(74, 2, 2)], "two notes of the soprano sound at once"),
        (
            [Note(72, 2, 3)],
            "notes of the soprano within 4 steps, got one from step 2 to 5",
        ),
        ([Note(72, -1, 2)], "within 4 steps"),
        ([Note(72, 0, 0)], "within 4 steps"),
    ],
)
def test_notes_that_do_not_fit_are_refused(notes: list[Note], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Chorale.from_notes([notes, [], [], []], 4)


@given(chorales(), st.integers(-12, 12))
def test_transposing_keeps_silence_and_comes_back(
    chorale: Chorale, semitones: int
) -> None:
    moved = chorale.transpose(semitones)
    sounding = chorale.pitches > 0
    assert (moved.pitches[sounding] - chorale.pitches[sounding] == semitones).all()
    assert not moved.pitches[~sounding].any()
    assert np.array_equal(moved.onsets, chorale.onsets)
    back = moved.transpose(-semitones)
    assert np.array_equal(back.pitches, chorale.pitches)
    assert back.key.tonic_class == chorale.key.tonic_class


def test_transposing_moves_the_key_and_stays_in_midi() -> None:
    assert piece(72, key=Key("C", "major")).transpose(-2).key == Key("Bb", "major")
    for semitones in (-48, 56):
        with pytest.raises(DataError):
            piece(72).transpose(semitones)


def test_the_opening_is_the_first_steps() -> None:
    chorale = piece(
        *range(60, 84),
        fermatas=np.arange(24) == 5,
        metres=(Metre(3, 4), Metre(4, 4, 12)),
    )
    opening = chorale.opening(12)
    assert opening.steps == 12
    assert np.array_equal(opening.pitches, chorale.pitches[:12])
    assert np.array_equal(opening.fermatas, chorale.fermatas[:12])
    assert opening.metres == (Metre(3, 4),)
    assert chorale.opening(99) == chorale


# === Bars ===


def test_a_pickup_is_bar_zero_and_ends_a_full_bar() -> None:
    bars, positions = number_bars(22, [Metre(4, 4)], pickup=4)
    assert bars.tolist() == [0] * 4 + [1] * 16 + [2] * 2
    assert positions.tolist() == [12, 13, 14, 15, *range(16), 0, 1]
    chorale = Chorale(pitches=[CHORD] * 22, bars=bars, positions=positions)
    assert chorale.pickup == 4


def test_metres_change_on_barlines() -> None:
    metres = (Metre(3, 4), Metre(4, 4, 12))
    bars, positions = number_bars(30, metres)
    assert bars.tolist() == [1] * 12 + [2] * 16 + [3] * 2
    assert positions[12] == 0 and positions[27] == 15
    chorale = Chorale(pitches=[CHORD] * 30, metres=metres)
    assert chorale.bar_lengths().tolist() == [12] * 12 + [16] * 18
    assert chorale.pickup == 0


def test_beats_are_counted_in_the_metre_of_their_step() -> None:
    chorale = Chorale(
        pitches=np.full((32, VOICES), 60), metres=(Metre(4, 4), Metre(6, 8, 16))
    )
    assert [chorale.beat_at(step) for step in (0, 2, 12)] == [1, 1.5, 4]
    assert [chorale.beat_at(step) for step in (16, 18, 26)] == [1, 2, 6]


def test_metres_are_whole_sixteenths() -> None:
    assert Metre.parse(" 3/8 ", 5) == Metre(3, 8, 5)
    assert Metre(6, 8).bar_length == 12
    for text in ("4", "4/3", "0/4", "4/32", "x"):
        with pytest.raises(DataError, match="time signature"):
            Metre.parse(text)


def test_changes_count_the_first_step_and_skip_silence() -> None:
    column = np.array([[0], [60], [60], [62], [0], [62]])
    assert changes(column)[:, 0].tolist() == [False, True, False, True, False, True]


def test_descriptions() -> None:
    def described(**fields: Any) -> str:
        return little_chorale(**fields).description

    assert described(title="", source="bwv1").startswith("bwv1, A minor")
    assert described(title="", key=None) == "Chorale, 4/4, 5 bars"
    assert described(title="Wach auf", source="bwv1").startswith("Wach auf (bwv1), A")
    one = Chorale(pitches=np.full((16, 4), 60))
    assert one.description == "Chorale, 4/4, 1 bar"


def test_python_and_ipython_print_the_description() -> None:
    piece = little_chorale()
    assert repr(piece) == piece.description
    pretty = pytest.importorskip("IPython.lib.pretty")
    assert pretty.pretty(piece) == piece.description

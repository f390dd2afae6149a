"""Spelling of pitches in keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import chorales, keys

from chorale.corpus.bach import score_folder
from chorale.corpus.loading import load_corpus
from chorale.formats.files import read_spelled
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.spelling import (
    Spelling,
    diatonic_numbers,
    spell_in_context,
)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C C# D D# E F F# G G# A Bb B"),
        ("G minor", "C C# D Eb E F F# G Ab A Bb B"),
        ("E major", "B# C# D D# E E# F# F## G# A A# B"),
        ("Ab minor", "C Db D Eb Fb F Gb G Ab Bbb Bb Cb"),
    ],
)
def test_pitches_are_spelled_by_the_key(key: str, names: str) -> None:
    pitches = np.arange(60, 72)
    numbers = diatonic_numbers(pitches, Key.parse(key))
    spelled = map(Spelling.of, pitches.tolist(), numbers.tolist())
    assert [each.name.rstrip("345") for each in spelled] == names.split()


@given(keys())
def test_a_spelling_sounds_as_its_pitch(key: Key) -> None:
    naturals = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    pitches = np.arange(1, 128)
    for pitch, number in zip(pitches, diatonic_numbers(pitches, key), strict=True):
        letter, alter, octave = Spelling.of(int(pitch), int(number))
        assert 12 * (octave + 1) + naturals[letter] + alter == pitch


def test_diatonic_numbers_count_white_keys() -> None:
    pitches = np.array([[60, 61, 71], [72, 12, 0]])
    numbers = diatonic_numbers(pitches, Key("C", "major"))
    assert numbers.tolist() == [[28, 28, 34], [35, 0, -7]]
    assert diatonic_numbers(np.array(61), Key("Db", "major")) == 29


@pytest.mark.parametrize(
    ("pitch", "number", "name"),
    [
        (60, 28, "C4"),
        (61, 28, "C#4"),
        (61, 29, "Db4"),
        (59, 28, "Cb4"),
        (60, 27, "B#3"),
    ],
)
def test_a_note_has_the_name_of_its_number(pitch: int, number: int, name: str) -> None:
    assert Spelling.of(pitch, number).name == name


def test_a_spelling_beyond_double_accidentals_says_by_how_much() -> None:
    assert Spelling.of(63, 28).name == "C(+3)4"


def spelled(chords: list[list[int]], key: str) -> list[str]:
    """Return the names of the notes of chords, soprano to bass, without octaves."""
    pitches = np.repeat(np.array(chords), 4, axis=0)
    onsets = np.zeros(pitches.shape, bool)
    onsets[::4] = True
    numbers = spell_in_context(pitches, onsets, Key.parse(key))
    return [
        " ".join(
            Spelling.of(int(pitch), int(number)).name[:-1]
            for pitch, number in zip(pitches[step], numbers[step], strict=True)
        )
        for step in range(0, len(pitches), 4)
    ]


@pytest.mark.parametrize(
    ("key", "chords", "names"),
    [
        # A minor subdominant: A flat is no G sharp.
        (
            "G major",
            [[71, 67, 62, 55], [72, 68, 65, 53], [71, 67, 62, 55]],
            ["B G D G", "C Ab F F", "B G D G"],
        ),
        # A minor chord: C is no B sharp.
        (
            "E major",
            [[71, 68, 64, 52], [72, 69, 64, 57], [71, 68, 64, 52]],
            ["B G# E E", "C A E A", "B G# E E"],
        ),
        # Secondary dominants have leading tones.
        (
            "C major",
            [[67, 64, 60, 48], [68, 64, 59, 52], [69, 64, 60, 45], [69, 64, 61, 57]],
            ["G E C C", "G# E B E", "A E C A", "A E C# A"],
        ),
        # The augmented sixth F - D sharp.
        (
            "A minor",
            [[69, 64, 60, 57], [69, 63, 60, 53], [68, 64, 59, 52]],
            ["A E C A", "A D# C F", "G# E B E"],
        ),
        # The Neapolitan sixth, and a leading tone of the dominant.
        (
            "E minor",
            [[71, 67, 64, 52], [69, 65, 60, 57], [69, 63, 59, 47], [67, 64, 59, 52]],
            ["B G E E", "A F C A", "A D# B B", "G E B E"],
        ),
        # The major chord on the lowered sixth degree.
        (
            "C major",
            [[67, 64, 60, 48], [68, 63, 60, 56], [67, 62, 59, 55]],
            ["G E C C", "Ab Eb C Ab", "G D B G"],
        ),
        # The raised sixth and seventh degrees of a minor key.
        (
            "F minor",
            [[72, 68, 65, 53], [74, 70, 65, 58], [76, 67, 60, 48], [77, 68, 60, 53]],
            ["C Ab F F", "D Bb F Bb", "E G C C", "F Ab C F"],
        ),
    ],
)
def test_chords_are_spelled_in_thirds(
    key: str, chords: list[list[int]], names: list[str]
) -> None:
    assert spelled(chords, key) == names


def test_a_held_note_keeps_its_spelling() -> None:
    # G sharp of E major is held into F minor.
    pitches = np.array([[76, 68, 59, 52]] * 4 + [[77, 68, 60, 53]] * 4)
    onsets = np.zeros(pitches.shape, bool)
    onsets[0] = True
    onsets[4] = [True, False, True, True]
    numbers = spell_in_context(pitches, onsets, Key("C", "major"))
    assert len(set(numbers[:, 1])) == 1


@given(chorales())
def test_any_piece_is_spelled_with_at_most_two_accidentals(piece: Chorale) -> None:
    for key in (piece.key or Key("C", "major"), Key("Cb", "major"), Key("A#", "minor")):
        numbers = spell_in_context(piece.pitches, piece.onsets, key)
        sounding = piece.pitches > 0
        for pitch, number in zip(
            piece.pitches[sounding], numbers[sounding], strict=True
        ):
            spelling = Spelling.of(int(pitch), int(number))
            assert abs(spelling.alter) <= 2
        held = sounding[1:] & ~piece.onsets[1:]
        assert (numbers[1:] == numbers[:-1])[held].all()


def test_bachs_spelling_is_found() -> None:
    wrong = notes = 0
    for name in ("bwv245.40", "bwv245.3", "bwv272", "bwv364", "bwv248.33-3"):
        reading = read_spelled(score_folder() / f"{name}.mxl")
        piece = reading.chorale
        assert piece.key is not None and reading.spelling is not None
        numbers = spell_in_context(piece.pitches, piece.onsets, piece.key)
        wrong += int((numbers != reading.spelling)[piece.onsets].sum())
        notes += int(piece.onsets.sum())
    assert wrong / notes < 0.01


def test_transposing_a_piece_transposes_its_spelling() -> None:
    piece = load_corpus(splits=("valid",)).valid[0]
    assert piece.key is not None
    numbers = spell_in_context(piece.pitches, piece.onsets, piece.key)
    higher = piece.transpose(2)
    assert higher.key is not None
    shifted = spell_in_context(higher.pitches, higher.onsets, higher.key)
    assert (shifted - numbers == 1)[piece.pitches > 0].all()

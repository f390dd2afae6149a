"""Costs of notes outside the range of a voice, or foreign to the mode."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import PLAIN, plan, uniform_predictor, wide_vocabulary

from chorale.music.keys import Key
from chorale.music.melody import melody_of
from chorale.music.score import Chorale, Note
from chorale.music.voices import BASS, SOPRANO
from chorale.sampling.completion import harmonize
from chorale.sampling.generate import sample
from chorale.sampling.note_costs import (
    USUAL_RANGES,
    NoteCosts,
    foreign_classes,
    near_phrase_ends,
)
from chorale.voice_leading.faults import HELD, OFF_BEAT, ON_BEAT, PHRASE_END
from chorale.voice_leading.rules import surprisal

VOCABULARY = wide_vocabulary()
D_DORIAN = (62, 64, 65, 67, 69, 71, 72, 74)
E2 = USUAL_RANGES[BASS][0]


def costs(voice: int, foreign: tuple[int, ...] = (), *, near: bool = False) -> dict:
    """Return what the notes of a vocabulary cost, by MIDI note; the key is D."""
    found = NoteCosts(VOCABULARY, USUAL_RANGES, foreign)
    row = np.broadcast_to(
        found.of(voice, np.array([1]), np.array([near])), (1, VOCABULARY.size)
    )[0]
    return dict(zip(VOCABULARY.pitches.tolist(), row.tolist(), strict=True))


def test_notes_outside_the_range_of_a_voice_cost_what_the_rule_costs() -> None:
    found = costs(BASS)
    assert found[E2 - 1] == surprisal("range") > 0
    assert found[E2] == found[0] == 0
    assert costs(SOPRANO)[E2] == surprisal("range")


def test_foreign_notes_cost_in_all_octaves_but_for_leading_tones_at_the_end() -> None:
    found = costs(BASS, (1, 10))
    assert found[46] == found[58] == found[49] > 0
    assert found[0] == found[50] == 0
    near = costs(BASS, (1, 10), near=True)
    assert near[46] == found[46] and near[49] == 0


@pytest.mark.parametrize(
    ("key", "line", "foreign"),
    [
        ("D minor", D_DORIAN, [10]),
        ("D minor", (*D_DORIAN, 70), []),  # both sixths
        ("D minor", (*D_DORIAN, 73), []),  # B leads to C sharp
        ("D minor", (62, 64, 65, 67, 69, 72), []),  # no sixth
        ("E minor", (64, 65, 67, 69, 71, 72, 74), [6]),  # Phrygian
        ("G major", (67, 69, 71, 72, 74, 76, 77), [6]),  # Mixolydian
        ("F major", (65, 67, 69, 71, 72, 74, 76), [10]),  # Lydian
        ("C major", (60, 62, 64, 65, 67, 69, 71), []),
    ],
)
def test_modes_are_known_by_the_degrees_of_the_melody(
    key: str, line: tuple[int, ...], foreign: list[int]
) -> None:
    for semitones in (0, 5):
        home = Key.parse(key)
        moved = Key.from_tonic_class(home.tonic_class + semitones, home.mode)
        found = foreign_classes(moved, np.array([0, *line]) + semitones * (line != 0))
        assert list(found) == [(each + semitones) % 12 for each in foreign]


def test_steps_near_the_end_of_a_phrase() -> None:
    places = np.full((1, 24), OFF_BEAT)
    places[0, ::4] = ON_BEAT
    places[0, 12:16] = [PHRASE_END, HELD, HELD, HELD]
    assert np.flatnonzero(near_phrase_ends(places)).tolist() == list(range(4, 16))


def test_basses_are_rarely_lower_than_singers_are() -> None:
    predictor = uniform_predictor(wide_vocabulary())
    low = replace(PLAIN, ranges=((60, 79), (55, 74), (48, 67), (36, 50)))
    shares = {}
    for rules in ("off", "lenient"):
        (piece,) = sample(predictor, plan(64), options=replace(low, rules=rules))
        shares[rules] = float((piece.pitches[:, BASS] < E2).mean())
    assert shares["lenient"] < shares["off"] / 3


def test_the_voices_below_a_modal_melody_keep_to_its_mode() -> None:
    notes = [Note(pitch, 4 * at, 4) for at, pitch in enumerate(D_DORIAN * 4)]
    piece = Chorale.from_notes([notes, [], [], []], 4 * len(notes))
    predictor = uniform_predictor(wide_vocabulary())
    options = replace(PLAIN, rules="lenient")
    shares = {}
    for name in ("D minor", "A minor"):  # in A minor it has no other sixth
        melody = melody_of(replace(piece, key=Key.parse(name)))
        (written,) = harmonize(predictor, melody, options)
        shares[name] = float((written.pitches[:, 1:] % 12 == 10).mean())
    assert shares["D minor"] < shares["A minor"] / 3

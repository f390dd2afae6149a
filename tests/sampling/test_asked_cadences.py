"""Cadences that are asked for: the tones before and under a fermata."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import PLAIN, uniform_predictor, wide_vocabulary

from chorale.encoding.plan import Plan
from chorale.models.form import Form
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR, VOICES
from chorale.sampling.asked_cadences import AskedCadences, costs_of_chord, log_shares
from chorale.sampling.asked_plan import Ending, PlannedChord
from chorale.sampling.fragments import with_voice
from chorale.sampling.generate import complete, sample

G_MAJOR, D_MAJOR, E_MINOR = Key("G", "major"), Key("D", "major"), Key("E", "minor")
LENGTH, FERMATA = 32, 4  # steps
PREDICTOR = uniform_predictor(wide_vocabulary())


def plan(phrases: int) -> Plan:
    fermatas = np.arange(phrases * LENGTH) % LENGTH >= LENGTH - FERMATA
    pitches = np.full((len(fermatas), VOICES), 60)
    return Plan.of(Chorale(pitches=pitches, fermatas=fermatas, key=G_MAJOR))


def classes(found: Chorale, phrase: int, voice: int, before: bool = False) -> set[int]:
    """Return the pitch classes of a voice under a fermata, or just before it."""
    end = (phrase + 1) * LENGTH - FERMATA
    span = slice(end - 2, end) if before else slice(end, end + FERMATA)
    return {int(pitch) % 12 for pitch in found.pitches[span, voice]}


@pytest.mark.parametrize("particles", [1, 3])
def test_outer_voices_make_the_cadences(particles: int) -> None:
    endings = (
        Ending(G_MAJOR, "PAC"),
        Ending(D_MAJOR, "HC"),
        Ending(E_MINOR, "DC"),
        Ending(G_MAJOR, "plagal"),
    )
    options = replace(PLAIN, particles=particles)
    for found in sample(
        PREDICTOR, plan(4), None, options, form=Form(), endings=endings, variations=3
    ):
        assert classes(found, 0, BASS, before=True) == {2}
        assert classes(found, 0, BASS) == classes(found, 0, SOPRANO) == {7}
        assert classes(found, 1, BASS) == {9}
        assert classes(found, 1, SOPRANO) <= {9, 1, 4}
        assert classes(found, 2, BASS, before=True) == {11}
        assert classes(found, 2, BASS) == {0}
        assert classes(found, 3, BASS, before=True) == {0}
        assert classes(found, 3, BASS) == {7}


def test_nothing_changes_before_a_cadence_that_is_asked_for() -> None:
    free, asked = (
        sample(PREDICTOR, plan(2), None, PLAIN, form=Form(), endings=endings)[0]
        for endings in (None, (Ending(G_MAJOR, "PAC"), Ending(G_MAJOR, "PAC")))
    )
    arrival = LENGTH - FERMATA - 2
    assert np.array_equal(free.pitches[:arrival], asked.pitches[:arrival])
    assert not np.array_equal(free.pitches, asked.pitches)


def test_a_key_alone_asks_for_no_tones() -> None:
    reads_keys = replace(PREDICTOR, plan_features=("key",))
    free, asked = (
        sample(reads_keys, plan(2), None, PLAIN, form=Form(), endings=endings)[0]
        for endings in (None, (Ending(D_MAJOR), Ending(G_MAJOR)))
    )
    assert np.array_equal(free.pitches, asked.pitches)


def test_shares_are_those_of_what_costs_nothing() -> None:
    logits = np.log(np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])).astype(np.float32)
    costs = np.array([[0.0, 99.0, 99.0], [0.0, 0.0, 99.0]])
    assert np.exp(log_shares(logits, costs)) == pytest.approx([0.5, 0.2])


def test_planned_chords_sound_on_their_beats() -> None:
    (piece,) = sample(PREDICTOR, plan(1), None, PLAIN, form=Form())
    chords = tuple(
        PlannedChord(step, tones, bass, 127, step == LENGTH - FERMATA)
        for step, tones, bass in (
            (8, (0, 4, 7), 4),
            (16, (7, 11, 2, 5), 7),
            (LENGTH - FERMATA, (0, 4, 7), 0),
        )
    )
    fragment = replace(with_voice(piece, SOPRANO), chords=chords)
    options = replace(PLAIN, particles=8)
    others = [piece.pitches for piece in complete(PREDICTOR, [fragment] * 20, options)]
    for chord in chords:
        here = np.array([pitches[chord.step, SOPRANO + 1 :] % 12 for pitches in others])
        assert np.isin(here, chord.tones).mean() > 0.75
        assert (here[:, -1] == chord.bass).mean() > 0.5
        has_third = (here == chord.tones[1]).any(axis=1)
        has_third |= piece.pitches[chord.step, SOPRANO] % 12 == chord.tones[1]
        assert has_third.mean() > 0.75
    between = np.array([pitches[10, SOPRANO + 1 :] % 12 for pitches in others])
    assert np.isin(between, chords[0].tones).mean() < 0.5
    assert all(np.array_equal(p[:, SOPRANO], piece.pitches[:, SOPRANO]) for p in others)


def test_a_fifth_in_the_bass_costs_more_than_another_tone() -> None:
    costs = costs_of_chord(PlannedChord(0, (0, 4, 7), 0, 127, False))
    assert costs[BASS, 7] > costs[BASS, 4] > costs[BASS, 0] == 0
    assert not costs[SOPRANO].any()
    six_four = costs_of_chord(PlannedChord(0, (0, 4, 7), 7, 127, False))
    assert six_four[BASS, 7] == 0 < six_four[BASS, 0]
    last = costs_of_chord(PlannedChord(0, (0, 4, 7), 0, 127, True))
    assert np.array_equal(last, 2 * costs)


# === Costs of planned chords, by row ===

C_MAJOR = PlannedChord(4, (0, 4, 7), 0, 67, False)


def chord_costs(
    voice: int, others: list[int] | None, sounding: int = 60, encoding: str = "hold"
) -> list[dict[int, float]]:
    """Return what notes cost under C major, and in a piece without planned chords.

    `sounding` is the note of the voice before, `others` are those of the other voices;
    key 0 is the cost of HOLD.
    """
    vocabulary = wide_vocabulary(encoding)
    batch: Any = SimpleNamespace(
        plans=[None] * 2, asked=[None] * 2, chords=[(C_MAJOR,), None]
    )
    cadences = AskedCadences(batch, 1, vocabulary)
    tokens = None if others is None else np.array([vocabulary.token(n) for n in others])
    costs = cadences.at(
        4,
        voice,
        np.full(2, vocabulary.token(sounding)),
        None if tokens is None else np.tile(tokens, (2, 1)),
    )
    assert costs is not None and cadences.at(5, voice, np.zeros(2, int), None) is None
    notes = range(55, 75)
    found = [{n: float(row[vocabulary.token(n)]) for n in notes} for row in costs]
    for row, by_note in zip(costs, found, strict=True):
        by_note[0] = float(row[vocabulary.hold or 0])
    return found


def test_planned_chords_leave_other_pieces_alone() -> None:
    planned, free = chord_costs(TENOR, [72, 48, 67])
    assert any(planned.values()) and not any(free.values())


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_a_third_is_not_left_out(encoding: str) -> None:
    missing, _ = chord_costs(TENOR, [72, 48, 67], encoding=encoding)
    given, _ = chord_costs(TENOR, [72, 48, 64], encoding=encoding)
    assert missing[64] == given[64] == given[60] == 0
    assert missing[60] == missing[55] == 5
    assert missing[62] == given[62] + 5
    early, _ = chord_costs(TENOR, None, encoding=encoding)
    bass, _ = chord_costs(BASS, [72, 48, 67], encoding=encoding)
    assert early[60] == bass[60] == 0


def test_inner_voices_stay_below_the_melody_that_comes() -> None:
    alto, _ = chord_costs(ALTO, None)
    assert alto[67] == 0 and alto[72] == 4
    soprano, _ = chord_costs(SOPRANO, None)
    assert not any(soprano.values())


@pytest.mark.parametrize("sounding", [60, 62, 72])
def test_hold_costs_what_the_note_costs(sounding: int) -> None:
    costs, _ = chord_costs(ALTO, None, sounding)
    assert costs[0] == costs[sounding]

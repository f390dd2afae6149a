"""Cadences that are asked for: the tones before and under a fermata."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import PLAIN, uniform_predictor, wide_vocabulary

from chorale.encoding.plan import Plan
from chorale.models.form import Form
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import BASS, SOPRANO, VOICES
from chorale.sampling.asked_cadences import costs_of_chord, log_shares
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
        PlannedChord(step, tones, bass, step == LENGTH - FERMATA)
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
    costs = costs_of_chord(PlannedChord(0, (0, 4, 7), 0, False))
    assert costs[BASS, 7] > costs[BASS, 4] > costs[BASS, 0] == 0
    assert not costs[SOPRANO].any()
    six_four = costs_of_chord(PlannedChord(0, (0, 4, 7), 7, False))
    assert six_four[BASS, 7] == 0 < six_four[BASS, 0]
    last = costs_of_chord(PlannedChord(0, (0, 4, 7), 0, True))
    assert np.array_equal(last, 2 * costs)

"""Costs looked up in tables are those of the definitions, whatever the notes are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chorale.music.voices import (
    HIGHEST_PITCH,
    LOWEST_PITCH,
    SILENCE,
    VOICE_ORDER,
    VOICES,
)
from chorale.voice_leading.chord_tables import own_tables
from chorale.voice_leading.cost_tables import pair_tables
from chorale.voice_leading.costs import RuleCosts, rule_costs, rule_costs_between
from chorale.voice_leading.cross_relations import chromatic_clashes, false_relations
from chorale.voice_leading.faults import (
    NO_TONE,
    PLACES,
    Context,
    doubled_leading_tones,
    exact_faults,
    forced_overlaps,
    unresolved_leading_tones,
    unresolved_sevenths,
)
from chorale.voice_leading.relation_tables import relation_tables
from chorale.voice_leading.rules import surprisal
from chorale.voice_leading.sonority_faults import open_fifths, unstable_phrase_ends
from chorale.voice_leading.sonority_tables import sonority_tables

EVERY_NOTE = np.arange(HIGHEST_PITCH + 1)
FINDERS = (
    exact_faults,
    forced_overlaps,
    unresolved_sevenths,
    doubled_leading_tones,
    unresolved_leading_tones,
    chromatic_clashes,
    false_relations,
    open_fifths,
    unstable_phrase_ends,
)


def defined_costs(context: Context, voice: int, notes: np.ndarray) -> np.ndarray:
    """Return what all faults of notes cost, straight from their definitions."""
    costs = np.zeros(notes.shape)
    for find in FINDERS:
        for fault in find(context, voice, notes):
            costs += surprisal(fault.rule) * fault.notes
    return costs


def defined_costs_between(
    context: Context,
    after: np.ndarray,
    phrase_start: np.ndarray,
    voice: int,
    notes: np.ndarray,
) -> np.ndarray:
    """Return the same with the faults of each note on the way to the next chord."""
    costs = defined_costs(context, voice, notes)
    for column in range(notes.shape[1]):
        before = context.now.copy()
        before[:, voice] = notes[:, column]
        following = context._replace(
            before=before, now=after, phrase_start=phrase_start
        )
        for fault in exact_faults(following, voice, after[:, [voice]]):
            costs[:, column] += surprisal(fault.rule) * fault.notes[:, 0]
    return costs


# === Contexts ===


@st.composite
def pitches(draw: st.DrawFn) -> st.SearchStrategy[int]:
    """Draw a distribution of notes: narrow, wide, or at an end of the keyboard."""
    low, high = draw(
        st.sampled_from(
            [
                (58, 62),
                (45, 72),
                (36, 81),
                (LOWEST_PITCH, HIGHEST_PITCH),
                (LOWEST_PITCH, 13),
                (115, HIGHEST_PITCH),
            ]
        )
    )
    note = st.integers(low, high)
    return draw(st.sampled_from([note, st.one_of(st.just(SILENCE), note, note)]))


@st.composite
def contexts(draw: st.DrawFn) -> tuple[Context, np.ndarray, np.ndarray, int]:
    """Draw three chords, what is written of the second, phrases, key and voice."""
    note = draw(pitches())
    chord = st.lists(note, min_size=VOICES, max_size=VOICES)
    rows = draw(st.integers(1, 4))
    chords = draw(st.lists(chord, min_size=3 * rows, max_size=3 * rows))
    before, now, after = np.array(chords).reshape(3, rows, VOICES)
    if draw(st.booleans()):  # some voices stay
        now = np.where(draw(masks(rows)), before, now)
        after = np.where(draw(masks(rows)), now, after)
    voice = draw(st.integers(0, VOICES - 1))
    others = [other for other in range(VOICES) if other != voice]
    written = tuple(draw(st.permutations(others))[: draw(st.integers(0, 3))])
    starts = np.array(draw(st.lists(flags(), min_size=2 * rows, max_size=2 * rows)))
    leading = draw(
        st.lists(st.integers(NO_TONE, 11), min_size=rows, max_size=rows).map(np.array)
    )
    scale = draw(st.lists(st.integers(NO_TONE, 11), min_size=rows, max_size=rows))
    place = draw(st.lists(st.sampled_from(PLACES), min_size=rows, max_size=rows))
    context = Context(
        before,
        now,
        written,
        starts[:rows],
        leading,
        np.array(place),
        np.array(scale),
    )
    return context, after, starts[rows:], voice


def flags() -> st.SearchStrategy[bool]:
    return st.sampled_from([False, False, False, True])


@st.composite
def masks(draw: st.DrawFn, rows: int) -> np.ndarray:
    marks = draw(st.lists(st.booleans(), min_size=4 * rows, max_size=4 * rows))
    return np.array(marks).reshape(rows, VOICES)


# === Any contexts ===


@given(contexts())
@settings(max_examples=60)
def test_costs_are_those_of_the_definitions(
    drawn: tuple[Context, np.ndarray, np.ndarray, int],
) -> None:
    context, after, phrase_start, voice = drawn
    notes = np.tile(EVERY_NOTE, (len(after), 1))
    assert rule_costs(context, voice, notes) == pytest.approx(
        defined_costs(context, voice, notes)
    )
    assert rule_costs_between(
        context, after, phrase_start, voice, notes
    ) == pytest.approx(
        defined_costs_between(context, after, phrase_start, voice, notes)
    )


def random_chords(count: int, random_state: int) -> np.ndarray:
    """Return chords near each other that cross often and are dominants often."""
    random = np.random.default_rng(random_state)
    centres = np.array([67, 64, 60, 55])
    chords = centres + random.integers(-9, 10, (count, VOICES))
    # Some chords are dominant sevenths, whole or not, in any order of the voices.
    tones = random.permuted(np.tile([0, 4, 7, 10], (count, 1)), axis=1)
    roots, octaves = random.integers(36, 60, (count, 1)), random.integers(0, 3, 4)
    dominants = roots + tones + 12 * octaves
    chords = np.where(random.random((count, 1)) < 0.4, dominants, chords)
    chords[random.random(chords.shape) < 0.04] = SILENCE
    return chords


@pytest.mark.parametrize("turn", range(VOICES))
def test_costs_of_many_chords_are_those_of_the_definitions(turn: int) -> None:
    count = 1500
    before, now, after = random_chords(3 * count, turn).reshape(3, count, VOICES)
    random = np.random.default_rng(turn)
    stays = random.random((2, count, VOICES)) < 0.3
    now = np.where(stays[0], before, now)
    after = np.where(stays[1], now, after)
    starts = random.random((2, count)) < 0.1
    leading, scale = random.integers(NO_TONE, 12, (2, count))
    place = random.integers(0, len(PLACES), count)
    notes = np.tile(np.r_[SILENCE, np.arange(34, 93)], (count, 1))
    for written in {
        VOICE_ORDER[:turn],
        tuple({*range(VOICES)} - {VOICE_ORDER[turn]}),
    }:
        context = Context(before, now, written, starts[0], leading, place, scale)
        costs = rule_costs(context, VOICE_ORDER[turn], notes)
        expected = defined_costs(context, VOICE_ORDER[turn], notes)
        assert np.allclose(costs, expected, rtol=0, atol=1e-9)
        assert (costs > 0).mean() > 0.1
    few = slice(0, 200)
    context = Context(
        before[few],
        now[few],
        written,
        starts[0, few],
        leading[few],
        place[few],
        scale[few],
    )
    between = context, after[few], starts[1, few], VOICE_ORDER[turn], notes[few]
    assert np.allclose(
        rule_costs_between(*between), defined_costs_between(*between), rtol=0, atol=1e-9
    )


def test_every_pair_of_intervals_costs_what_the_definitions_say() -> None:
    """Every interval before, motion of the other voice and note, in two octaves."""
    steps = range(-13, 14)
    cases = np.array(list(itertools.product(steps, steps)))
    before, now = np.full((2, len(cases), VOICES), SILENCE)
    for voice, other in itertools.permutations(range(VOICES), 2):
        before[:], now[:] = SILENCE, SILENCE
        before[:, other], now[:, other] = 60, 60 + cases[:, 1]
        before[:, voice] = 60 + cases[:, 0]
        nothing = np.zeros(len(cases), bool), np.full(len(cases), NO_TONE)
        context = Context(before, now, (other,), *nothing)
        notes = np.tile(np.arange(34, 87), (len(cases), 1))
        costs = rule_costs(context, voice, notes)
        expected = defined_costs(context, voice, notes)
        assert np.allclose(costs, expected, rtol=0, atol=1e-9), (voice, other)


# === Step by step ===


def test_the_costs_of_a_step_are_those_of_each_of_its_contexts() -> None:
    chords = random_chords(400, 7)
    before, now = chords[:200], chords[200:]
    random = np.random.default_rng(7)
    phrase_start, leading = random.random(200) < 0.2, random.integers(NO_TONE, 12, 200)
    scale = random.integers(NO_TONE, 12, 200)
    place = random.integers(0, len(PLACES), 200)
    rules = RuleCosts(30, 96)
    choices = tuple((v, VOICE_ORDER[:place]) for place, v in enumerate(VOICE_ORDER))
    tones, scales = rules.tones(leading), rules.scales(scale)
    step = rules.at_step(choices, before, phrase_start, tones, scales, place)
    notes = np.tile(np.r_[SILENCE, np.arange(30, 97)], (200, 1))
    for voice, written in choices:
        context = Context(before, now, written, phrase_start, leading, place, scale)
        assert np.allclose(step.costs(voice), defined_costs(context, voice, notes))
        step.write(voice, now[:, voice])


def test_tables_are_small_and_made_once() -> None:
    assert pair_tables(47) is pair_tables(47)
    arrays = [*pair_tables(47), *pair_tables(47, True), *own_tables(47)]
    arrays += [*relation_tables(47), *sonority_tables(47)]
    sizes = [array.nbytes for array in arrays if isinstance(array, np.ndarray)]
    assert sum(sizes) < 10e6


def test_sums_of_costs_are_exact_so_that_equal_faults_cost_the_same() -> None:
    values = np.unique(np.r_[pair_tables(47).values, own_tables(47).values])
    random = np.random.default_rng(0)
    chosen = random.choice(values, (1000, 7))
    assert np.array_equal(chosen.sum(axis=1), chosen[:, ::-1].sum(axis=1))

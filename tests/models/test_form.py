"""Form: which phrases may repeat which, and how often they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.encoding.plan import Plan
from chorale.models.form import (
    LITERAL,
    MELODY,
    RETURNS_SHAPE,
    STOLLEN_SHAPE,
    Form,
    FormCounts,
    Phrases,
    Repeat,
)
from chorale.music.score import Chorale, changes
from chorale.music.voices import SOPRANO, VOICES

FERMATA = 4  # steps


def plan(*lengths: int) -> Plan:
    """Return a plan in 4/4 of phrases of some lengths in steps."""
    fermatas = np.zeros(sum(lengths), np.bool_)
    for end in np.cumsum(lengths):
        fermatas[end - FERMATA : end] = True
    pitches = np.full((len(fermatas), VOICES), 60)
    return Plan.of(Chorale(pitches=pitches, fermatas=fermatas))


def counts(kind: int, stollen: int = 2, returns: int = 0) -> FormCounts:
    """Return counts of a corpus whose pieces have a Stollen of some phrases."""
    found = np.zeros(STOLLEN_SHAPE, np.int64)
    found[..., 0] = 10**9
    found[stollen - 1] = 0
    found[stollen - 1, :, kind] = 10**9
    others = np.zeros(RETURNS_SHAPE, np.int64)
    others[..., 0] = 10**9
    others[0, 0, 0] = [0, 0, 10**9]
    if returns:
        others[:, 1:] = 0
        others[:, 1:, :, returns] = 10**9
    return FormCounts(found, others)


def drawn(found: FormCounts, of: Plan, opening: int = 0, seed: int = 0) -> Form:
    return found.draw(of, np.random.default_rng(seed), opening)


BAR_FORM = plan(32, 48, 32, 48, 64, 32)


def test_a_stollen_needs_phrases_of_the_same_lengths_and_more_after_them() -> None:
    assert Phrases(BAR_FORM).stollens() == [2]
    assert Phrases(plan(32, 48, 32, 48)).stollens() == []
    assert Phrases(plan(32, 48, 48, 32, 32)).stollens() == []
    assert Phrases(plan(36, 36, 36, 36, 32)).stollens() == []  # other beats of the bar
    assert Phrases(plan(32, 32, 32, 32, 32)).stollens() == [2, 1]


def test_a_stollen_is_drawn_where_the_corpus_has_it() -> None:
    form = drawn(counts(LITERAL), BAR_FORM)
    assert form.repeats == (Repeat(start=80, end=160, source=0),)
    assert form.letters(BAR_FORM) == tuple("ababcd")
    assert not drawn(counts(LITERAL), plan(32, 48, 32, 32, 64)).repeats
    assert not drawn(counts(LITERAL, stollen=3), BAR_FORM).repeats


def test_a_varied_stollen_keeps_the_melody_of_each_phrase() -> None:
    form = drawn(counts(MELODY), BAR_FORM)
    assert [repeat.voices for repeat in form.repeats] == [(SOPRANO,)] * 2
    assert form.letters(BAR_FORM) == ("a", "b", "a'", "b'", "c", "d")


def test_what_is_given_repeats_nothing() -> None:
    assert drawn(counts(LITERAL), BAR_FORM, opening=80).repeats
    assert not drawn(counts(LITERAL), BAR_FORM, opening=81).repeats


def test_other_phrases_return_but_never_those_of_the_second_stollen() -> None:
    found = counts(LITERAL, returns=LITERAL)
    form = drawn(found, BAR_FORM)
    assert form.letters(BAR_FORM) == ("a", "b", "a", "b", "c", "a")
    assert [repeat.source for repeat in form.repeats] == [0, 0]


def test_a_melody_that_repeats_its_stollen_has_the_voices_of_the_corpus() -> None:
    line = np.zeros((BAR_FORM.steps, VOICES), np.int64)
    line[:, SOPRANO] = 60 + np.arange(BAR_FORM.steps) // 4 % 20  # twice 80 steps
    melody = BAR_FORM.chorale(line, changes(line))
    literal = Form((Repeat(start=80, end=160, source=0),))

    def drawn_for(found: FormCounts, given: Chorale, seed: int = 0) -> Form:
        return found.draw_for(BAR_FORM, given, np.random.default_rng(seed))

    assert drawn_for(counts(LITERAL), melody) == literal
    assert drawn_for(counts(MELODY), melody) == Form()
    other = line.copy()
    other[120:124, SOPRANO] += 1
    changed = BAR_FORM.chorale(other, changes(other))
    assert drawn_for(counts(LITERAL), changed) == Form()
    # One in four is varied; pieces whose melody does not repeat do not matter.
    found = counts(LITERAL)
    found.stollen[1] = [10**9, 3 * 10**6, 10**6]
    repeats = [drawn_for(found, melody, seed) == literal for seed in range(400)]
    assert 0.68 < np.mean(repeats) < 0.82


def test_shares_follow_the_counts() -> None:
    found = counts(LITERAL)
    found.stollen[1, 6] = [300, 700, 0]
    repeated = sum(bool(drawn(found, BAR_FORM, seed=i).repeats) for i in range(1000))
    assert repeated == pytest.approx(700, abs=60)
    nothing = FormCounts(np.zeros(STOLLEN_SHAPE, int), np.zeros(RETURNS_SHAPE, int))
    assert not any(drawn(nothing, BAR_FORM, seed=i).repeats for i in range(99))


@given(
    st.lists(st.sampled_from([16, 20, 32, 48]), min_size=1, max_size=12),
    st.integers(0, 40),
    st.integers(0, 9),
    st.sampled_from([LITERAL, MELODY]),
)
def test_what_is_repeated_comes_earlier_and_lines_up(
    lengths: list[int], opening: int, seed: int, kind: int
) -> None:
    of = plan(*lengths)
    form = drawn(counts(kind, returns=kind), of, opening, seed)
    places = of.features(("position", "fermata"))
    before = 0
    for repeat in form.repeats:
        assert repeat.start >= max(opening, before)
        length = repeat.end - repeat.start
        assert repeat.source + length <= repeat.start < repeat.end <= of.steps
        source = places[repeat.source : repeat.source + length]
        assert np.array_equal(source, places[repeat.start : repeat.end])
        before = repeat.end
    sources = form.sources(of.steps)
    assert sources.shape == (of.steps, VOICES)
    assert (sources < np.arange(of.steps)[:, np.newaxis]).all()
    assert len(form.letters(of)) == len(Phrases(of))

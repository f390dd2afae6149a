"""Repeats: what is copied as a piece is written, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import PLAIN, FakePredictor, piece, toy_vocabulary, uniform_predictor

from chorale.encoding.plan import Plan
from chorale.models.critic.events import TABLES
from chorale.models.critic.tables import Critic
from chorale.models.form import (
    RETURNS_SHAPE,
    STOLLEN_SHAPE,
    Form,
    FormCounts,
    Repeat,
)
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.form import Copying
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import Start, complete, sample, sample_each
from chorale.utils.arrays import BoolArray

LENGTH = 32  # steps of a phrase
STEPS = 5 * LENGTH
STOLLEN = Form((Repeat(start=2 * LENGTH, end=4 * LENGTH, source=0),))
PREDICTOR = uniform_predictor(toy_vocabulary())


def plan() -> Plan:
    fermatas = np.arange(STEPS) % LENGTH >= LENGTH - 4
    return Plan.of(piece(STEPS, fermatas=fermatas))


def opening(steps: int) -> Chorale:
    return piece(STEPS, 61).opening(steps)


def differs(
    found: Chorale, start: int, source: int, length: int, attacks: bool = True
) -> BoolArray:
    """Return which voices differ between two passages, bool array (4,)."""
    here, there = slice(start, start + length), slice(source, source + length)
    differ = found.pitches[here] != found.pitches[there]
    if attacks:
        differ |= found.onsets[here] != found.onsets[there]
    return differ.any(axis=0)


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("encoding", ["hold", "pitch"])
@pytest.mark.parametrize("given", [0, 16, 2 * LENGTH])
def test_a_stollen_is_repeated_literally(
    particles: int, encoding: str, given: int
) -> None:
    predictor = uniform_predictor(toy_vocabulary(encoding))
    options = replace(PLAIN, particles=particles)
    start = opening(given) if given else None
    written = sample(predictor, plan(), start, options, form=STOLLEN, variations=3)
    for found in written:
        attacks = encoding == "hold"  # the other one merges repeated notes
        assert not differs(found, 2 * LENGTH, 0, 2 * LENGTH, attacks).any()
        assert differs(found, 4 * LENGTH, 0, LENGTH).any()
        if start is not None:
            assert np.array_equal(found.pitches[:given], start.pitches)
    assert (written[0].pitches[2 * LENGTH :] != written[1].pitches[2 * LENGTH :]).any()


def test_a_melody_is_repeated_alone() -> None:
    repeat = Repeat(start=LENGTH, end=2 * LENGTH, source=0, voices=(SOPRANO,))
    (found,) = sample(PREDICTOR, plan(), None, PLAIN, form=Form((repeat,)))
    assert differs(found, LENGTH, 0, LENGTH).tolist() == [False, True, True, True]


def test_the_last_phrase_may_repeat_one() -> None:
    repeat = Repeat(start=STEPS - LENGTH, end=STEPS, source=LENGTH)
    for particles in (1, 3):
        options = replace(PLAIN, particles=particles)
        (found,) = sample(PREDICTOR, plan(), None, options, form=Form((repeat,)))
        # A note that is held into the earlier phrase is struck in the last one.
        assert not differs(found, STEPS - LENGTH, LENGTH, LENGTH, attacks=False).any()


def test_what_comes_before_a_repeat_does_not_depend_on_it() -> None:
    (free,) = sample(PREDICTOR, plan(), None, PLAIN, form=Form())
    (repeated,) = sample(PREDICTOR, plan(), None, PLAIN, form=STOLLEN)
    before = 2 * LENGTH
    assert np.array_equal(free.pitches[:before], repeated.pitches[:before])
    assert differs(free, before, 0, before).any()


def test_pieces_side_by_side_have_forms_of_their_own() -> None:
    starts = [Start(plan(), None, form) for form in (STOLLEN, Form(), STOLLEN)]
    found = sample_each(PREDICTOR, starts, PLAIN)
    alone = sample_each(PREDICTOR, [starts[2]], PLAIN, first=2)
    assert np.array_equal(found[2].pitches, alone[0].pitches)
    repeats = [not differs(each, 2 * LENGTH, 0, 2 * LENGTH).any() for each in found]
    assert repeats == [True, False, True]


def with_critic() -> FakePredictor:
    """Return a predictor with a critic that has counted Stollen of two phrases."""
    stollen = np.zeros(STOLLEN_SHAPE, np.int64)
    stollen[..., 0] = 10**9
    stollen[1] = [0, 10**9, 0]
    returns = np.zeros(RETURNS_SHAPE, np.int64)
    returns[..., 0] = 10**9
    tables = {name: np.zeros(shape, np.float32) for name, shape in TABLES.items()}
    return replace(PREDICTOR, critic=Critic(tables, form=FormCounts(stollen, returns)))


def test_a_form_is_drawn_by_what_the_critic_has_counted() -> None:
    predictor = with_critic()

    def is_repeated(**changes: float) -> bool:
        options = replace(PLAIN, particles=2, **changes)  # type: ignore[arg-type]
        (found,) = sample(predictor, plan(), None, options)
        return not differs(found, 2 * LENGTH, 0, 2 * LENGTH).any()

    assert is_repeated()
    assert not is_repeated(critic=0.0)
    (found,) = sample(predictor, plan(), None, PLAIN, form=Form())
    assert differs(found, 2 * LENGTH, 0, 2 * LENGTH).any()


def test_a_melody_that_repeats_its_stollen_is_harmonized_so() -> None:
    line = np.random.default_rng(0).integers(60, 63, STEPS // 4).repeat(4)
    line[2 * LENGTH : 4 * LENGTH] = line[: 2 * LENGTH]
    onsets = np.tile(np.arange(STEPS) % 4 == 0, (4, 1)).T
    pitches, fermatas = np.tile(line, (4, 1)).T, plan().fermatas
    melody = Chorale(pitches=pitches, onsets=onsets, fermatas=fermatas)
    fragment = with_voice(melody, SOPRANO)
    options = replace(PLAIN, particles=2)

    def is_repeated(fragment: Fragment, **changes: float) -> list[bool]:
        changed = replace(options, **changes)  # type: ignore[arg-type]
        found = complete(with_critic(), [fragment] * 2, changed, drafts=2)
        assert all((each.pitches[:, SOPRANO] == line).all() for each in found)
        return [not differs(each, 2 * LENGTH, 0, 2 * LENGTH).any() for each in found]

    assert is_repeated(fragment) == [True, True]
    assert is_repeated(fragment, critic=0.0) == [False, False]
    # Where notes of other voices are given too, nothing is repeated.
    given = np.array(fragment.given)
    given[:4] = True
    assert is_repeated(Fragment(melody, given)) == [False, False]


def test_a_note_that_sounds_on_into_a_passage_is_struck_in_its_repeat() -> None:
    hold = 9
    tokens = np.array([[[5], [hold], [hold], [7], [0], [0], [0]]]) * np.ones(4, int)
    sources = np.full((1, 7, 4), -1)
    sources[0, 4:7, 1:3] = np.array([1, 2, 3])[:, np.newaxis]
    copying = Copying(sources, hold)
    for step in range(7):
        copying.write(tokens, step)
    assert tokens[0, 4:, 1].tolist() == tokens[0, 4:, 2].tolist() == [5, hold, 7]
    assert not tokens[0, 4:, [0, 3]].any()

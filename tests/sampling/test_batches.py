"""Batches: allowed notes, padding, and pieces that do not depend on each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import (
    PLAIN,
    FakePredictor,
    piece,
    plan,
    toy_vocabulary,
    uniform_predictor,
    wide_cells,
    wide_vocabulary,
)

from chorale.errors import ModelError, UsageError
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICES
from chorale.sampling.batches import allowed_tokens
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import Start, complete, sample_each
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.next_step_options import SamplingOptions

# === Allowed notes ===


def test_allowed_tokens_are_the_ranges() -> None:
    vocabulary = replace(toy_vocabulary("hold"), ranges=((60, 61), *((62, 62),) * 3))
    allowed = allowed_tokens(vocabulary, SamplingOptions())
    # silence, C4, C#4, D4, HOLD
    assert allowed.astype(int).tolist() == [[0, 1, 1, 0, 0], *[[0, 0, 0, 1, 0]] * 3]
    wide = SamplingOptions(ranges=((1, 127),) * 4, rests=True)
    assert (
        allowed_tokens(vocabulary, wide).astype(int).tolist() == [[1, 1, 1, 1, 0]] * 4
    )
    low = SamplingOptions(ranges=(*((60, 62),) * 3, (40, 50)))
    with pytest.raises(UsageError, match="no note in the range asked for the bass"):
        allowed_tokens(vocabulary, low)


def test_what_may_be_written() -> None:
    vocabulary = wide_cells()
    allowed = allowed_tokens(vocabulary, InfillingOptions())
    for voice, (low, high) in enumerate(vocabulary.ranges):
        pitches = vocabulary.pitches[allowed[voice]]
        assert (pitches.min(), pitches.max()) == (low, high)
        assert len(pitches) == 2 * (high - low + 1)  # held and attacked
    rests = InfillingOptions(rests=True, ranges=((60, 60),) * VOICES)
    assert allowed_tokens(vocabulary, rests).sum(axis=1).tolist() == [3] * VOICES
    with pytest.raises(UsageError, match="no note in the range asked for the soprano"):
        allowed_tokens(vocabulary, InfillingOptions(ranges=((90, 99),) * VOICES))


# === Independence of pieces ===


def test_completed_pieces_do_not_depend_on_their_batch() -> None:
    predictor = uniform_predictor(wide_vocabulary())
    fragments = [with_voice(piece(steps, 67), SOPRANO) for steps in (20, 8, 12)] * 4
    several = complete(predictor, fragments)
    assert complete(predictor, []) == []
    assert [piece.steps for piece in several] == [20, 8, 12] * 4
    for count in (1, 2, 3):
        assert complete(predictor, fragments[:count])[-1] == several[count - 1]
    assert several[0] != several[3]
    changed = complete(predictor, fragments[:1], SamplingOptions(random_state=1))
    assert changed != several[:1]


def some_given(pitches: np.ndarray, given: np.ndarray) -> Fragment:
    """Return a piece in which every step is attacked, so that each is given alone."""
    onsets = np.ones(pitches.shape, bool)
    return Fragment(Chorale(pitches=pitches, onsets=onsets), given)


class Recollecting(FakePredictor):
    """The soprano prefers the first note of the alto at every step."""

    def start(self, plan):  # type: ignore[no-untyped-def]
        return super().start(plan), np.zeros(len(plan), int)

    def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
        past, first = state
        first = np.where(first > 0, first, tokens[:, 1])
        return super().advance(past, tokens, plan), first

    def select(self, state, rows):  # type: ignore[no-untyped-def]
        return super().select(state[0], rows), state[1][rows]

    def voice_logits(self, state, voice, chosen):  # type: ignore[no-untyped-def]
        logits = super().voice_logits(state[0], voice, chosen)
        liked = np.eye(self.vocabulary.size)[state[1]] * (state[1] > 0)[:, np.newaxis]
        return logits + 0.02 * liked * (voice == 0)


def test_a_passage_does_not_depend_on_a_later_one_in_its_batch() -> None:
    vocabulary = toy_vocabulary("pitch")
    predictor = Recollecting(vocabulary, uniform_predictor(vocabulary).table)
    passages = []
    for step, voice in ((0, 1), (199, 2)):
        given = np.ones((200, VOICES), bool)
        given[step, voice] = False
        passages.append(some_given(np.full((200, VOICES), 62), given))
    for state in range(4):
        options = replace(PLAIN, particles=32, random_state=state)
        (alone,) = complete(predictor, passages[:1], options)
        assert complete(predictor, passages, options)[0] == alone


def test_starts_of_different_lengths_share_a_batch() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    starts = [Start(plan(16), piece(4, 62)), Start(plan(32), None)] * 40
    several = sample_each(predictor, starts)
    assert [piece.steps for piece in several] == [16, 32] * 40
    assert (several[0].pitches[:4] == 62).all()
    assert several[0] == sample_each(predictor, starts[:1])[0]
    assert several[1] == sample_each(predictor, starts[:2])[1]
    # 80 pieces take two batches, and no two of one plan are the same.
    assert len({piece.pitches.tobytes() for piece in several}) == 80


# === Progress ===


def test_progress_counts_the_steps_of_every_batch() -> None:
    seen: list[tuple[int, int]] = []
    fragments = [with_voice(piece(8), SOPRANO)] * 5
    complete(
        uniform_predictor(toy_vocabulary()),
        fragments,
        SamplingOptions(particles=16),
        progress=lambda *step: seen.append(step),
    )
    assert seen == [(step, 16) for step in range(1, 17)]  # 80 particles, two batches


# === Threads ===


@pytest.mark.parametrize("threads", [2, 3, 9])
def test_threads_share_the_pieces_and_change_nothing(threads: int) -> None:
    lone = uniform_predictor(wide_vocabulary())
    steps, calls = (9, 30, 12, 20), []
    starts = [Start(plan(count), piece(2)) for count in steps]
    fragments = [start.fragment() for start in starts] * 6
    alone = complete(lone, fragments, SamplingOptions())
    together = complete(
        replace(lone, threads=threads),
        fragments,
        SamplingOptions(),
        progress=lambda *pair: calls.append(pair),
    )
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.pitches, other.pitches)
        assert np.array_equal(one.onsets, other.onsets)
    assert [done for done, _ in calls] == list(range(1, 1 + calls[0][1]))


class Failing(FakePredictor):
    """Fails at pieces of 30 steps; at others it goes on."""

    def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
        if (plan > 16).any():
            raise ModelError("of one thread")
        return super().advance(state, tokens, plan)


def test_an_error_in_a_thread_is_passed_on() -> None:
    vocabulary = wide_vocabulary()
    predictor = Failing(
        vocabulary,
        uniform_predictor(vocabulary).table,
        plan_features=("to_end",),
        threads=2,
    )
    fragments = [Start(plan(steps), piece(2)).fragment() for steps in (12, 60)]
    with pytest.raises(ModelError, match="of one thread"):
        complete(predictor, fragments)

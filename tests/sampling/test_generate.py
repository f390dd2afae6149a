"""New chorales: openings, plans, variations, and randomness."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fakes import (
    PLAIN,
    FakePredictor,
    piece,
    plan,
    toy_vocabulary,
    uniform_predictor,
    wide_vocabulary,
)
from hypothesis import given
from strategies import chorales

from chorale.encoding.plan import Plan
from chorale.errors import DataError, UsageError
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import VOICES
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions

# === Openings ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
@given(chorales(most_steps=20))
def test_the_opening_comes_back_note_for_note(encoding: str, opening: Chorale) -> None:
    whole = Plan.of(opening).with_bars(int(opening.bars[-1]) + 2)
    predictor = uniform_predictor(wide_vocabulary(encoding))
    for written in sample(predictor, whole, opening, PLAIN, variations=2):
        assert written.steps == whole.steps
        assert np.array_equal(written.pitches[: opening.steps], opening.pitches)
        assert np.array_equal(written.onsets[: opening.steps], opening.onsets)


def test_the_predictor_reads_the_opening() -> None:
    vocabulary = toy_vocabulary("hold")
    # Every note is held; the first one of a piece would be C4.
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    table[..., vocabulary.hold] = 1
    table[:, vocabulary.nothing] = [0, 1, 0, 0, 0]
    predictor = FakePredictor(vocabulary, table)
    (written,) = sample(predictor, plan(10), piece(3, 62))
    assert (written.pitches == 62).all() and written.onsets.sum() == VOICES


def test_the_result_is_laid_out_by_the_plan_and_named_after_the_opening() -> None:
    pattern = piece(
        36,
        fermatas=np.arange(36) > 30,
        metres=(Metre(3, 4),),
        key=Key("D", "minor"),
        tempo=50,
    )
    opening = piece(12, key=Key("G", "major"), tempo=90, title="Vater unser")
    predictor = uniform_predictor(toy_vocabulary())
    (written,) = sample(predictor, Plan.of(pattern), opening)
    assert np.array_equal(written.bars, pattern.bars)
    assert np.array_equal(written.positions, pattern.positions)
    assert np.array_equal(written.fermatas, pattern.fermatas)
    assert written.metres == pattern.metres
    assert (written.key, written.tempo, written.title) == (
        Key("D", "minor"),
        90,
        "After Vater unser",
    )
    (untitled,) = sample(predictor, Plan.of(pattern), piece(12, source="bwv1"))
    assert untitled.title == "After bwv1"
    assert untitled.credit == (
        "Opening by Johann Sebastian Bach (BWV 1), bar 1; continuation by chorale"
    )
    assert written.credit == (
        "Opening from Vater unser, bar 1; continuation by chorale"
    )


def test_without_an_opening_the_plan_says_all() -> None:
    pattern = piece(8, key=Key("D", "minor"), tempo=50, title="Vater unser")
    (written,) = sample(uniform_predictor(toy_vocabulary()), Plan.of(pattern))
    assert (written.key, written.tempo, written.title) == (
        Key("D", "minor"),
        DEFAULT_TEMPO,
        "Chorale",
    )


@pytest.mark.parametrize("steps", [16, 17])
def test_an_opening_has_to_leave_something_to_write(steps: int) -> None:
    with pytest.raises(
        UsageError, match=r"the piece ends in bar 1, .* nothing to write"
    ):
        sample(uniform_predictor(toy_vocabulary()), plan(16), piece(steps))


def test_an_opening_outside_the_vocabulary_is_refused_by_name() -> None:
    opening = piece(4, 63, source="bwv1")
    with pytest.raises(DataError, match="bwv1: the soprano's D#4 in bar 1 is outside"):
        sample(uniform_predictor(toy_vocabulary()), plan(16), opening)


# === Variations and randomness ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_the_first_of_four_is_the_only_one_of_one(encoding: str) -> None:
    predictor = uniform_predictor(toy_vocabulary(encoding))
    four = sample(predictor, plan(32), piece(4), variations=4)
    (alone,) = sample(predictor, plan(32), piece(4))
    assert four[0] == alone
    assert all(first != second for first, second in itertools.combinations(four, 2))


def test_the_random_state_decides() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    (written,) = sample(predictor, plan(32))
    assert sample(predictor, plan(32), options=SamplingOptions(random_state=0)) == [
        written
    ]
    assert sample(predictor, plan(32), options=SamplingOptions(random_state=1)) != [
        written
    ]


def test_a_longer_piece_begins_like_a_shorter_one() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    (short,), (long,) = sample(predictor, plan(20)), sample(predictor, plan(32))
    # The last beat of the shorter one is where a piece ends, which has costs.
    assert np.array_equal(long.pitches[:16], short.pitches[:16])


def test_the_plan_reaches_the_predictor_step_by_step() -> None:
    received = []

    class Recorder(FakePredictor):
        def start(self, plan):  # type: ignore[no-untyped-def]
            received.append(plan)
            return super().start(plan)

        def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
            received.append(plan)
            return super().advance(state, tokens, plan)

    vocabulary = toy_vocabulary()
    recorder = Recorder(
        vocabulary,
        uniform_predictor(vocabulary).table,
        plan_features=("to_end", "position"),
    )
    sample(recorder, plan(20), variations=2)
    # Both begin alike, which is read once.
    assert [plans.shape for plans in received] == [(1, 2)] + [(2, 2)] * 19
    expected = plan(20).features(["to_end", "position"])
    for plans, features in zip(received, expected, strict=True):
        assert (plans == features).all()


def test_progress_counts_the_steps() -> None:
    calls: list[tuple[int, int]] = []
    sample(
        uniform_predictor(toy_vocabulary()),
        plan(5),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(done, 5) for done in range(1, 6)]


def test_no_variations_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 variation, got 0"):
        sample(uniform_predictor(toy_vocabulary()), plan(5), variations=0)

"""Openings and plans of seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from strategies import little_chorale

from chorale.corpus.loading import load_corpus
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.music.phrases import ends_of_phrases
from chorale.sampling.openings import find_start, opening_of, plan_of

# === Which chorale a name stands for ===


# === Openings ===


def test_the_opening_is_the_pickup_and_two_bars() -> None:
    chorale = little_chorale()  # a pickup of a quarter, then bars of 4/4
    assert opening_of(chorale).steps == 4 + 2 * 16
    assert opening_of(chorale, 1).steps == 4 + 16
    assert opening_of(chorale, 3) == chorale.opening(4 + 3 * 16)
    assert opening_of(chorale, 4) == chorale
    assert opening_of(chorale.opening(20)) == chorale.opening(20)


@pytest.mark.parametrize("bars", [-1, 0, 5])
def test_an_opening_the_seed_does_not_have_is_refused(bars: int) -> None:
    with pytest.raises(UsageError, match=f"an opening of 1 to 4 bars.* got {bars}"):
        opening_of(little_chorale(), bars)


# === Starts ===


def test_parts_of_works_may_begin_in_any_bar() -> None:
    seed = little_chorale()
    late = replace(seed, bars=seed.bars - seed.bars[0] + 76)
    opening = opening_of(late)
    assert set(opening.bars) == {76, 77}
    assert opening.steps == (late.bars < 78).sum()
    with pytest.raises(UsageError, match="an opening of 1 to "):
        opening_of(late, 76)


def test_the_plan_is_the_seeds_own() -> None:
    chorale = find_seed("3")
    start = find_start("3")
    assert chorale is not None
    assert start.opening == opening_of(chorale)
    assert same(start.plan, Plan.of(chorale))


def test_the_plan_may_come_from_another_seed_and_have_any_length() -> None:
    pattern = find_seed("bwv253")
    assert pattern is not None
    start = find_start("3", plan="bwv253", bars=7, opening_bars=1)
    assert same(start.plan, Plan.of(pattern).with_bars(7))
    assert start.opening == opening_of(find_seed("3"), 1)  # type: ignore[arg-type]


def test_a_seed_without_fermatas_has_estimated_phrases() -> None:
    seed = find_seed("bwv253")
    assert seed is not None
    assert not find_start(seed).remark
    bare = replace(seed, fermatas=np.zeros(seed.steps, np.bool_))
    start = find_start(bare)
    assert "no fermatas: phrases are assumed to end in bars" in start.remark
    assert ends_of_phrases(start.plan.fermatas) == ends_of_phrases(seed.fermatas)
    # Fermatas of a plan are those of the piece that it is from.
    assert find_start(bare, plan=seed).plan.fermatas.tolist() == seed.fermatas.tolist()
    silent = replace(bare, pitches=0 * bare.pitches, onsets=0 * bare.onsets > 0)
    plan, remark = plan_of(silent)
    assert not plan.fermatas.any() and "the soprano is silent" in remark


def test_without_a_seed_the_plan_is_that_of_a_random_train_chorale() -> None:
    plans = [find_start("none", random_state=state).plan for state in range(6)]
    train = [Plan.of(chorale) for chorale in load_corpus().train]
    for plan in plans:
        assert any(same(plan, known) for known in train)
    assert find_start("none").opening is None
    assert same(plans[0], find_start("none").plan)
    assert not all(same(plan, plans[0]) for plan in plans)
    borrowed = find_start("3", plan="none", random_state=2)
    assert same(borrowed.plan, plans[2]) and borrowed.opening is not None


def test_starts_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 bar, got 0"):
        find_start("3", bars=0)
    with pytest.raises(UsageError, match="needs a seed"):
        find_start("none", opening_bars=2)
    with pytest.raises(UsageError, match="there is no seed 'X'"):
        find_start("3", plan="X")


def same(a: Plan, b: Plan) -> bool:
    return a.metres == b.metres and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("fermatas", "bars", "positions")
    )

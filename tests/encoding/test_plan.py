from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.corpus.loading import load_corpus
from chorale.encoding.plan import FEATURES, Plan, transpose_features
from chorale.errors import UsageError
from chorale.music.keys import Key
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale


def plan_of(
    steps: int,
    metres: tuple[Metre, ...] = (Metre(4, 4),),
    pickup: int = 0,
    fermatas: tuple[int, ...] = (),
) -> Plan:
    bars, positions = number_bars(steps, metres, pickup)
    marks = np.isin(np.arange(steps), fermatas)
    return Plan(fermatas=marks, bars=bars, positions=positions, metres=metres)


def feature(plan: Plan, name: str) -> list[int]:
    return plan.features([name])[:, 0].tolist()


# === Features ===


def test_features_of_a_short_piece() -> None:
    plan = plan_of(8, (Metre(2, 8),), pickup=2, fermatas=(3, 4))
    assert feature(plan, "step") == list(range(8))
    assert feature(plan, "position") == [2, 3, 0, 1, 2, 3, 0, 1]
    assert feature(plan, "bar_length") == [4] * 8
    assert feature(plan, "fermata") == [0, 0, 0, 1, 1, 0, 0, 0]
    none_left = FEATURES["to_fermata"] - 1
    assert feature(plan, "to_fermata") == [3, 2, 1, 0, 0, *[none_left] * 3]
    assert feature(plan, "to_end") == [7, 6, 5, 4, 3, 2, 1, 0]


def test_distances_are_exact_then_half_bars_then_far() -> None:
    to_end = feature(plan_of(300), "to_end")[::-1]
    assert to_end[:33] == list(range(33))
    assert to_end[39] == 32 and to_end[40] == 33
    assert to_end[127] == 43 and to_end[128] == 44 == FEATURES["to_end"] - 1
    assert to_end[299] == 44
    # A fermata further than eight bars away is as good as none.
    assert feature(plan_of(200, fermatas=(199,)), "to_fermata")[0] == 44


def test_the_step_feature_ignores_the_bars() -> None:
    plan = plan_of(40, (Metre(3, 4),), pickup=4)
    assert feature(plan, "step") == [step % 16 for step in range(40)]


def test_bar_length_follows_the_metre() -> None:
    plan = plan_of(28, (Metre(3, 4), Metre(4, 4, 12)))
    assert feature(plan, "bar_length") == [12] * 12 + [16] * 16


def test_features_come_in_the_order_asked_for() -> None:
    plan = plan_of(20)
    both = plan.features(["to_end", "position"])
    assert both[:, 0].tolist() == feature(plan, "to_end")
    assert both[:, 1].tolist() == feature(plan, "position")
    assert plan.features().shape == (20, len(FEATURES))


@given(st.integers(1, 300), st.integers(1, 24), st.integers(0, 3))
def test_features_stay_below_their_number_of_values(
    steps: int, quarters: int, pickup: int
) -> None:
    table = plan_of(steps, (Metre(quarters, 4),), pickup).features()
    assert (table >= 0).all()
    assert (table < list(FEATURES.values())).all()


def test_the_key_is_a_feature_that_moves_with_a_transposition() -> None:
    plan = plan_of(2)
    assert feature(plan, "key") == [0, 0]
    for name, value in (("C major", 1), ("B major", 12), ("C minor", 13)):
        assert feature(replace(plan, key=Key.parse(name)), "key") == [value, value]
    names = ["step", "key"]
    minor = replace(plan, key=Key.parse("A minor"))
    moved = transpose_features(minor.features(names), names, 5)
    higher = replace(plan, key=Key.parse("D minor"))
    assert np.array_equal(moved, higher.features(names))
    unknown = plan.features(names)
    assert np.array_equal(transpose_features(unknown, names, -4), unknown)
    bare = plan.features(["step"])
    assert np.array_equal(transpose_features(bare, ["step"], 3), bare)


# === Length ===


@given(st.integers(1, 20), st.integers(1, 20), st.integers(2, 4), st.data())
def test_a_plan_of_other_length_ends_as_a_score_does(
    old: int, new: int, quarters: int, data: st.DataObject
) -> None:
    metre = Metre(quarters, 4)
    pickup = data.draw(st.integers(0, metre.bar_length - 1))
    plan = plan_of(old * metre.bar_length, (metre,), pickup)
    other = plan.with_bars(new)
    assert other.steps == new * metre.bar_length
    # The last bar completes the pickup.
    assert (other.positions[-1] + 1 + pickup) % metre.bar_length == 0
    # Positions count on from step to step, without a seam.
    moved = (np.diff(other.positions) - 1) % metre.bar_length
    assert not moved.any()
    assert (np.diff(other.bars) == (other.positions[1:] == 0)).all()
    kept = min(plan.steps, other.steps)
    assert np.array_equal(other.positions[:kept], plan.positions[:kept])


def test_the_same_number_of_bars_is_the_same_plan() -> None:
    plan = plan_of(64, pickup=4, fermatas=(30, 31, 62, 63))
    same = plan.with_bars(4)
    for name in ("fermatas", "bars", "positions"):
        assert np.array_equal(getattr(same, name), getattr(plan, name))


def test_a_shorter_plan_keeps_its_beginning_and_the_last_fermata() -> None:
    plan = plan_of(96, fermatas=(28, 60, 92))
    shorter = plan.with_bars(3)
    # Bar 2 keeps its fermata, and bar 3 is given that of bar 6.
    assert np.flatnonzero(shorter.fermatas).tolist() == [28, 44]


def test_a_longer_plan_repeats_its_phrases() -> None:
    plan = plan_of(64, fermatas=(28, 60))
    longer = plan.with_bars(7)
    assert np.flatnonzero(longer.fermatas).tolist() == [28, 60, 92, 108]


@pytest.mark.parametrize("bars", [4, 16, 24])
def test_every_piece_of_the_corpus_lends_a_plan_without_a_seam(bars: int) -> None:
    for chorale in load_corpus(splits=("test",)).test:
        plan = Plan.of(chorale).with_bars(bars)
        starts = np.flatnonzero(plan.positions == 0)
        assert plan.positions[0] == chorale.positions[0]
        assert (np.diff(plan.bars) == (plan.positions[1:] == 0)).all()
        # Between two barlines lies a full bar of the metre in force.
        lengths = plan.features(["bar_length"])[starts[:-1], 0]
        assert np.array_equal(np.diff(starts), lengths), chorale.source
        assert len(starts) == bars
        assert {metre.step for metre in plan.metres[1:]} <= set(starts.tolist())


def test_metres_beyond_the_end_are_left_out() -> None:
    plan = plan_of(12 * 2 + 16 * 3, (Metre(3, 4), Metre(4, 4, 24)))
    assert plan.with_bars(2).metres == (Metre(3, 4),)
    assert plan.with_bars(2).steps == 24
    assert plan.with_bars(4).steps == 24 + 32
    assert plan.with_bars(4).metres == plan.metres


@pytest.mark.parametrize("bars", [0, -3])
def test_no_bars_are_refused(bars: int) -> None:
    with pytest.raises(UsageError, match=f"at least 1 bar, got {bars}"):
        plan_of(16).with_bars(bars)


# === With notes ===


def test_a_plan_filled_with_the_notes_is_the_chorale() -> None:
    chorale = Chorale(
        pitches=np.tile([72, 67, 60, 48], (30, 1)),
        fermatas=np.arange(30) > 25,
        metres=(Metre(3, 4), Metre(4, 4, 12)),
        key=Key("G", "major"),
    )
    again = Plan.of(chorale).chorale(chorale.pitches, chorale.onsets, title="x")
    assert again == chorale
    assert again.title == "x"

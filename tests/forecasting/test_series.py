"""Synthetic series, tasks, differencing, sequence-to-sequence targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import UsageError
from chorale.forecasting.series import (
    NOISE_VARIANCE,
    TASKS,
    Array,
    Data,
    Task,
    Waves,
    difference,
    draw_data,
    draw_waves,
    forecasting_task,
    sequence_targets,
    undifference,
    with_season,
    with_trend,
)


def drawn(count: int = 500, steps: int = 60, **options: Any) -> Waves:
    return draw_waves(count, steps, np.random.default_rng(0), **options)


def numbered(count: int, steps: int, variables: int = 1) -> Array:
    """Return series whose values all differ."""
    values = np.arange(count * steps * variables, dtype=np.float32)
    return values.reshape(count, steps, variables)


# === The random process ===


@pytest.mark.parametrize("interval", [1 / 59, 1 / 50, 0.5])
def test_what_the_waves_leave_is_uniform_noise(interval: float) -> None:
    waves = drawn(2000, 60, interval=interval, variables=2)
    assert waves.interval == interval
    slow, fast = waves.frequencies.T[:, :, None, None]
    time = np.arange(60)[None, :, None] * interval
    slow_offset, fast_offset = np.moveaxis(waves.offsets, 2, 0)[:, :, None, :]
    clean = 0.5 * np.sin(slow * (time - slow_offset))
    clean += 0.2 * np.sin(fast * (time - fast_offset))
    noise = waves.series - clean
    assert np.abs(noise).max() <= 0.05 + 1e-6
    # With 240,000 values the tolerances are more than four standard errors.
    assert noise.mean() == pytest.approx(0, abs=3e-4)
    assert noise.var() == pytest.approx(1 / 1200, rel=0.01)
    shares, _ = np.histogram(noise, bins=10, range=(-0.05, 0.05))
    assert shares / noise.size == pytest.approx(np.full(10, 0.1), abs=0.004)
    assert abs(NOISE_VARIANCE - 1 / 1200) < 1e-12


def test_frequencies_and_offsets_fill_their_ranges() -> None:
    waves = drawn(4000, 1, variables=3)
    for values, lowest, highest in (
        (waves.frequencies[:, 0], 10, 20),
        (waves.frequencies[:, 1], 20, 40),
        (waves.offsets[:, :, 0], 0, 1),
        (waves.offsets[:, :, 1], 0, 1),
    ):
        width = highest - lowest
        assert lowest <= values.min() < lowest + 0.01 * width
        assert highest - 0.01 * width < values.max() <= highest
        assert values.mean() == pytest.approx((lowest + highest) / 2, abs=0.03 * width)
    # All are independent.
    columns = np.hstack([waves.frequencies, waves.offsets.reshape(4000, -1)])
    correlations = np.corrcoef(columns.T) - np.eye(8)
    assert np.abs(correlations).max() < 0.08


def test_variables_share_frequencies_and_nothing_else() -> None:
    waves = drawn(50, 20, variables=3)
    assert waves.series.shape == (50, 20, 3)
    assert waves.frequencies.shape == (50, 2)
    assert waves.offsets.shape == (50, 3, 2)
    assert not np.any(waves.series[:, :, 0] == waves.series[:, :, 1])
    assert np.unique(waves.offsets).size == 300


def test_series_are_float32_and_come_from_the_generator_alone() -> None:
    first, again = drawn(4, 60), drawn(4, 60)
    assert first.series.dtype == np.float32 and first.series.shape == (4, 60, 1)
    assert np.array_equal(first.series, again.series)
    changed = draw_waves(4, 60, np.random.default_rng(1))
    assert not np.any(first.series == changed.series)


@pytest.mark.parametrize(
    ("sizes", "match"),
    [
        ((0, 5, 1), "at least 1 of series, got 0"),
        ((5, -3, 1), "at least 1 of steps, got -3"),
        ((5, 5, 0), "at least 1 of variables, got 0"),
    ],
)
def test_sizes_are_positive(sizes: tuple[int, int, int], match: str) -> None:
    count, steps, variables = sizes
    with pytest.raises(UsageError, match=match):
        drawn(count, steps, variables=variables)


# === Tasks ===


@pytest.mark.parametrize(
    ("name", "first_hidden", "ahead"),
    [
        ("one-step", 50, 1),
        ("ten-steps", 50, 10),
        ("fifty-steps", 50, 50),
        ("gap", 25, 10),
    ],
)
def test_tasks_are_those_of_the_suite(name: str, first_hidden: int, ahead: int) -> None:
    task = TASKS[name]
    assert (task.name, task.first_hidden, task.ahead) == (name, first_hidden, ahead)
    assert task.is_forecast == (name != "gap")


def test_the_book_spreads_its_series_over_one_unit_of_time() -> None:
    for name in ("one-step", "ten-steps", "gap"):
        task = TASKS[name]
        assert (task.length - 1) * task.interval == pytest.approx(1)
    # Longer series have the interval of the book's longest.
    assert TASKS["fifty-steps"].interval == TASKS["ten-steps"].interval


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3))
def test_every_value_is_seen_or_hidden(first: int, ahead: int, after: int) -> None:
    length = first + ahead + after
    task = Task(name="any", length=length, first_hidden=first, ahead=ahead)
    series = numbered(3, length, 2)
    before = series.copy()
    inputs, targets = task.inputs(series), task.targets(series)
    assert np.array_equal(targets, series[:, first : first + ahead])
    shown = inputs[~np.isnan(inputs)]
    assert not np.isin(shown, targets).any()
    assert shown.size + targets.size == series.size
    assert task.is_forecast == (after == 0)
    if task.is_forecast:
        assert inputs.shape == (3, first, 2)
    else:
        assert inputs.shape == series.shape
        assert np.isnan(inputs[:, ~task.seen()]).all()
    assert np.array_equal(series[:, task.seen()].ravel(), shown)
    assert task.seen().sum() == length - ahead
    assert np.array_equal(series, before)


@pytest.mark.parametrize(
    ("length", "first_hidden", "ahead", "match"),
    [
        (10, 0, 5, "at least 1 of steps before the hidden ones, got 0"),
        (10, -1, 5, "at least 1 of steps before the hidden ones, got -1"),
        (10, 5, 0, "at least 1 of steps ahead, got 0"),
        (10, 5, -2, "at least 1 of steps ahead, got -2"),
        (10, 5, 6, "at most 5 steps ahead in a series of 10 .* got 6"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(
    length: int, first_hidden: int, ahead: int, match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        Task(name="none", length=length, first_hidden=first_hidden, ahead=ahead)


def test_a_forecasting_task_hides_the_end() -> None:
    task = forecasting_task(7, 3, interval=0.25, name="mine")
    assert task == Task(name="mine", length=10, first_hidden=7, ahead=3, interval=0.25)
    with pytest.raises(UsageError, match="at least 1 of steps ahead, got 0"):
        forecasting_task(7, 0)


# === Trend, season, differences ===


def test_a_trend_is_a_line_for_each_series() -> None:
    series = drawn(300, 20, variables=2).series
    lines = with_trend(series, np.random.default_rng(0), slope=3.0) - series
    assert lines.dtype == np.float32
    assert lines[:, 0] == pytest.approx(np.zeros((300, 2)), abs=1e-6)
    assert np.diff(lines, 2, axis=1) == pytest.approx(np.zeros((300, 18, 2)), abs=1e-5)
    rises = lines[:, -1]
    assert -3 <= rises.min() < -2.8 and 2.8 < rises.max() <= 3
    assert np.unique(rises).size > 590


def test_a_season_returns() -> None:
    zeros = np.zeros((200, 40, 2), np.float32)
    random = np.random.default_rng(0)
    seasons = with_season(zeros, random, period=7, amplitude=10)
    assert seasons.dtype == np.float32
    assert np.array_equal(seasons[:, 7:], seasons[:, :-7])
    # One pattern of seven values per variable, with a random phase per series.
    assert np.unique(seasons[:, :, 0]).size == np.unique(seasons[:, :, 1]).size == 7
    assert np.unique(seasons[:, 0, 0]).size == 7
    assert 4 < seasons[0].std() < 20
    with pytest.raises(UsageError, match="a period of at least 1, got 0"):
        with_season(zeros, random, period=0)


def test_differences_take_away_trend_and_season() -> None:
    random = np.random.default_rng(0)
    zeros = np.zeros((5, 30, 1), np.float32)
    lines, seasons = with_trend(zeros, random), with_season(zeros, random, period=6)
    assert difference(lines).std(axis=1) == pytest.approx(np.zeros((5, 1)), abs=1e-6)
    assert not difference(seasons, 6).any()


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_differences_are_undone(
    lag: int, steps: int, variables: int, random_state: int
) -> None:
    random = np.random.default_rng(random_state)
    series = random.normal(size=(3, lag + steps, variables)).astype("float32")
    differences = difference(series, lag)
    assert differences.shape == (3, steps, variables)
    assert np.array_equal(differences[:, -1], series[:, -1] - series[:, -1 - lag])
    undone = undifference(differences, series[:, :lag])
    assert undone.dtype == np.float32
    assert undone == pytest.approx(series[:, lag:], abs=1e-5)


@pytest.mark.parametrize("lag", [0, -1, 5, 9])
def test_a_lag_without_two_values_is_refused(lag: int) -> None:
    with pytest.raises(UsageError, match=f"a lag from 1 to 4, got {lag}"):
        difference(numbered(1, 5), lag)


# === Targets at every step ===


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.integers(1, 3))
def test_at_each_step_the_targets_are_what_follows(
    steps: int, ahead: int, more: int, variables: int
) -> None:
    series = numbered(2, steps + ahead + more, variables)
    targets = sequence_targets(series, steps, ahead)
    assert targets.shape == (2, steps, ahead, variables)
    assert targets.dtype == np.float32
    for step in range(steps):
        for offset in range(ahead):
            assert np.array_equal(
                targets[:, step, offset], series[:, step + 1 + offset]
            )


def test_series_too_short_for_targets_are_refused() -> None:
    with pytest.raises(UsageError, match=r"at least 9 values, to see 5 .* 4, got 8"):
        sequence_targets(numbered(1, 8), 5, 4)


# === Train, valid, test ===


def test_data_are_independent_series_of_a_task() -> None:
    task = TASKS["one-step"]
    data = draw_data(task, train=5, valid=4, test=3, random_state=0)
    assert data.task == task
    assert data.train.shape == (5, 51, 1)
    assert data.valid.shape == (4, 51, 1)
    assert data.test.shape == (3, 51, 1)
    everything = np.concatenate([data.train, data.valid, data.test])
    assert np.unique(everything[:, 0, 0]).size == 12
    waves = data.test_waves
    assert waves is not None and waves.interval == task.interval
    assert np.array_equal(waves.series, data.test) and len(waves.frequencies) == 3


def test_a_digest_tells_data_apart() -> None:
    def drawn(random_state: int) -> Data:
        return draw_data(
            TASKS["gap"], train=2, valid=2, test=2, random_state=random_state
        )

    data = drawn(0)
    assert drawn(0).digest() == data.digest() != drawn(1).digest()
    assert len({drawn(state).digest() for state in range(5)}) == 5
    swapped = Data(data.task, data.train, data.test, data.valid)
    assert swapped.digest() != data.digest()

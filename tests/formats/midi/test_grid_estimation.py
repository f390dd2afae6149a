"""Beat tracking: performances without a click."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.formats.midi.grid_estimation import estimate_grid

# Two phrases of a tune, in steps.
LENGTHS = [4, 4, 2, 2, 4, 4, 4, 8, 4, 4, 6, 2, 4, 4, 12, 4, 4, 4, 4, 2, 2, 4, 4, 16]
STEPS = np.cumsum([0, *LENGTHS[:-1]])


def performed(tempo: float, lead_in: float, seed: int | None = None) -> list[float]:
    """Return onsets in steps of a file of 120 quarters per minute."""
    times = lead_in + STEPS * 120 / tempo
    if seed is not None:  # 20 ms, and a tempo that drifts
        generator = np.random.default_rng(seed)
        times = times * (1 + 0.02 * np.sin(times / 60))
        times = times + generator.normal(0, 0.12, len(times))
    return times.tolist()


@pytest.mark.parametrize("tempo", [63.0, 75.0, 91.0, 104.0])
@pytest.mark.parametrize("lead_in", [0.0, 3.4, 17.8])
def test_another_tempo(tempo: float, lead_in: float) -> None:
    onsets = performed(tempo, lead_in)
    grid = estimate_grid(onsets, 120.0)
    assert grid is not None
    assert [round(grid.step(onset)) for onset in onsets] == STEPS.tolist()
    assert grid.tempo == pytest.approx(tempo, rel=0.02)
    assert f"a tempo of {grid.tempo:.0f}" in grid.remark


@pytest.mark.parametrize("seed", range(5))
def test_a_player_is_followed(seed: int) -> None:
    onsets = performed(84.0, 5.3, seed)
    grid = estimate_grid(onsets, 120.0)
    assert grid is not None
    assert [round(grid.step(onset)) for onset in onsets] == STEPS.tolist()


def test_only_a_lead_in() -> None:
    onsets = performed(120.0, 6.45)
    grid = estimate_grid(onsets, 120.0)
    assert grid is not None
    assert grid.tempo is None
    assert [round(grid.step(onset)) for onset in onsets] == STEPS.tolist()
    assert "bars are counted from the first note" in grid.remark


def test_times_between_and_after_onsets() -> None:
    onsets = performed(66.0, 1.3)
    grid = estimate_grid(onsets, 120.0)
    assert grid is not None
    assert grid.step(onsets[-1] + 32) == pytest.approx(STEPS[-1] + 17.6, abs=0.2)
    assert grid.step(onsets[0] + 4) == pytest.approx(2.2, abs=0.1)
    assert grid.step(0.0) == 0.0


@pytest.mark.parametrize(
    "starts",
    [
        STEPS.tolist(),
        (STEPS + 0.2).tolist(),
        np.random.default_rng(0).normal(STEPS, 0.08).tolist(),
        (np.arange(30) * 4 / 3).tolist(),  # triplets
        (np.arange(30) * 0.5).tolist(),  # 32nds
        [0.4, 9.3, 17.1],
    ],
)
def test_the_grid_of_the_file_is_kept_if_it_fits(starts: list[float]) -> None:
    assert estimate_grid(starts, 120.0) is None


def test_no_grid_fits_chance() -> None:
    starts = np.cumsum(np.random.default_rng(1).exponential(5.0, 200)).tolist()
    assert estimate_grid(starts, 120.0) is None

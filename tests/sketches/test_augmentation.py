"""Data augmentation: valid drawings, with the documented deviations."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.sketches.augmentation import augment
from chorale.sketches.batches import Padded, pad
from chorale.sketches.preprocessing import to_inks
from chorale.sketches.strokes import Strokes

CROSS = [[[0, 128], [255, 128]], [[128, 0], [128, 255]]]
STAIRS = [[[50 * n, 50 * n], [50 * n, 50 * n + 50]] for n in range(5)]
WAVE = [[[10 * n, 120 * (n % 2) + n] for n in range(24)]]
POINT = [[[5, 5]]]


def batch_of(*drawings: Strokes, times: int = 1) -> Padded:
    return pad(to_inks(drawings), np.tile(np.arange(len(drawings)), times))


def points(batch: Padded, place: int) -> np.ndarray:
    """Return the points (points, 2) of a drawing."""
    return np.cumsum(batch.ink[place, : batch.lengths[place], :2], axis=0)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_without_strength_nothing_changes() -> None:
    batch = batch_of(CROSS, WAVE)
    assert augment(batch, 0, random()) is batch


def test_randomness_comes_from_the_generator_and_the_batch_is_kept() -> None:
    batch = batch_of(CROSS, STAIRS, WAVE, POINT)
    before = batch.ink.copy(), batch.lengths.copy()
    first, again, another = (augment(batch, 1, random(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.ink, again.ink)
    assert not np.array_equal(first.ink, another.ink)
    assert np.array_equal(batch.ink, before[0])
    assert np.array_equal(batch.lengths, before[1])


@pytest.mark.parametrize("strength", [0.3, 1.0, 3.0])
def test_a_varied_drawing_is_a_drawing(strength: float) -> None:
    batch = batch_of(CROSS, STAIRS, WAVE, POINT, times=50)
    varied = augment(batch, strength, random())
    assert varied.ink.dtype == np.float32
    assert varied.ink.shape == batch.ink.shape
    assert ((varied.lengths >= 1) & (varied.lengths <= batch.lengths)).all()
    for place, length in enumerate(varied.lengths):
        ink = varied.ink[place]
        assert not ink[length:].any()
        assert ink[length - 1, 2] == 1 and set(ink[:, 2]) <= {0, 1}
        low, high = points(varied, place).min(axis=0), points(varied, place).max(axis=0)
        np.testing.assert_allclose(low, 0, atol=1e-4)
        if length > 1:
            assert (high - low).max() == pytest.approx(1, abs=1e-4)


def test_tiny_strength_leaves_a_drawing_or_its_mirror_image() -> None:
    batch = batch_of(WAVE, times=400)
    varied = augment(batch, 1e-9, random())
    assert np.array_equal(varied.ink[..., 2], batch.ink[..., 2])
    places = points(batch, 0)
    mirrored = np.column_stack([places[:, 0].max() - places[:, 0], places[:, 1]])
    kinds = [
        [np.allclose(points(varied, place), each, atol=1e-4) for place in range(400)]
        for each in (places, mirrored)
    ]
    assert sum(kinds[0]) + sum(kinds[1]) == 400
    assert 160 < sum(kinds[0]) < 240


def test_points_and_strokes_are_dropped_but_not_ends_of_strokes() -> None:
    count = 2000
    batch = batch_of(WAVE, times=count)
    varied = augment(batch, 1, random())
    assert (varied.ink[..., 2].sum(axis=1) == 1).all()
    inner = batch.lengths[0] - 1
    lost = (batch.lengths - varied.lengths) / inner
    assert lost.mean() == pytest.approx(0.06, abs=0.01)
    # A quarter of drawings of five strokes loses one, none of two strokes.
    varied = augment(batch_of(STAIRS, times=count), 1, random())
    strokes = varied.ink[..., 2].sum(axis=1)
    assert set(strokes) == {4, 5}
    assert (strokes == 4).mean() == pytest.approx(0.25, abs=0.04)
    varied = augment(batch_of(CROSS, times=count), 1, random())
    assert (varied.ink[..., 2].sum(axis=1) == 2).all()


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_rotation_and_scale_have_the_documented_deviations(strength: float) -> None:
    varied = augment(batch_of(CROSS, times=4000), strength, random())
    whole = np.flatnonzero(varied.lengths == 4)
    places = np.cumsum(varied.ink[whole, :4, :2], axis=1)
    across, down = places[:, 1] - places[:, 0], places[:, 3] - places[:, 2]
    assert (across[:, 0] < 0).mean() == pytest.approx(0.5, abs=0.05)
    turn = np.arctan(across[:, 1] / across[:, 0])
    # Rotations are symmetric, mirrored or not.
    assert turn.mean() == pytest.approx(0, abs=0.01)
    assert turn.std() == pytest.approx(0.12 * strength, rel=0.1)
    lean = np.arctan(down[:, 0] / down[:, 1])
    assert lean.std() == pytest.approx(np.hypot(0.12, 0.08) * strength, rel=0.1)
    ratio = np.log(np.hypot(*across.T) / np.hypot(*down.T))
    assert ratio.std() == pytest.approx(0.12 * np.sqrt(2) * strength, rel=0.1)


def test_points_are_jittered() -> None:
    line = [[[0, 0], [100, 4.1], [200, -4.1], [255, 0]]]
    batch = batch_of(line)
    straight = Padded(batch.ink * np.float32([1, 0, 1]), batch.lengths)
    many = Padded(np.repeat(straight.ink, 3000, 0), np.repeat(straight.lengths, 3000))
    varied = augment(many, 1, random())
    whole = varied.lengths == 4
    places = np.cumsum(varied.ink[whole, :4, :2], axis=1)
    along = places[:, 3] - places[:, 0]
    away = places[:, 1] - places[:, 0]
    distance = (along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) / np.hypot(
        *along.T
    )
    # Jitter of 0.006 of the second point and, interpolated, of both end points.
    share = 100 / 255
    expected = 0.006 * np.sqrt(1 + share**2 + (1 - share) ** 2)
    assert distance.std() == pytest.approx(expected, rel=0.2)

"""Tables: probabilities, log ratios, storage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.models.critic.cadence_keys import (
    DEGREES_SHAPE,
    FOLLOWING_SHAPE,
    CadenceKeys,
)
from chorale.models.critic.events import TABLES, Events
from chorale.models.critic.shrinkage import log_ratios, probabilities
from chorale.models.critic.tables import Critic
from chorale.utils.files import load_arrays, save_arrays


def random_critic(seed: int = 0) -> Critic:
    """Return a critic of log ratios in storable steps."""
    random = np.random.default_rng(seed)
    return Critic(
        {
            name: (random.integers(-64, 65, shape) / 32).astype(np.float32)
            for name, shape in TABLES.items()
        }
    )


def test_probabilities_sum_to_one_and_follow_the_counts() -> None:
    counts = np.random.default_rng(0).integers(0, 50, (3, 4, 5)).astype(float)
    found = probabilities(counts, np.full(5, 0.2))
    assert found.sum(axis=-1) == pytest.approx(1)
    assert (found > 0).all()
    counts *= 1e9
    shares = counts / counts.sum(axis=-1, keepdims=True)
    assert probabilities(counts, np.full(5, 0.2)) == pytest.approx(shares, abs=1e-6)


def test_nothing_counted_leaves_the_more_general() -> None:
    counts = np.zeros((2, 4))
    counts[0] = [1000, 0, 0, 0]
    found = probabilities(counts, np.full(4, 0.25))
    assert found[1, 0] > 0.9


def test_log_ratios_are_signed_and_zero_for_equal_counts() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (3, 4)).astype(float)
    assert log_ratios(counts, counts) == pytest.approx(0)
    more = counts.copy()
    more[1, 2] += 50
    assert log_ratios(more, counts)[1, 2] > 0.1
    assert log_ratios(counts, more) == pytest.approx(-log_ratios(more, counts))


def test_a_critic_adds_the_log_ratios_of_events() -> None:
    critic = random_critic()
    gains = np.zeros(2)
    first = np.zeros(3, np.int64)
    axes = [first] * (len(TABLES["beats"]) - 1)
    events = Events.of("beats", np.array([0, 1, 1]), *axes, np.array([1, 2, 2]))
    critic.add(gains, events)
    table = critic.tables["beats"][0, 0]
    assert gains.tolist() == [table[1], 2 * table[2]]


def test_a_stored_critic_is_the_same(tmp_path: Path) -> None:
    critic = random_critic()
    for name in ("a.npz", "b.npz"):
        critic.save(tmp_path / name)
    stored = Critic.load(tmp_path / "a.npz")
    for name, table in critic.tables.items():
        np.testing.assert_array_equal(stored.tables[name], table)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_keys_of_cadences_are_stored_too(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    keys = CadenceKeys(
        random.integers(0, 900, FOLLOWING_SHAPE),
        random.integers(0, 900, DEGREES_SHAPE),
    )
    critic = replace(random_critic(), cadence_keys=keys)
    critic.scaled(0.5).save(tmp_path / "critic.npz")
    stored = Critic.load(tmp_path / "critic.npz").cadence_keys
    assert stored is not None
    np.testing.assert_array_equal(stored.following, keys.following)
    np.testing.assert_array_equal(stored.degrees, keys.degrees)
    random_critic().save(tmp_path / "critic.npz")
    assert Critic.load(tmp_path / "critic.npz").cadence_keys is None


def test_half_of_the_keys_or_less_than_nothing_is_refused(tmp_path: Path) -> None:
    keys = CadenceKeys(
        np.zeros(FOLLOWING_SHAPE, np.int64),
        np.zeros(DEGREES_SHAPE, np.int64),
    )
    path = tmp_path / "critic.npz"
    replace(random_critic(), cadence_keys=keys).save(path)
    arrays = load_arrays(path)
    save_arrays(path, {**arrays, "key_degrees": arrays["key_degrees"] - 1})
    with pytest.raises(ModelError, match="0 or more"):
        Critic.load(path)
    del arrays["key_degrees"]
    save_arrays(path, arrays)
    with pytest.raises(ModelError, match="chorale critic"):
        Critic.load(path)


def test_other_tables_are_refused(tmp_path: Path) -> None:
    save_arrays(tmp_path / "critic.npz", {"beats": np.zeros(3, np.int8)})
    with pytest.raises(ModelError, match="chorale critic"):
        Critic.load(tmp_path / "critic.npz")

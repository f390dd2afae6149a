"""Keys of phrase ends: numbers, the chain, and melodies that decide."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.models.critic.cadence_keys import (
    BEGINNING,
    DEGREES_SHAPE,
    FOLLOWING_SHAPE,
    HOMES,
    KEYS,
    CadenceKeys,
    key_of,
    last_degrees,
    number_of,
)
from chorale.music.harmony.degrees import MODES
from chorale.music.keys import Key

DOMINANT = 7


def random_keys(seed: int = 0) -> CadenceKeys:
    random = np.random.default_rng(seed)
    return CadenceKeys(
        random.integers(0, 9, FOLLOWING_SHAPE), random.integers(0, 9, DEGREES_SHAPE)
    )


def alternating() -> CadenceKeys:
    """Return a chain of pieces in major that leave for the dominant and come back."""
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    for before, key in ((BEGINNING, 0), (0, DOMINANT), (DOMINANT, 0)):
        following[0, before, key] = 10**6
    return CadenceKeys(following, np.zeros(DEGREES_SHAPE, np.int64))


@pytest.mark.parametrize("home", [Key("D", "major"), Key("Bb", "minor")])
def test_numbers_of_keys(home: Key) -> None:
    assert number_of(home, home) == HOMES[MODES.index(home.mode)]
    assert [number_of(key_of(each, home), home) for each in range(KEYS)] == [
        *range(KEYS)
    ]
    assert key_of(DOMINANT, Key("D", "major")) == Key("A", "major")
    assert key_of(12 + 9, Key("D", "major")) == Key("B", "minor")


def test_degrees_at_the_end_of_a_melody() -> None:
    assert last_degrees(np.array([0, 60, 64, 64, 62, 62]), 2) == (2, 0)
    for silent in ([], [60, 0], [60, 60], [0, 60]):
        assert last_degrees(np.array(silent, np.int64), 0) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_the_last_phrase_ends_in_the_key_of_the_piece(mode: str, seed: int) -> None:
    keys, random = random_keys(seed), np.random.default_rng(seed)
    for count in (1, 2, 6):
        drawn = keys.draw(
            mode, [None, (7, 11), (2, 0), None, (1, 2), (5, 4)][:count], random
        )
        assert len(drawn) == count
        assert drawn[-1] == HOMES[MODES.index(mode)]
        assert set(drawn) <= set(range(KEYS))


def test_keys_follow_the_chain_to_the_end() -> None:
    """An odd number of phrases is home, away, home; the other keys have no chance."""
    for seed in range(20):
        drawn = alternating().draw("major", [None] * 5, np.random.default_rng(seed))
        assert drawn == [0, DOMINANT, 0, DOMINANT, 0]


def test_shares_are_those_of_the_chain() -> None:
    keys = random_keys()
    random = np.random.default_rng(0)
    firsts = [keys.draw("minor", [None] * 2, random)[0] for _ in range(4000)]
    found = np.bincount(firsts, minlength=KEYS) / len(firsts)
    home = HOMES[1]
    wanted = keys.transitions[1, BEGINNING] * keys.transitions[1, :KEYS, home]
    assert found == pytest.approx(wanted / wanted.sum(), abs=0.02)


def test_a_melody_decides_between_keys_that_are_equally_likely() -> None:
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    following[0, :, [0, DOMINANT]] = 1000
    degrees = np.zeros(DEGREES_SHAPE, np.int64)
    degrees[0, 11, 0] = 10**6  # from the leading tone to the tonic
    keys, random = CadenceKeys(following, degrees), np.random.default_rng(0)
    for _ in range(20):
        assert keys.draw("major", [(6, 7), (11, 0)], random) == [DOMINANT, 0]
        assert keys.draw("major", [(11, 0), (11, 0)], random) == [0, 0]


@pytest.mark.parametrize("mode", MODES)
def test_without_counts_all_is_in_the_key_of_the_piece(mode: str) -> None:
    keys = CadenceKeys(
        np.zeros(FOLLOWING_SHAPE, np.int64), np.zeros(DEGREES_SHAPE, np.int64)
    )
    drawn = keys.draw(mode, [None, (11, 0), None], np.random.default_rng(0))
    assert drawn == [HOMES[MODES.index(mode)]] * 3

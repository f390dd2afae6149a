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
    Close,
    key_of,
    number_of,
)
from chorale.music.harmony.degrees import MODES
from chorale.music.keys import Key

DOMINANT = 7


def random_keys(seed: int = 0) -> CadenceKeys:
    random = np.random.default_rng(seed)
    return CadenceKeys(
        random.integers(0, 9, FOLLOWING_SHAPE),
        random.integers(0, 9, DEGREES_SHAPE),
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
    assert Close.of(np.array([0, 60, 64, 64, 62, 62]), 2) == (10, 2, 0)
    assert Close.of(np.array([67, 72, 0, 71, 71, 72]), 0) == (0, 11, 0)
    assert Close.of(np.array([0, 64, 64, 62]), 2) == (None, 2, 0)
    for silent in ([], [60, 0], [60, 60], [0, 60]):
        assert Close.of(np.array(silent, np.int64), 0) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_the_last_phrase_ends_in_the_key_of_the_piece(mode: str, seed: int) -> None:
    keys, random = random_keys(seed), np.random.default_rng(seed)
    for count in (1, 2, 6):
        drawn = keys.draw(
            mode,
            [
                None,
                Close(2, 7, 11),
                Close(None, 2, 0),
                None,
                Close(9, 1, 2),
                Close(7, 5, 4),
            ][:count],
            random,
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
    degrees[0, 9, 11, 0] = 10**6  # from the leading tone to the tonic
    keys, random = CadenceKeys(following, degrees), np.random.default_rng(0)
    home = Close(None, 11, 0)
    for _ in range(20):
        assert keys.draw("major", [Close(None, 6, 7), home], random) == [DOMINANT, 0]
        assert keys.draw("major", [home, home], random) == [0, 0]


def test_the_third_last_note_decides_where_the_last_two_do_not() -> None:
    """A G ends phrases at home after a B, and in the dominant after an F sharp."""
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    following[0, :, [0, DOMINANT]] = 1000
    degrees = np.zeros(DEGREES_SHAPE, np.int64)
    degrees[0, 11, 9, 7] = degrees[0, 11, 2, 0] = 10**6
    keys, random = CadenceKeys(following, degrees), np.random.default_rng(0)
    end = Close(11, 2, 0)
    for _ in range(20):
        assert keys.draw("major", [Close(11, 9, 7), end], random) == [0, 0]
        assert keys.draw("major", [Close(6, 9, 7), end], random) == [DOMINANT, 0]


def test_the_likeliest_keys_are_taken_where_a_melody_is_given() -> None:
    """Keys of odds of 3 to 1 are drawn, unless most ends are known."""
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    following[0, :, 0], following[0, :, DOMINANT] = 3 * 10**6, 10**6
    keys = CadenceKeys(following, np.zeros(DEGREES_SHAPE, np.int64))
    random, close = np.random.default_rng(0), Close(None, 2, 0)

    def share(*ends: Close | None) -> float:
        drawn = [keys.draw("major", [*ends], random)[0] for _ in range(2000)]
        return drawn.count(DOMINANT) / len(drawn)

    assert share(None, None) == pytest.approx(1 / 4, abs=0.04)
    assert share(close, None) == pytest.approx(1 / 4, abs=0.04)
    assert share(close, close) == 0


@pytest.mark.parametrize("mode", MODES)
def test_without_counts_all_is_in_the_key_of_the_piece(mode: str) -> None:
    keys = CadenceKeys(
        np.zeros(FOLLOWING_SHAPE, np.int64), np.zeros(DEGREES_SHAPE, np.int64)
    )
    drawn = keys.draw(mode, [None, Close(2, 11, 0), None], np.random.default_rng(0))
    assert drawn == [HOMES[MODES.index(mode)]] * 3

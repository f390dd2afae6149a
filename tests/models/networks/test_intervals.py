"""Scale degrees and intervals of tokens, and the tables of them."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import wide_vocabulary

pytestmark = pytest.mark.keras


def test_degrees_stay_when_notes_and_key_move_together():
    from chorale.models.networks.intervals import NO_DEGREE, scale_degrees

    vocabulary = wide_vocabulary("hold")
    tokens = np.arange(vocabulary.size)
    sounding = slice(1, vocabulary.pitch_count)
    c_major = np.asarray(scale_degrees(tokens, np.array(1), vocabulary))
    # The lowest note is C2; silence and HOLD have no degree.
    assert c_major[sounding].tolist() == [n % 12 for n in range(49)]
    assert c_major[0] == c_major[vocabulary.hold] == NO_DEGREE
    d_major = np.asarray(scale_degrees(tokens, np.array(3), vocabulary))
    np.testing.assert_array_equal(
        d_major[3 : sounding.stop], c_major[1 : sounding.stop - 2]
    )
    c_minor = np.asarray(scale_degrees(tokens, np.array(13), vocabulary))
    np.testing.assert_array_equal(c_minor[sounding], c_major[sounding] + 12)
    unknown = np.asarray(scale_degrees(tokens, np.array(0), vocabulary))
    assert (unknown == NO_DEGREE).all()


def test_intervals_are_counted_between_notes_alone():
    from chorale.models.networks.intervals import NO_INTERVAL, interval

    vocabulary = wide_vocabulary("hold")
    expected = {(10, 10): 36, (10, 17): 43, (17, 10): 29, (1, 49): 72, (49, 1): 0}
    for silent in (0, vocabulary.hold, vocabulary.nothing):
        expected |= {(silent, 10): NO_INTERVAL, (10, silent): NO_INTERVAL}
    for (low, high), value in expected.items():
        assert int(interval(np.array(low), np.array(high), vocabulary)) == value
    # Four octaves and more count as three.
    assert (
        len(set(np.asarray(interval(np.array(1), np.arange(37, 50), vocabulary)))) == 1
    )


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_tables_hold_the_interval_and_the_degree_of_all_numbers(encoding):
    from chorale.models.networks.intervals import (
        NO_DEGREE,
        NO_INTERVAL,
        degree_table,
        interval_table,
    )

    vocabulary = wide_vocabulary(encoding)
    intervals, degrees = interval_table(vocabulary), degree_table(vocabulary)
    numbers = vocabulary.nothing + 1
    assert intervals.shape == (numbers, numbers) and degrees.shape == (25, numbers)

    def midi(number):
        silent = number in (0, vocabulary.nothing)
        return None if silent else number + vocabulary.lowest - 1

    for low in range(numbers):
        for high in range(numbers):
            one, other = midi(low), midi(high)
            wide = NO_INTERVAL
            if one is not None and other is not None:
                wide = 36 + max(-36, min(36, other - one))
            assert intervals[low, high] == wide
        for key in range(25):
            mode, tonic = divmod(key - 1, 12)
            expected = NO_DEGREE
            if key and midi(low) is not None:
                expected = 12 * mode + (midi(low) - tonic) % 12
            assert degrees[key, low] == expected

"""The voice heads: notes by name, by degree and by interval."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import wide_vocabulary
from tiny import PLAN, tiny_network, tiny_options

from chorale.networks.next_step import NextStepNetwork
from chorale.networks.voice_heads import (
    NO_DEGREE,
    NO_INTERVAL,
    Seen,
    interval,
    scale_degrees,
)
from chorale.voices import ALTO, BASS, SOPRANO, TENOR, VOICES


def test_degrees_stay_when_notes_and_key_move_together():
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


def _seen(tokens: np.ndarray, size: int) -> Seen:
    degrees = np.full((*tokens.shape[:-1], size), NO_DEGREE, "int32")
    return Seen(tokens, tokens * 0, tokens, tokens * 0, tokens * 0, degrees)


@pytest.mark.parametrize("voice", [SOPRANO, ALTO, TENOR, BASS])
def test_what_is_written_by_interval_moves_with_the_notes(voice):
    vocabulary = wide_vocabulary("hold")
    head = tiny_network(tiny_options("gru"), vocabulary).heads[voice]
    hidden = np.ones((1, 8), "float32")
    lower, higher = (
        np.asarray(head._by_interval(hidden, _seen(tokens, vocabulary.size)))[0]
        for tokens in (
            np.array([[26, 21, 16, 9]], "int32"),
            np.array([[31, 26, 21, 14]], "int32"),
        )
    )
    # Silence and HOLD stay, every note is five tokens further up.
    last = vocabulary.pitch_count
    np.testing.assert_allclose(lower[[0, last]], higher[[0, last]], atol=1e-6)
    np.testing.assert_allclose(lower[1 : last - 5], higher[6:last], atol=1e-6)
    assert np.ptp(lower) > 0.1


def test_a_head_hears_a_transposed_step_as_the_same_intervals():
    """Of its columns of integers only those of names move with the notes."""
    vocabulary = wide_vocabulary("pitch")
    head = tiny_network(tiny_options("gru"), vocabulary).heads[TENOR]
    columns = [
        np.asarray(head._columns(_seen(tokens, vocabulary.size)))[0]
        for tokens in (
            np.array([[26, 21, 16, 9]], "int32"),
            np.array([[31, 26, 21, 14]], "int32"),
        )
    ]
    moved = columns[1] - columns[0]
    # Soprano, bass and alto now; all four before; then intervals from the tenor's own.
    named = 3 * 3 + 2 * VOICES
    assert sorted(moved[:named]) == [0] * (named - 7) + [5] * 7
    assert not moved[named:].any()
    assert columns[0][named:].tolist() == [36 + n for n in (10, 5, -7, 10, -7, 5)]


@pytest.mark.parametrize("intervals", [True, False])
@pytest.mark.parametrize("plan", [PLAN, ("step",)])
def test_a_network_has_weights_for_what_it_uses(intervals, plan):
    options = tiny_options("gru", intervals=intervals)
    network = NextStepNetwork(options, wide_vocabulary(), plan)
    names = " ".join(weight.path for weight in network.weights)
    assert ("interval_logits" in names) == intervals
    assert ("degree_logits" in names) == ("key" in plan)

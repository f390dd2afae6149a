"""Echoes: what came next at the earlier place that agrees for longest."""

from __future__ import annotations

import numpy as np
from fakes import toy_vocabulary
from hypothesis import given
from hypothesis import strategies as st

from chorale.encoding.echoes import LENGTHS, Trail, echoes
from chorale.music.voices import VOICES

# From how many steps on agreement is in the next class.
CLASSES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


def rows(letters: str) -> np.ndarray:
    """Return int array (1, steps, 4), a chord for each letter."""
    numbers = np.array([ord(letter) - ord("a") for letter in letters])
    return np.stack([numbers % 3, numbers // 3, numbers % 2, numbers // 2], -1)[None]


def test_the_place_that_agrees_for_longest_is_repeated():
    found = echoes(toy_vocabulary("pitch"), rows("abcdxbcdab"))
    # Before the last step "a" has come once before, alone, and "b" followed it.
    assert found.lengths[0].tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 3, 1]
    expected = rows("aaaaaacdxb")
    expected[0, :6] = 0
    np.testing.assert_array_equal(found.tokens, expected)


def test_the_later_of_equals_is_repeated_and_a_held_chord_goes_on():
    found = echoes(toy_vocabulary("pitch"), rows("axaya"))
    np.testing.assert_array_equal(found.tokens[0, 4], rows("a")[0, 0] * 0)
    found = echoes(toy_vocabulary("pitch"), rows("axayaz"))
    np.testing.assert_array_equal(found.tokens[0, 5], rows("y")[0, 0])
    held = echoes(toy_vocabulary("pitch"), rows("aaaaa"))
    assert held.lengths[0].tolist() == [0, 0, 1, 2, 3]


def test_held_chords_differ_from_other_held_chords():
    vocabulary = toy_vocabulary("hold")
    hold = vocabulary.hold
    line = [1, hold, 2, hold, 1, hold]
    tokens = np.repeat(np.array(line)[None, :, None], VOICES, axis=2)
    found = echoes(vocabulary, tokens)
    # After the note held the second time only the first place agrees, for two steps.
    assert found.lengths[0].tolist() == [0, 0, 0, 0, 0, 1]
    assert found.tokens[0, 5].tolist() == [hold] * VOICES


@given(line=st.lists(st.integers(1, 2), min_size=1, max_size=30))
def test_echoes_are_those_of_a_search_by_hand(line):
    tokens = np.ones((1, len(line), VOICES), np.int64)
    tokens[0, :, 1] = line
    found = echoes(toy_vocabulary("pitch"), tokens)
    for step in range(len(line)):
        runs = [_run(line, place, step) for place in range(step)]
        longest = max(runs, default=0)
        assert found.lengths[0, step] == sum(longest >= one for one in CLASSES)
        assert found.lengths[0, step] < LENGTHS
        if longest:
            place = max(place for place, run in enumerate(runs) if run == longest)
            np.testing.assert_array_equal(found.tokens[0, step], tokens[0, place])
        else:
            assert not found.tokens[0, step].any()


def _run(line: list[int], place: int, step: int) -> int:
    """Return how many steps before `place` and before `step` agree."""
    run = 0
    while run < place and line[place - 1 - run] == line[step - 1 - run]:
        run += 1
    return run


def test_steps_one_by_one_give_what_whole_pieces_give_and_change_no_copy():
    vocabulary = toy_vocabulary("hold")
    random = np.random.default_rng(0)
    tokens = random.integers(1, 3, (3, 60, VOICES))
    hold = vocabulary.hold
    tokens[:, 1::2] = np.where(random.random((3, 30, 1)) < 0.5, hold, tokens[:, 1::2])
    tokens[:, 30:50] = tokens[:, 4:24]
    whole = echoes(vocabulary, tokens)
    assert whole.lengths.max() >= 8
    # One grows several times, the other never does.
    for capacity in (1, 100):
        rows = np.array([0, 1, 2])
        trail, past = Trail(3, capacity), vocabulary.begin((3,))
        for step in range(60):
            if step % 10 == 5:
                # A copy of some rows goes on where it was; the other way is no matter.
                copied = random.integers(0, 3, 3)
                kept, kept_past, kept_rows = trail, past, rows
                trail, past, rows = trail.at(copied), past.at(copied), rows[copied]
                other = random.integers(1, 3, (3, VOICES))
                kept.after(other, vocabulary.follow(kept_past, other))
                rows = kept_rows[copied]
            found = trail.echo()
            np.testing.assert_array_equal(found.tokens, whole.tokens[rows, step])
            np.testing.assert_array_equal(found.lengths, whole.lengths[rows, step])
            past = vocabulary.follow(past, tokens[rows, step])
            trail = trail.after(tokens[rows, step], past)


def test_what_comes_later_changes_no_echo():
    vocabulary = toy_vocabulary("pitch")
    random = np.random.default_rng(1)
    tokens = random.integers(1, 3, (1, 40, VOICES))
    other = tokens.copy()
    other[:, 20:] = random.integers(1, 3, (1, 20, VOICES))
    first, second = echoes(vocabulary, tokens), echoes(vocabulary, other)
    np.testing.assert_array_equal(first.tokens[:, :21], second.tokens[:, :21])
    np.testing.assert_array_equal(first.lengths[:, :21], second.lengths[:, :21])

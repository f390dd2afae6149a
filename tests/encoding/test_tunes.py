"""Tunes: where a soprano has come before, and how it went on there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import wide_vocabulary
from hypothesis import example, given
from hypothesis import strategies as st

from chorale.encoding.tokens import SILENCE_TOKEN
from chorale.encoding.tunes import MAX_WAIT, NO_TUNES, STRENGTHS, Traces, Tunes
from chorale.errors import ModelError
from chorale.music.voices import SOPRANO, VOICES
from chorale.utils.arrays import IntArray
from chorale.utils.files import save_arrays

VOCABULARY = wide_vocabulary("pitch")
# From how many notes on agreement is in the next class.
CLASSES = (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25)


def piece(*notes: tuple[int, int]) -> IntArray:
    """Return tokens (steps, 4) of a soprano out of pitches and durations."""
    pitches, durations = np.array(notes).T
    tokens = np.full((durations.sum(), VOICES), 20)
    tokens[:, SOPRANO] = np.repeat(pitches, durations)
    return tokens


def recalled(tunes: Tunes, tokens: IntArray) -> list[list[int]]:
    """Return what is recalled before each step of a piece."""
    pitches = VOCABULARY.pasts(tokens).pitches[np.newaxis, :, SOPRANO]
    found: list[list[int]] = tunes.recalls(pitches)[0].tolist()
    return found


def test_a_tune_is_recalled_in_any_key_with_the_steps_to_its_next_note() -> None:
    tunes = Tunes.of([piece((30, 2), (32, 4), (35, 2), (34, 2))], VOCABULARY)
    found = recalled(tunes, piece((33, 2), (35, 4), (38, 1)))
    # Before anything has sounded nothing is recalled; then the tune from its start.
    assert found[0] == [0, 0, 0]
    assert found[1:3] == [[2, 1, 1], [2, 0, 1]]
    assert found[3:7] == [[3, 3, 3], [3, 2, 3], [3, 1, 3], [3, 0, 3]]


def test_an_odd_duration_halves_what_came_before() -> None:
    tunes = Tunes.of([piece((30, 2), (32, 4), (35, 2), (34, 2))], VOCABULARY)
    found = recalled(tunes, piece((33, 2), (35, 3), (38, 1), (37, 1)))
    strengths = [CLASSES.index(notes) + 1 for notes in (1, 2, 2, 2.5)]
    # The second note ends sooner, so the two before count as one at the third.
    assert [row[2] for row in found[1:]] == [
        *strengths[:1] * 2,
        *strengths[1:2] * 3,
        strengths[2],
    ]


def test_a_note_that_outlasts_the_tunes_is_recalled_no_more() -> None:
    tunes = Tunes.of([piece((30, 2), (32, 2))], VOCABULARY)
    found = recalled(tunes, piece((30, 6), (32, 1)))
    assert [row[2] > 0 for row in found] == [False, True, True, False, False, False, 0]


def test_the_end_of_a_tune_has_no_interval_and_never_comes_now() -> None:
    tunes = Tunes.of([piece((30, 2), (32, 4))], VOCABULARY)
    found = recalled(tunes, piece((30, 2), (32, 4), (33, 1)))
    assert found[3:6] == [[0, 3, 3], [0, 2, 3], [0, 1, 3]]
    assert found[6] == [0, 0, 0]


def test_a_wait_is_counted_up_to_a_bar() -> None:
    tunes = Tunes.of([piece((30, 40), (32, 2))], VOCABULARY)
    waits = [row[1] for row in recalled(tunes, piece((30, 40), (32, 1)))[1:]]
    assert waits == [min(MAX_WAIT, 39 - step) for step in range(40)]


def test_a_piece_recalls_what_it_has_sung_itself() -> None:
    tunes = Tunes.of([piece((30, 1), (31, 1))], VOCABULARY)
    phrase = ((30, 2), (34, 1), (32, 3), (37, 2))
    found = recalled(tunes, piece(*phrase, *((p + 1, d) for p, d in phrase)))
    # Its second time begins with a leap that it has not had, so from the note after.
    assert [row[:2] for row in found[11:15]] == [[-2, 0], [5, 2], [5, 1], [5, 0]]
    assert [row[2] for row in found[11:15]] == [1, *[CLASSES.index(2) + 1] * 3]


def test_a_rest_breaks_a_tune_off() -> None:
    tunes = Tunes.of([piece((30, 2), (32, 2), (0, 2), (37, 2), (40, 2))], VOCABULARY)
    found = recalled(tunes, piece((30, 2), (32, 2), (0, 1), (41, 2), (44, 1)))
    assert found[4] == [0, 0, 0]  # the tune ends here, and so nothing comes now
    assert found[5] == [0, 0, 0]  # silence
    assert found[6] == [2, 1, 1]  # it begins anew, last as the piece itself did


def test_a_note_struck_again_is_one_note() -> None:
    vocabulary = wide_vocabulary("hold")
    hold = vocabulary.hold
    tokens = np.full((6, VOICES), hold)
    tokens[0], tokens[2], tokens[4] = 30, 30, 32
    tunes = Tunes.of([tokens], vocabulary)
    assert tunes.durations.tolist() == [4, 2]
    assert tunes.intervals.tolist()[1:] == [2]


# === Properties ===

lines = st.lists(
    st.tuples(st.sampled_from([0, 30, 31, 33]), st.integers(1, 3)),
    min_size=1,
    max_size=12,
)


@given(known=st.lists(lines, min_size=1, max_size=4), line=lines)
@example(known=[[(0, 1)]], line=[(30, 2), (0, 1), (30, 2)])
def test_recall_is_that_of_a_search_by_hand(
    known: list[list[tuple[int, int]]], line: list[tuple[int, int]]
) -> None:
    tunes = Tunes.of([piece(*one) for one in known], VOCABULARY)
    tokens = piece(*line)
    found = recalled(tunes, tokens)
    heard = [notes for one in known for notes in _phrases(piece(*one)[:, SOPRANO])]
    for step in range(len(tokens)):
        # Where no tunes are known at all, the piece's own is not recalled either.
        soprano = tokens[:step, SOPRANO].tolist() if heard else []
        assert tuple(found[step]) == _by_hand(heard, soprano)


def _phrases(soprano: IntArray) -> list[list[tuple[int, int]]]:
    """Return what lies between rests, each a list of pitches and durations."""
    phrases: list[list[tuple[int, int]]] = [[]]
    for pitch in soprano.tolist():
        if pitch == SILENCE_TOKEN:
            phrases.append([])
        elif phrases[-1] and phrases[-1][-1][0] == pitch:
            phrases[-1][-1] = (pitch, phrases[-1][-1][1] + 1)
        else:
            phrases[-1].append((pitch, 1))
    return [phrase for phrase in phrases if phrase]


def _by_hand(
    heard: list[list[tuple[int, int]]], soprano: list[int]
) -> tuple[int, int, int]:
    if not soprano or soprano[-1] == SILENCE_TOKEN:
        return 0, 0, 0
    *own, present = _phrases(np.array(soprano))
    best, result = 0.0, (0, 0, 0)
    for phrase in [*heard, *own, present]:
        ends = len(phrase) - (phrase is present)
        for place in range(ends):
            score = _agreement(phrase[: place + 1], present)
            wait = phrase[place][1] - present[-1][1]
            ended = place + 1 == len(phrase)
            if wait < 0 or (wait == 0 and ended) or score < max(best, 1):
                continue
            up = 0 if ended else phrase[place + 1][0] - phrase[place][0]
            best = score
            result = up, min(wait, MAX_WAIT), sum(score >= one for one in CLASSES)
    return result


def _agreement(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> float:
    """Return how many notes up to the last of each agree."""
    if len(one) == 1 or len(other) == 1:
        return float(len(one) == len(other))
    if one[-1][0] - one[-2][0] != other[-1][0] - other[-2][0]:
        return 0
    before = _agreement(one[:-1], other[:-1])
    return 1 + before * (1 if one[-2][1] == other[-2][1] else 0.5)


@given(known=st.lists(lines, min_size=1, max_size=3), line=lines)
def test_recall_is_the_same_in_every_key_and_blind_to_what_comes_later(
    known: list[list[tuple[int, int]]], line: list[tuple[int, int]]
) -> None:
    tunes = Tunes.of([piece(*one) for one in known], VOCABULARY)
    tokens = piece(*line)
    found = recalled(tunes, tokens)
    assert recalled(tunes, VOCABULARY.shifted(tokens, 5)) == found
    half = len(tokens) // 2
    assert recalled(tunes, tokens[: half + 1]) == found[: half + 1]
    assert all(0 <= row[2] < STRENGTHS and 0 <= row[1] <= MAX_WAIT for row in found)


def test_steps_one_by_one_give_what_whole_pieces_give() -> None:
    random = np.random.default_rng(0)
    tunes = Tunes.of(
        [random.integers(29, 32, (40, VOICES)) for _ in range(5)], VOCABULARY
    )
    pitches = np.repeat(random.integers(29, 32, (3, 20)), 2, axis=1)
    whole = tunes.recalls(np.pad(pitches, ((0, 0), (1, 0)))[:, :-1])
    assert whole[..., 2].max() > CLASSES.index(4)
    traces, rows = Traces(3), np.arange(3)
    for step in range(40):
        if step % 7 == 3:
            # A copy of some rows goes on where it was; what others sing is no matter.
            kept, copied = traces, random.integers(0, 3, 3)
            traces, rows = traces.at(copied), rows[copied]
            tunes.follow(kept, random.integers(29, 32, 3))
        np.testing.assert_array_equal(tunes.recall(traces), whole[rows, step])
        traces = tunes.follow(traces, pitches[rows, step])


# === Leaving one out, and files ===


def test_a_piece_that_is_learnt_does_not_recall_itself() -> None:
    first = piece((30, 2), (32, 4), (35, 2))
    other = piece((30, 2), (31, 4), (29, 2))
    twice = Tunes.of([first, other, VOCABULARY.shifted(first, 3)], VOCABULARY)
    once = twice.without(first, VOCABULARY)
    # It is left out once: another piece of the same tune is recalled all the same.
    assert recalled(once, first) == recalled(twice, first)
    assert len(once.intervals) == 6
    never = once.without(first, VOCABULARY)
    expected = Tunes.of([other], VOCABULARY)
    assert recalled(never, first) == recalled(expected, first)
    assert recalled(never, first) != recalled(once, first)
    assert len(never.without(first, VOCABULARY).intervals) == 3


def test_no_tunes_recall_nothing() -> None:
    assert not np.any(recalled(NO_TUNES, piece((30, 2), (32, 2), (30, 2), (32, 2))))
    rest = Tunes.of([piece((0, 4))], VOCABULARY)
    assert not np.any(recalled(rest, piece((30, 2), (32, 2), (30, 2), (32, 2))))


def test_tunes_survive_their_file(tmp_path: Path) -> None:
    tunes = Tunes.of([piece((30, 2), (0, 1), (35, 300)), piece((40, 3))], VOCABULARY)
    tunes.save(tmp_path / "tunes.npz")
    again = Tunes.load(tmp_path / "tunes.npz")
    for name in ("intervals", "durations", "pieces"):
        np.testing.assert_array_equal(getattr(again, name), getattr(tunes, name))


@pytest.mark.parametrize(
    "arrays",
    [
        {"intervals": np.zeros(3, np.int16)},
        {
            "intervals": np.zeros(3, np.int16),
            "durations": np.zeros(2, np.int16),
            "pieces": np.zeros(3, np.int16),
        },
        {
            "intervals": np.zeros(3),
            "durations": np.zeros(3),
            "pieces": np.zeros(3),
        },
    ],
)
def test_a_file_that_holds_no_tunes_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    path = tmp_path / "tunes.npz"
    save_arrays(path, arrays)
    with pytest.raises(
        ModelError, match=r"tunes\.npz: expected whole numbers intervals"
    ):
        Tunes.load(path)

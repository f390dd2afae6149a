from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from fakes import toy_vocabulary, wide_vocabulary
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales

from chorale.encoding.tokens import MAX_AGE, SILENCE_TOKEN, Vocabulary
from chorale.errors import DataError
from chorale.music.score import Chorale, changes


def line(*soprano: int, onsets: list[bool] | None = None) -> Chorale:
    """Return a chorale whose lower voices are silent."""
    pitches = np.zeros((len(soprano), 4), np.int64)
    pitches[:, 0] = soprano
    struck = changes(pitches)
    if onsets is not None:
        struck[:, 0] = onsets
    return Chorale(pitches=pitches, onsets=struck)


# === Encoding ===


@given(chorales())
def test_hold_comes_back_exactly(chorale: Chorale) -> None:
    vocabulary = wide_vocabulary("hold")
    tokens = vocabulary.encode(chorale)
    pitches, onsets = vocabulary.decode(tokens)
    assert np.array_equal(pitches, chorale.pitches)
    assert np.array_equal(onsets, chorale.onsets)
    assert tokens.min() >= 0 and tokens.max() < vocabulary.size


@given(chorales())
def test_pitch_comes_back_with_repeats_merged(chorale: Chorale) -> None:
    vocabulary = wide_vocabulary("pitch")
    pitches, onsets = vocabulary.decode(vocabulary.encode(chorale))
    assert np.array_equal(pitches, chorale.pitches)
    assert np.array_equal(onsets, changes(chorale.pitches))


def test_tokens_of_a_line() -> None:
    chorale = line(60, 60, 60, 0, 62, onsets=[True, False, True, False, True])
    hold = toy_vocabulary("hold")
    assert hold.hold == 4 and hold.size == 5
    assert hold.encode(chorale)[:, 0].tolist() == [1, 4, 1, 0, 3]
    pitch = toy_vocabulary("pitch")
    assert pitch.hold is None and pitch.size == 4
    assert pitch.encode(chorale)[:, 0].tolist() == [1, 1, 1, 0, 3]


def test_a_note_outside_is_refused_by_name() -> None:
    pitches = np.full((20, 4), 60)
    pitches[17, 2] = 63
    chorale = Chorale(pitches=pitches, source="bwv1")
    with pytest.raises(
        DataError, match=r"bwv1: the tenor's D#4 in bar 2 is outside .* C4 to D4"
    ):
        toy_vocabulary().encode(chorale)


def test_tokens_that_are_none_are_refused() -> None:
    vocabulary = toy_vocabulary("hold")
    with pytest.raises(DataError):
        vocabulary.decode(np.full((1, 4), vocabulary.size))
    with pytest.raises(DataError):
        vocabulary.decode(np.full((1, 4), -1))
    hold = vocabulary.hold
    for tokens in ([[1, 1, 1, hold]], [[1, 1, 1, 0], [hold, hold, hold, hold]]):
        with pytest.raises(DataError, match="the bass holds a note at step"):
            vocabulary.decode(np.array(tokens))


# === Vocabularies ===


def test_a_vocabulary_is_fitted_to_the_notes_that_sound() -> None:
    one = Chorale(pitches=[[72, 67, 60, 48], [0, 69, 62, 50]])
    other = Chorale(pitches=[[74, 65, 64, 43]])
    vocabulary = Vocabulary.fit([one, other], "pitch")
    assert vocabulary.ranges == ((72, 74), (65, 69), (60, 64), (43, 50))
    assert (vocabulary.lowest, vocabulary.highest) == (43, 74)
    assert vocabulary.size == 33  # 32 notes and silence
    assert Vocabulary.fit([one, other], "hold").size == 34


def test_a_vocabulary_needs_notes() -> None:
    with pytest.raises(DataError, match="at least one chorale"):
        Vocabulary.fit([])
    with pytest.raises(DataError, match="the alto never sounds"):
        Vocabulary.fit([line(60, 61)])


def test_a_vocabulary_survives_json() -> None:
    vocabulary = toy_vocabulary("pitch")
    assert Vocabulary.from_json(json.loads(json.dumps(asdict(vocabulary)))) == (
        vocabulary
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"encoding": "midi"},
        {"ranges": ((60, 62),) * 3},
        {"ranges": ((60, 63),) * 4},
        {"ranges": ((62, 60),) * 4},
    ],
)
def test_a_vocabulary_that_makes_no_sense_is_refused(changed: dict) -> None:
    with pytest.raises(DataError):
        Vocabulary(**{**asdict(toy_vocabulary()), **changed})


# === The resolved past ===


def test_what_tokens_sound() -> None:
    for encoding in ("pitch", "hold"):
        vocabulary = toy_vocabulary(encoding)
        sounding = np.array([vocabulary.token(62), SILENCE_TOKEN, vocabulary.nothing])
        assert vocabulary.notes(sounding).tolist() == [62, 0, 0]


def test_pasts_resolve_holds_and_count_ages() -> None:
    vocabulary = toy_vocabulary("hold")
    hold = vocabulary.hold
    tokens = np.zeros((6, 4), np.int64)
    tokens[:, 0] = [1, hold, hold, 1, 0, 0]
    past = vocabulary.pasts(tokens)
    # Step t holds what stands after t - 1.
    assert past.pitches[:, 0].tolist() == [vocabulary.nothing, 1, 1, 1, 1, 0]
    assert past.ages[:, 0].tolist() == [0, 0, 1, 2, 0, 0]
    assert past.pitches[:, 3].tolist() == [vocabulary.nothing, *[SILENCE_TOKEN] * 5]
    assert past.ages[:, 3].tolist() == [0, 0, 1, 2, 3, 4]


def test_ages_stop_growing() -> None:
    vocabulary = toy_vocabulary("pitch")
    past = vocabulary.pasts(np.ones((MAX_AGE + 5, 4), np.int64))
    assert past.ages[-3:, 0].tolist() == [MAX_AGE] * 3


@given(chorales())
def test_both_encodings_resolve_to_the_same_pitches(chorale: Chorale) -> None:
    hold, pitch = wide_vocabulary("hold"), wide_vocabulary("pitch")
    after_hold = hold.pasts(hold.encode(chorale)).pitches[1:]
    after_pitch = pitch.pasts(pitch.encode(chorale)).pitches[1:]
    assert np.array_equal(after_hold, after_pitch)


def test_pasts_of_a_batch_are_those_of_its_pieces() -> None:
    vocabulary = toy_vocabulary("pitch")
    tokens = np.random.default_rng(0).integers(0, vocabulary.size, (3, 7, 4))
    together = vocabulary.pasts(tokens)
    for row in range(3):
        alone = vocabulary.pasts(tokens[row])
        assert np.array_equal(together.pitches[row], alone.pitches)
        assert np.array_equal(together.ages[row], alone.ages)


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
@given(st.integers(0, 2**32), st.floats(0, 1))
def test_pasts_are_those_of_one_step_after_another(
    encoding: str, seed: int, share: float
) -> None:
    vocabulary = toy_vocabulary(encoding)
    random = np.random.default_rng(seed)
    tokens = random.integers(0, vocabulary.size, (2, 40, 4))
    # Long notes, or rests; a note may be held before any has begun.
    lasting = vocabulary.size - 1 if encoding == "hold" else SILENCE_TOKEN
    tokens = np.where(random.random(tokens.shape) < share, lasting, tokens)
    together = vocabulary.pasts(tokens)
    past = vocabulary.begin((2,))
    for step in range(40):
        assert np.array_equal(together.pitches[:, step], past.pitches)
        assert np.array_equal(together.ages[:, step], past.ages)
        past = vocabulary.follow(past, tokens[:, step])

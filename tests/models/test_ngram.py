"""The n-gram model: counts by hand, and the contract of a Predictor."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import scores_by_steps
from tiny import tiny_chorale

from chorale.corpus.loading import load_corpus
from chorale.encoding.plan import Plan
from chorale.encoding.vocabulary import ENCODINGS
from chorale.errors import DataError
from chorale.evaluation.likelihood import evaluate
from chorale.models.ngram import fit_ngram
from chorale.music.score import Chorale
from chorale.music.voices import ALTO, BASS, SOPRANO, VOICES
from chorale.sampling.generate import Start, sample_each

C, D, E = 1, 2, 3  # tokens of the toy alphabet, 60 to 62


def toy(soprano: list[int], bass: list[int] | None = None) -> Chorale:
    """Return two lines of tokens of the toy alphabet; other voices hold one note."""
    lines = [
        soprano,
        [D] * len(soprano),
        [D] * len(soprano),
        bass or [D] * len(soprano),
    ]
    return Chorale(pitches=59 + np.stack(lines, axis=1))


def next_soprano(predictor, tokens: list[int]) -> np.ndarray:
    """Return the probabilities of the soprano's token after a line of tokens."""
    state = predictor.start(np.array([[0]]))
    for step, token in enumerate(tokens, 1):
        row = np.array([[token, D, D, D]])
        state = predictor.advance(state, row, np.array([[step]]))
    logits = predictor.voice_logits(state, SOPRANO, np.zeros((1, VOICES), np.int64))
    return np.exp(logits[0])


# === Counts ===


def test_probabilities_are_those_of_witten_and_bell() -> None:
    # The soprano has C four times, D twice and E twice; on the beat E, D, C and C.
    chorales = [toy([E, C]), toy([D, C]), toy([C, D]), toy([C, E])]
    predictor = fit_ngram(chorales, "pitch")
    anywhere = (np.array([0, 4, 2, 2]) + 3 / 4) / (8 + 3)
    first = (np.array([0, 2, 1, 1]) + 3 * anywhere) / (4 + 3)
    # The next three numbers of the context add nothing: no voice is written, nothing
    # sounds, so each interpolates with the same counts again.
    for _ in range(3):
        first = (np.array([0, 2, 1, 1]) + 3 * first) / (4 + 3)
    np.testing.assert_allclose(next_soprano(predictor, []), first, rtol=1e-5)


def test_an_unknown_context_is_cut_until_it_is_known() -> None:
    predictor = fit_ngram([toy([C, C, E, C]), toy([C, D, D, D])], "pitch")
    # No piece begins with E: what follows it there is what follows any first note.
    seen = next_soprano(predictor, [C])
    unseen = next_soprano(predictor, [E])
    assert not np.allclose(seen, unseen)
    anywhere = (np.array([0, 4, 3, 1]) + 3 / 4) / (8 + 3)
    second = np.array([0, 1, 1, 0])
    expected = anywhere
    for _ in range(3):
        expected = (second + 2 * expected) / (2 + 2)
    np.testing.assert_allclose(unseen, expected, rtol=1e-5)


def test_a_voice_depends_on_those_written_before_it() -> None:
    same = [toy([C, C, C, C] * 4, [C, C, C, C] * 4), toy([E] * 16, [E] * 16)]
    predictor = fit_ngram(same, "pitch")
    state = predictor.start(np.array([[0], [0]]))
    chosen = np.array([[C, 0, 0, 0], [E, 0, 0, 0]])
    bass = np.exp(predictor.voice_logits(state, BASS, chosen))
    assert bass[0].argmax() == C
    assert bass[1].argmax() == E
    # The alto has one note only, and does not depend on the tenor, written later.
    alto = [
        predictor.voice_logits(state, ALTO, np.array([[C, 0, tenor, C]] * 2))
        for tenor in (C, E)
    ]
    np.testing.assert_array_equal(*alto)


def test_the_place_in_the_beat_counts() -> None:
    predictor = fit_ngram([toy([C, C, C, C, E, E, E, E] * 8)], "pitch")
    moves = [1 - next_soprano(predictor, [C] * count)[C] for count in range(1, 5)]
    assert max(moves[:3]) < 0.1 < 0.8 < moves[3]


# === The contract ===


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_steps_and_sequences_agree_and_nothing_is_impossible(encoding: str) -> None:
    random = np.random.default_rng(0)
    predictor = fit_ngram([tiny_chorale(random) for _ in range(5)], encoding)
    size = predictor.vocabulary.size
    tokens = random.integers(0, size, (3, 20, VOICES))
    plan = random.integers(0, 16, (3, 20, 1))
    scores = predictor.score(tokens, plan)
    assert scores.shape == (3, 20, VOICES, size)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1, atol=1e-5)
    steps = scores_by_steps(predictor, tokens, plan)
    np.testing.assert_allclose(steps, scores, atol=1e-5)
    # Padding at the end changes nothing before it.
    np.testing.assert_array_equal(
        predictor.score(tokens[:, :9], plan[:, :9]), scores[:, :9]
    )


def test_the_sampler_writes_pieces_with_it() -> None:
    random = np.random.default_rng(1)
    train = [tiny_chorale(random) for _ in range(5)]
    plan = Plan.of(train[0])
    starts = [Start(plan, None), Start(plan, train[0].opening(8))]
    samples = sample_each(fit_ngram(train), starts)
    assert [one.steps for one in samples] == [plan.steps] * 2
    np.testing.assert_array_equal(samples[1].pitches[:8], train[0].pitches[:8])


def test_only_chorales_can_be_counted() -> None:
    with pytest.raises(DataError, match="at least one chorale"):
        fit_ngram([])
    with pytest.raises(DataError, match="an encoding out of pitch, hold"):
        fit_ngram([toy([C, D])], "notes")


@pytest.mark.parametrize(("encoding", "most"), [("pitch", 0.62), ("hold", 0.66)])
def test_the_likelihood_of_bach_is_that_of_counting(encoding: str, most: float) -> None:
    corpus = load_corpus(splits=("train", "valid"))
    likelihood = evaluate(fit_ngram(corpus.train, encoding), corpus.valid)
    assert 0.5 < likelihood.nats_per_note < most

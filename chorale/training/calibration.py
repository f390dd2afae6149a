"""Fitting of a calibration to pieces that networks held out.

Each network of a fold predicts the pieces that it has not learned, so that together
they show how far such networks may be trusted on new pieces (cross-fitting,
Chernozhukov et al. 2018). The weights maximize the likelihood of these pieces, as in
multinomial logistic regression with the log-probabilities as offset; the sum of their
squares is penalized.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chorale.encoding.inputs import Inputs
from chorale.encoding.plan import Plan
from chorale.models.calibration.lines import Lines
from chorale.models.calibration.relations import RELATIONS
from chorale.models.calibration.tables import SHAPES, Calibration, Observed
from chorale.models.next_step import NetworkPredictor
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.arrays import Float64Array, FloatArray, IntArray
from chorale.utils.progress import Progress

# Penalty on the squares of the weights, in nats. It was chosen by how well networks of
# some folds of train calibrate that of another.
_PENALTY = 15.0
_ITERATIONS = 150
_NEVER = -1e9  # logarithm of the probability of a relation that no token has


class Examples(NamedTuple):
    """How a voice goes on, and what a network expected.

    Attributes:
        expected: float array (rows, RELATIONS), log-probability that the next token has
            each relation.
        circumstances: int array (rows, circumstances), columns as in SHAPES.
        found: int array (rows,), the relation of the token that came.
    """

    expected: FloatArray
    circumstances: IntArray
    found: IntArray

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """Return the rows of all parts."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def observe_pieces(
    predictor: NetworkPredictor,
    chorales: Sequence[Chorale],
    progress: Progress | None = None,
) -> list[Examples]:
    """Return examples of each voice from pieces that a network has not learned.

    Raises:
        DataError: a note is outside the vocabulary of the network.
    """
    vocabulary = predictor.vocabulary
    found: list[list[Examples]] = [[] for _ in range(VOICES)]
    for number, chorale in enumerate(chorales, 1):
        tokens = vocabulary.encode(chorale)[np.newaxis]
        plan = Plan.of(chorale).features(predictor.plan_features)[np.newaxis]
        scores = predictor.score(tokens, plan)[0]
        inputs = Inputs.of_pieces(tokens, plan, vocabulary, predictor.tunes)
        lines = Lines.of_pieces(inputs.past_pitches, vocabulary)
        observed = Observed(
            inputs.at(0), lines.at(0), vocabulary, predictor.plan_features
        )
        for voice in range(VOICES):
            examples = _examples(observed, voice, scores[:, voice], tokens[0])
            found[voice].append(examples)
        if progress is not None:
            progress(number, len(chorales))
    return [Examples.joined(parts) for parts in found]


def fit_calibration(
    voices: Sequence[Examples], penalty: float = _PENALTY
) -> Calibration:
    """Return the calibration of the likelihood of examples, one item for each voice."""
    fitted = [_fit(examples, penalty) for examples in voices]
    sizes = [count for _, count, _ in SHAPES.values()]
    tables = [np.split(table, np.cumsum(sizes)[:-1]) for table in fitted]
    return Calibration(
        {
            # As they are stored, so that measurements are those of the stored model.
            name: np.stack(parts).astype(np.float16).astype(np.float32)
            for name, parts in zip(SHAPES, zip(*tables, strict=True), strict=True)
        }
    )


def _examples(
    observed: Observed, voice: int, scores: FloatArray, tokens: IntArray
) -> Examples:
    """Return the examples of one voice of a piece.

    Args:
        observed: the piece.
        voice: its index.
        scores: float array (steps, vocabulary size), log-probabilities of the voice.
        tokens: int array (steps, 4), those that came.
    """
    expected = np.full((len(tokens), RELATIONS), _NEVER, np.float32)
    every = np.arange(len(tokens))
    steps = np.broadcast_to(every[:, np.newaxis], scores.shape)
    relations = observed.relations[:, voice]
    np.logaddexp.at(expected, (steps, relations), scores)
    return Examples(
        expected,
        observed.of_voice(voice, tokens),
        relations[every, tokens[:, voice]],
    )


def _fit(examples: Examples, penalty: float) -> Float64Array:
    """Return the weights of one voice, float array (all circumstances, RELATIONS)."""
    from scipy.optimize import minimize
    from scipy.sparse import csr_array

    counts = [count for _, count, _ in SHAPES.values()]
    rows, columns = examples.circumstances.shape
    places = examples.circumstances + np.cumsum([0, *counts[:-1]])
    design = csr_array(
        (
            np.ones(places.size, np.float32),
            places.reshape(-1),
            np.arange(0, places.size + 1, columns),
        ),
        shape=(rows, sum(counts)),
    )
    transposed = design.T.tocsr()
    every = np.arange(rows)
    shape = sum(counts), RELATIONS

    def loss(flat: Float64Array) -> tuple[float, Float64Array]:
        weights = flat.reshape(shape)
        logits = examples.expected + design @ weights.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        totals = odds.sum(axis=1)
        nats = np.log(totals) - logits[every, examples.found]
        odds /= totals[:, np.newaxis]
        odds[every, examples.found] -= 1
        gradient = transposed @ odds + 2 * penalty * weights
        total = float(nats.sum(dtype=np.float64)) + penalty * float((weights**2).sum())
        return total, gradient.astype(np.float64).reshape(-1)

    found = minimize(
        loss,
        np.zeros(shape).reshape(-1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS},
    )
    fitted: Float64Array = found.x.reshape(shape)
    return fitted

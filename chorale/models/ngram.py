"""An n-gram model of chorales: the baseline of every network.

A voice's next token depends on a context of a few small numbers, the most informative
first: the place in the beat, which of the voices already written at this step move,
whether the voice itself moved at the step before, its pitch, and the pitches of the
voices written last. Counts of the whole context are interpolated with those of the
context without its last number, and so on down to the empty context and the uniform
distribution, by Witten and Bell's weights:

    p(token | context) = (n(context, token) + kinds * p(token | shorter))
                         / (n(context) + kinds)

where `kinds` is the number of distinct tokens that followed the context (Witten & Bell,
1991, "The zero-frequency problem", method C; as an interpolation in Chen & Goodman,
1998, section 2.4). There is no constant to choose, and no token is impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.encoding.tokens import Past, Vocabulary
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.utils.arrays import FloatArray, IntArray

# Number of voices already written whose pitches are part of the context. All three make
# contexts so rare that the likelihood of valid does not improve.
_NEIGHBOURS = 2

# Contexts are packed into one integer in this base: above the number of pitches, and
# six digits fit 64 bits.
_RADIX = 256


class Table(NamedTuple):
    """The distributions of the next token after all known contexts of one length.

    Attributes:
        contexts: int array (contexts,), packed, in ascending order.
        logarithms: float array (contexts, vocabulary size), natural logarithms of the
            probabilities, interpolated with those of shorter contexts.
    """

    contexts: IntArray
    logarithms: FloatArray


class NgramState(NamedTuple):
    """State before a step, for a batch of sequences.

    Attributes:
        past: the sounding notes, arrays (batch, 4).
        plan: int array (batch, features), the plan at the present step.
    """

    past: Past
    plan: IntArray


@dataclass(frozen=True, eq=False)
class NgramPredictor:
    """The n-gram model as a Predictor, see `fit_ngram`.

    Attributes:
        vocabulary: what the tokens mean.
        tables: of each voice, soprano first, by length of context, shortest first.
    """

    vocabulary: Vocabulary
    tables: tuple[tuple[Table, ...], ...]
    voice_order: tuple[int, ...] = VOICE_ORDER
    plan_features: tuple[str, ...] = ("position",)
    threads: int = 1
    members: int = 1

    def start(self, plan: IntArray) -> NgramState:
        return NgramState(self.vocabulary.begin((len(plan),)), plan)

    def advance(
        self, state: NgramState, tokens: IntArray, plan: IntArray
    ) -> NgramState:
        return NgramState(self.vocabulary.follow(state.past, tokens), plan)

    def select(self, state: NgramState, rows: IntArray) -> NgramState:
        return NgramState(state.past.at(rows), state.plan[rows])

    def voice_logits(
        self, state: NgramState, voice: int, chosen: IntArray
    ) -> FloatArray:
        rows = np.arange(len(chosen))
        past = state.past.at(rows)
        after = self.vocabulary.follow(past, chosen)
        return self._logarithms(voice, past, after, state.plan[rows])

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        past = self.vocabulary.pasts(tokens)
        after = self.vocabulary.follow(past, tokens)
        scores = [self._logarithms(v, past, after, plan) for v in range(VOICES)]
        return np.stack(scores, axis=-2)

    def _logarithms(
        self, voice: int, past: Past, after: Past, plan: IntArray
    ) -> FloatArray:
        """Return log-probabilities (..., vocabulary size) by the longest known context.

        Args:
            voice: index of the voice.
            past, after: the notes before and after the step, arrays (..., 4).
            plan: int array (..., features).
        """
        shape = (*plan.shape[:-1], self.vocabulary.size)
        logarithms = np.empty(shape, np.float32)
        contexts = _contexts(voice, past, after, plan)
        for table, context in zip(self.tables[voice], contexts, strict=True):
            # A search of all but the last never returns an index past the end.
            rows = np.searchsorted(table.contexts[:-1], context)
            known = table.contexts[rows] == context
            logarithms[known] = table.logarithms[rows[known]]
        return logarithms


def fit_ngram(chorales: Sequence[Chorale], encoding: str = "hold") -> NgramPredictor:
    """Fit the n-gram model to chorales.

    Args:
        chorales: of the training split.
        encoding: `hold` or `pitch`, see `chorale.encoding.tokens`.

    Raises:
        DataError: there are no chorales, a voice that never sounds, or no such
            encoding.
    """
    vocabulary = Vocabulary.fit(chorales, encoding)
    encoded = [vocabulary.encode(chorale) for chorale in chorales]
    pasts = [vocabulary.pasts(piece) for piece in encoded]
    tokens = np.concatenate(encoded)
    past = Past(*(np.concatenate(arrays) for arrays in zip(*pasts, strict=True)))
    after = vocabulary.follow(past, tokens)
    features = NgramPredictor.plan_features
    plans = [Plan.of(chorale).features(features) for chorale in chorales]
    plan = np.concatenate(plans)
    tables = tuple(
        _count(_contexts(voice, past, after, plan), tokens[:, voice], vocabulary.size)
        for voice in range(VOICES)
    )
    return NgramPredictor(vocabulary, tables)


def _contexts(voice: int, past: Past, after: Past, plan: IntArray) -> list[IntArray]:
    """Return the contexts of a voice's next token, packed, shortest first.

    Args:
        voice: index of the voice.
        past: the notes before the step, arrays (..., 4).
        after: the notes after it; read only at the voices written before this one.
        plan: int array (..., features).

    Returns:
        int arrays (...,); the first, of the empty context, is 0 everywhere.
    """
    written = VOICE_ORDER[: VOICE_ORDER.index(voice)]
    moving = np.zeros(plan.shape[:-1], np.int64)
    for neighbour in written:
        moving = 2 * moving + (after.ages[..., neighbour] == 0)
    values = [
        plan[..., 0] % STEPS_PER_QUARTER,
        moving,
        past.ages[..., voice] == 0,
        past.pitches[..., voice],
        *(after.pitches[..., last] for last in reversed(written[-_NEIGHBOURS:])),
    ]
    contexts = [np.zeros_like(moving)]
    for value in values:
        contexts.append(contexts[-1] * _RADIX + value)
    return contexts


def _count(
    contexts: Sequence[IntArray], tokens: IntArray, size: int
) -> tuple[Table, ...]:
    """Return the table of each length of context.

    Args:
        contexts: int arrays (steps,), packed, shortest first.
        tokens: int array (steps,), the tokens that followed them.
        size: of the vocabulary.
    """
    tables = []
    shorter = np.full((1, size), 1 / size)
    shorter_rows = np.zeros_like(tokens)
    for packed in contexts:
        distinct, first, rows = np.unique(
            packed, return_index=True, return_inverse=True
        )
        counts = np.bincount(rows * size + tokens, minlength=len(distinct) * size)
        counts = counts.reshape(-1, size)
        kinds = np.count_nonzero(counts, axis=1)[:, np.newaxis]
        mixed = counts + kinds * shorter[shorter_rows[first]]
        probabilities = mixed / (counts.sum(axis=1, keepdims=True) + kinds)
        tables.append(Table(distinct, np.log(probabilities).astype(np.float32)))
        shorter, shorter_rows = probabilities, rows
    return tuple(tables)

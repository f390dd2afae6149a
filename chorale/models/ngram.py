"""An n-gram of chorales: what counting alone can know, the floor under every network.

A voice's next token depends on a context of a few small numbers, the most telling
first: the place in the beat, which of the voices already written at this step move,
whether the voice itself has just moved, its pitch, and the pitches of the voices
written last. Counts of the whole context are mixed with those of the context without
its last number, and so on down to no context and at last to all tokens alike, by Witten
and Bell's weights:

    p(token | context) = (n(context, token) + kinds * p(token | shorter))
                         / (n(context) + kinds)

where `kinds` is how many different tokens have followed the context: one that has been
followed by many will be followed by new ones (Witten & Bell, 1991, "The zero-frequency
problem", method C; as an interpolation in Chen & Goodman, 1998, section 2.4). So there
is no constant to choose, and nothing is impossible.
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

# Of the voices already written the pitches of this many count, the last ones; the
# pitches of all three are seen too seldom to tell more on valid.
_NEIGHBOURS = 2

# Contexts are packed into one number, this many values to each of theirs: more than
# there are pitches, and six of them fit 64 bits.
_RADIX = 256


class Table(NamedTuple):
    """What follows the contexts of one length that train has.

    Attributes:
        contexts: int array (contexts,), packed, in ascending order.
        logarithms: float array (contexts, vocabulary size), natural logarithms of the
            probabilities, those of shorter contexts mixed in.
    """

    contexts: IntArray
    logarithms: FloatArray


class NgramState(NamedTuple):
    """What stands before a step, for a batch of sequences.

    Attributes:
        past: the notes as they stand, arrays (batch, 4).
        plan: int array (batch, features), the plan at the present step.
    """

    past: Past
    plan: IntArray


@dataclass(frozen=True, eq=False)
class NgramPredictor:
    """A Predictor that has counted; see `fit_ngram`.

    Attributes:
        vocabulary: what the tokens mean.
        tables: of each voice, soprano first, by length of context, shortest first.
    """

    vocabulary: Vocabulary
    tables: tuple[tuple[Table, ...], ...]
    voice_order: tuple[int, ...] = VOICE_ORDER
    plan_features: tuple[str, ...] = ("position",)

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
        after = self.vocabulary.follow(state.past, chosen)
        return self._logarithms(voice, state.past, after, state.plan)

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
            past, after: the notes before and after the step, arrays (..., 4).
            plan: int array (..., features).
        """
        shape = (*plan.shape[:-1], self.vocabulary.size)
        logarithms = np.empty(shape, np.float32)
        contexts = _contexts(voice, past, after, plan)
        for table, wanted in zip(self.tables[voice], contexts, strict=True):
            # Among all but the last, so that every place is one of a row.
            rows = np.searchsorted(table.contexts[:-1], wanted)
            known = table.contexts[rows] == wanted
            logarithms[known] = table.logarithms[rows[known]]
        return logarithms


def fit_ngram(chorales: Sequence[Chorale], encoding: str = "hold") -> NgramPredictor:
    """Count what follows what in chorales.

    Args:
        chorales: of train.
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
    plan = np.concatenate(
        [Plan.of(one).features(NgramPredictor.plan_features) for one in chorales]
    )
    tables = tuple(
        _count(_contexts(voice, past, after, plan), tokens[:, voice], vocabulary.size)
        for voice in range(VOICES)
    )
    return NgramPredictor(vocabulary, tables)


def _contexts(voice: int, past: Past, after: Past, plan: IntArray) -> list[IntArray]:
    """Return the contexts of a voice's next token, packed, shortest first.

    Args:
        past: the notes before the step, arrays (..., 4).
        after: the notes after it; read only at the voices written before this one.
        plan: int array (..., features).

    Returns:
        int arrays (...,); the first, no context, is 0 everywhere.
    """
    written = VOICE_ORDER[: VOICE_ORDER.index(voice)]
    moving = np.zeros(plan.shape[:-1], np.int64)
    for other in written:
        moving = 2 * moving + (after.ages[..., other] == 0)
    values = [
        plan[..., 0] % STEPS_PER_QUARTER,
        moving,
        past.ages[..., voice] == 0,
        past.pitches[..., voice],
        *(after.pitches[..., other] for other in reversed(written[-_NEIGHBOURS:])),
    ]
    contexts = [np.zeros_like(moving)]
    for value in values:
        contexts.append(contexts[-1] * _RADIX + value)
    return contexts


def _count(
    contexts: Sequence[IntArray], tokens: IntArray, size: int
) -> tuple[Table, ...]:
    """Return what follows contexts of each length.

    Args:
        contexts: int arrays (steps,), packed, shortest first.
        tokens: int array (steps,), what followed them.
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

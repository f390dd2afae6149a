"""Interface of next-step models: the distribution of the next step's notes.

Samplers and likelihoods use a Predictor only through this interface. The voices of a
step are written in `voice_order`, each conditioned on those already written:

    state = predictor.start(plan[:, 0])
    for step in range(steps):
        tokens = zeros((batch, 4))
        for voice in predictor.voice_order:
            logits = predictor.voice_logits(state, voice, tokens)
            tokens[:, voice] = choose(logits)
        state = predictor.advance(state, tokens, plan[:, step + 1])

Only one thread at a time may use a state, and `advance` consumes it. One predictor
serves any number of states and threads.

Implementations: networks (`chorale.models.next_step`), ensembles
(`chorale.models.ensemble`), n-grams (`chorale.models.ngram`) and in the tests a fake
with known probabilities.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from chorale.encoding.tokens import Vocabulary
from chorale.utils.arrays import FloatArray, IntArray

State = TypeVar("State")


class Predictor(Protocol[State]):
    """The distribution of the next step's notes, one voice after another.

    Attributes:
        vocabulary: what the tokens mean.
        voice_order: the order in which the voices of a step are written.
        plan_features: names of the columns of `plan`, out of
            `chorale.encoding.plan.FEATURES`.
        threads: how many threads should call it at once; 1, as without this
            attribute, if it is not thread-safe.
        members: number of networks and transpositions evaluated for each row, 1 unless
            the predictor is an ensemble; samplers make their batches smaller by it.
    """

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def voice_order(self) -> tuple[int, ...]: ...

    @property
    def plan_features(self) -> tuple[str, ...]: ...

    @property
    def threads(self) -> int: ...

    @property
    def members(self) -> int: ...

    def start(self, plan: IntArray) -> State:
        """Return the state before the first step.

        Args:
            plan: int array (batch, features), the plan at step 0.
        """
        ...

    def advance(self, state: State, tokens: IntArray, plan: IntArray) -> State:
        """Return the state after one more step.

        It may use the memory of `state`, which must not be used afterwards.

        Args:
            tokens: int array (batch, 4), the step just written.
            plan: int array (batch, features), the plan of the step to come.
        """
        ...

    def select(self, state: State, rows: IntArray) -> State:
        """Return a state of some rows of the batch, which may come several times.

        If they are as many as before, it may use the memory of `state`, which must not
        be used afterwards; otherwise it is an independent copy.

        Args:
            rows: int array (rows,), indices.
        """
        ...

    def voice_logits(self, state: State, voice: int, chosen: IntArray) -> FloatArray:
        """Return unnormalized log-probabilities of one voice's next token.

        Args:
            voice: index of the voice.
            chosen: int array (rows, 4), of as many rows as the state has or of its
                first ones; read only at the voices that come before `voice` in
                `voice_order`.

        Returns:
            float array (rows, vocabulary size).
        """
        ...

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        """Return the log-probabilities of every token at every place of whole pieces.

        Args:
            tokens: int array (batch, steps, 4). Pieces may be padded at their ends:
                nothing depends on what comes later.
            plan: int array (batch, steps, features).

        Returns:
            float array (batch, steps, 4, vocabulary size), natural logarithms; entry
            (b, t, v) is given the steps before t and the voices before v.
        """
        ...


def log_softmax(logits: npt.NDArray[Any]) -> FloatArray:
    """Return log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalizer = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(shifted - normalizer, np.float32)

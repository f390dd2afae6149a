"""Time per note as a piece grows: what a predictor takes for a step at several places.

States of pieces of several lengths take turns, a step each: so a slow moment of the
machine meets all lengths alike. A step is that of a sampler without its drawing.
"""

from __future__ import annotations

import time
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np

from chorale.benchmarks.measures import LENGTHS, Figures, Measure, Prepared
from chorale.benchmarks.sampling import MODELS, SEED, open_model
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.models.predictor import Predictor
from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray

_TURNS = 64  # of a trial; the fastest step counts, which nothing else has delayed


class Reader:
    """Steps through a piece that is repeated without end.

    Args:
        predictor: whose time is measured.
        tokens: int array (steps, 4), of the piece.
        plan: int array (steps, features).
    """

    def __init__(
        self, predictor: Predictor[Any], tokens: IntArray, plan: IntArray
    ) -> None:
        self._predictor, self._tokens, self._plan = predictor, tokens, plan
        self._step = 0
        # Two rows, of which a fork selects a copy of one.
        self._rows = 2
        self._state = predictor.start(np.repeat(plan[:1], self._rows, axis=0))

    def fork(self) -> Reader:
        """Return a reader of one row that goes on from this step alone."""
        twin = copy(self)
        twin._rows = 1
        twin._state = self._predictor.select(self._state, np.arange(1))
        return twin

    def advance(self) -> None:
        """Go to the next step."""
        tokens = self._tokens[self._step % len(self._tokens)]
        self._step += 1
        plan = self._plan[self._step % len(self._plan)]
        self._state = self._predictor.advance(
            self._state,
            np.repeat(tokens[np.newaxis], self._rows, axis=0),
            np.repeat(plan[np.newaxis], self._rows, axis=0),
        )

    def write(self) -> None:
        """Ask for the logits of all voices, then go to the next step."""
        chosen = self._tokens[np.newaxis, self._step % len(self._tokens)]
        for voice in self._predictor.voice_order:
            self._predictor.voice_logits(self._state, voice, chosen)
        self.advance()


def prepare_lengths(model: str | Path) -> Prepared:
    """Prepare the time per note of a model at each of LENGTHS."""
    predictor, piece = open_model(model), find_seed(SEED)
    assert piece is not None
    tokens = predictor.vocabulary.encode(piece)
    plan = Plan.of(piece).features(predictor.plan_features)
    readers = {length: Reader(predictor, tokens, plan) for length in LENGTHS}
    for length, reader in readers.items():
        for _ in range(length - _TURNS):
            reader.advance()

    def trial() -> Figures:
        times: dict[int, list[float]] = {length: [] for length in LENGTHS}
        forks = {length: reader.fork() for length, reader in readers.items()}
        for _ in range(_TURNS):
            for length, reader in forks.items():
                began = time.perf_counter()
                reader.write()
                times[length].append(time.perf_counter() - began)
        return {
            f"ms_per_note_at_{length}": 1000 * min(seconds) / VOICES
            for length, seconds in times.items()
        }

    return Prepared(trial)


def _measure(model: str) -> Measure:
    return Measure(
        name=f"length/{model}",
        title=f"{model}, network alone, fastest step",
        prepare=lambda _: prepare_lengths(model),
        process="sampling",
    )


MEASURES = tuple(_measure(model) for model in MODELS)

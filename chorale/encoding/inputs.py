"""Inputs: what networks read, as one value for training, scoring and sampling.

A next-step network reads `Inputs`, an infilling network `CellInputs`. A new cue is a
field here: its value at each step, after transposition, and where the past is hidden.
Training, prediction and export take the fields as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.cells import CellVocabulary, masked
from chorale.encoding.echoes import Trail, echoes
from chorale.encoding.neighbours import find_neighbours
from chorale.encoding.plan import transpose_features
from chorale.encoding.tokens import Past, Vocabulary
from chorale.encoding.tunes import NO_TUNES, Traces, Tunes
from chorale.music.voices import SOPRANO, VOICES
from chorale.utils.arrays import IntArray

Array = Any  # of NumPy or of the Keras backend


class Inputs(NamedTuple):
    """What a next-step network reads of some steps, int32; `...` are leading axes."""

    past_pitches: Array  # (..., 4), the notes as they stand after the step before
    past_ages: Array  # (..., 4), since when, see `Past`
    plan: Array  # (..., features), see `chorale.encoding.plan`
    tokens: Array  # (..., 4), of the step; a voice's head reads the voices before it
    echo_tokens: Array  # (..., 4), see `chorale.encoding.echoes`
    echo_lengths: Array  # (...)
    recall: Array  # (..., 3), see `chorale.encoding.tunes`

    @classmethod
    def of_pieces(
        cls, tokens: IntArray, plan: IntArray, vocabulary: Vocabulary, tunes: Tunes
    ) -> Inputs:
        """Return the inputs at each step of whole pieces.

        Tokens are (batch, steps, 4), plans (batch, steps, features).
        """
        past, echo = vocabulary.pasts(tokens), echoes(vocabulary, tokens)
        recall = tunes.recalls(past.pitches[..., SOPRANO])
        return cls(*past, plan, tokens, *echo, recall).map(_as_int32)

    @classmethod
    def example(cls, vocabulary: Vocabulary, features: int) -> Inputs:
        """Return the inputs of one silent piece of two steps, of such a plan."""
        tokens, plan = np.zeros((1, 2, VOICES), int), np.zeros((1, 2, features), int)
        return cls.of_pieces(tokens, plan, vocabulary, NO_TUNES)

    @classmethod
    def stack(cls, rows: Sequence[Inputs]) -> Inputs:
        """Return a batch of inputs of equal length."""
        return cls(*map(np.stack, zip(*rows, strict=True)))

    def map(self, function: Any) -> Inputs:
        """Return what a function makes of each array."""
        return Inputs(*map(function, self))

    def at(self, rows: Any) -> Inputs:
        """Return some rows of the first axis, which may come several times."""
        return self.map(lambda array: array[rows])

    def transposed(
        self, semitones: int, vocabulary: Vocabulary, plan_features: Sequence[str]
    ) -> Inputs:
        """Return the inputs as they are once the piece is transposed."""
        return self._replace(
            past_pitches=vocabulary.shifted(self.past_pitches, semitones),
            plan=transpose_features(self.plan, plan_features, semitones),
            tokens=vocabulary.shifted(self.tokens, semitones),
            echo_tokens=vocabulary.shifted(self.echo_tokens, semitones),
        )

    def without_past(self, steps: IntArray, vocabulary: Vocabulary) -> Inputs:
        """Return the inputs with the past hidden at places along the first axis."""
        hidden = {
            "past_pitches": vocabulary.nothing,
            "past_ages": 0,
            "echo_tokens": 0,
            "echo_lengths": 0,
            "recall": 0,
        }
        arrays = {name: getattr(self, name).copy() for name in hidden}
        for name, value in hidden.items():
            arrays[name][steps] = value
        return self._replace(**arrays)


class Context(NamedTuple):
    """The history from which the inputs of the next step are derived, for a batch."""

    past: Past  # the notes as they stand, arrays (batch, 4)
    trail: Trail  # what was written before
    traces: Traces  # where each soprano agrees with known tunes

    @classmethod
    def begin(cls, batch: int, vocabulary: Vocabulary) -> Context:
        """Return the context before the first step."""
        return cls(vocabulary.begin((batch,)), Trail(batch), Traces(batch))

    def after(self, tokens: IntArray, vocabulary: Vocabulary, tunes: Tunes) -> Context:
        """Return the context after one more step, int array (batch, 4).

        It takes over the arrays of this one, which must not be used afterwards.
        """
        past = vocabulary.follow(self.past, tokens)
        trail = self.trail.after(tokens, past)
        return Context(past, trail, tunes.follow(self.traces, past.pitches[:, SOPRANO]))

    def at(self, rows: IntArray) -> Context:
        """Return copies of some rows of the batch, which may come several times."""
        return Context(self.past.at(rows), self.trail.at(rows), self.traces.at(rows))

    def fill(self, inputs: Inputs, plan: IntArray, tunes: Tunes) -> None:
        """Write the inputs of the next step, before any of its tokens is written.

        Args:
            inputs: int32 arrays (batch, …), which are changed.
            plan: int array (batch, features), of the step.
            tunes: those that are recalled.
        """
        recall = tunes.recall(self.traces)
        values = Inputs(*self.past, plan, 0, *self.trail.echo(), recall)
        for own, value in zip(inputs, values, strict=True):
            own[...] = value


class CellInputs(NamedTuple):
    """What an infilling network reads of whole pieces, all int32."""

    cells: Array  # (batch, steps, 4), see `chorale.encoding.cells.masked`
    plan: Array  # (batch, steps, features)
    before: Array  # this and the following: see `chorale.encoding.neighbours`
    after: Array
    to_before: Array
    to_after: Array

    @classmethod
    def of_pieces(
        cls,
        cells: IntArray,
        visible: Any,
        plan: IntArray,
        vocabulary: CellVocabulary,
    ) -> CellInputs:
        """Return the inputs for partly visible pieces.

        Args:
            cells: int array (batch, steps, 4), ABSENT after the end of a piece.
            visible: bool array that broadcasts with it.
            plan: int array (batch, steps, features).
            vocabulary: of the cells.
        """
        read = masked(cells, visible, vocabulary)
        neighbours = find_neighbours(read, vocabulary.size)
        return cls(*map(_as_int32, (read, plan, *neighbours)))

    @classmethod
    def example(cls, vocabulary: CellVocabulary, features: int) -> CellInputs:
        """Return the inputs of one silent piece of two steps, of such a plan."""
        cells, plan = np.zeros((1, 2, VOICES), int), np.zeros((1, 2, features), int)
        return cls.of_pieces(cells, True, plan, vocabulary)


def last_axes(inputs: Inputs | CellInputs) -> dict[str, tuple[int, ...]]:
    """Return the axes of each array after those of batch and steps, by name."""
    return {name: array.shape[2:] for name, array in inputs._asdict().items()}


def _as_int32(array: IntArray) -> Any:
    return array.astype(np.int32)

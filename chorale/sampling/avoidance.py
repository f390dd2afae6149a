"""Avoidance: a model to which notes of given lines are less likely than they were.

A passage that is written again should differ from what it was, and variations of it
from one another. With an energy E, the strength of avoidance times the length of all
notes that agree with a line, in quarter notes, the model's distribution becomes

    log p'(passage) = log p(passage) - E(passage) + constant,

a product of experts (Hinton, 2002). A next-step model pays for an agreement when it
begins, for as long as the line stays on that note: paid step by step, an agreement
would be left in the middle of a note rather than not begun at all. An infiller, which
reads what comes after, pays for each cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.vocabulary import NoteVocabulary
from chorale.models.critic.tables import critic_of
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, Float64Array, FloatArray, IntArray
from chorale.utils.threads import threads_of


@dataclass(frozen=True)
class Avoided:
    """A line that a passage should differ from.

    Attributes:
        chorale: has the notes.
        passage: bool array (steps, 4), the cells that are written.
        strength: nats that a note costs for each quarter note in which it agrees with
            the line.
    """

    chorale: Chorale
    passage: BoolArray
    strength: float

    def tokens(self, vocabulary: NoteVocabulary) -> IntArray:
        """Return the token of the pitch at each place to avoid, int array (steps, 4).

        It is 0 where the line is silent, unknown to the model, or kept.
        """
        pitches = self.chorale.pitches
        known = (vocabulary.lowest <= pitches) & (pitches <= vocabulary.highest)
        is_note = self.passage & known & (pitches != SILENCE)
        return np.where(is_note, pitches - vocabulary.lowest + 1, 0)


class _Line(NamedTuple):
    """What a line costs, by step and voice."""

    tokens: IntArray  # (steps, 4), see `Avoided.tokens`
    # (steps, 4), nats that an agreement costs which begins at this step
    charges: Float64Array
    goes_on: BoolArray  # (steps, 4), whether the line has the pitch of the step before


def _line(avoided: Avoided, vocabulary: NoteVocabulary) -> _Line:
    """Return a line as a next-step model pays for it."""
    tokens = avoided.tokens(vocabulary)
    goes_on = np.zeros(tokens.shape, np.bool_)
    goes_on[1:] = (tokens[1:] == tokens[:-1]) & (tokens[1:] > 0)
    lengths = (tokens > 0).astype(np.float64)
    for step in reversed(range(len(tokens) - 1)):
        lengths[step] += goes_on[step + 1] * lengths[step + 1]
    return _Line(tokens, avoided.strength / STEPS_PER_QUARTER * lengths, goes_on)


class AvoidingState(NamedTuple):
    """State of an avoiding predictor for a batch of sequences.

    Attributes:
        inner: state of the inner predictor.
        step: index of the step to come.
        sounding: int array (batch, 4), `Past.pitches` before that step.
    """

    inner: Any
    step: int
    sounding: IntArray


class AvoidingPredictor:
    """A next-step model that avoids lines; all sequences are of the same piece.

    Args:
        predictor: the inner predictor.
        lines: of that piece.
    """

    def __init__(self, predictor: Predictor[Any], lines: Sequence[Avoided]) -> None:
        self.predictor = predictor
        self.vocabulary = predictor.vocabulary
        self.voice_order = predictor.voice_order
        self.plan_features = predictor.plan_features
        self.threads, self.members = threads_of(predictor), predictor.members
        self.critic = critic_of(predictor)
        self._lines = [_line(line, self.vocabulary) for line in lines]

    def start(self, plan: IntArray) -> AvoidingState:
        sounding = self.vocabulary.begin((len(plan),)).pitches
        return AvoidingState(self.predictor.start(plan), 0, sounding)

    def advance(
        self, state: AvoidingState, tokens: IntArray, plan: IntArray
    ) -> AvoidingState:
        inner, step, sounding = state
        written = np.where(tokens == self.vocabulary.hold, sounding, tokens)
        return AvoidingState(
            self.predictor.advance(inner, tokens, plan), step + 1, written
        )

    def select(self, state: AvoidingState, rows: IntArray) -> AvoidingState:
        inner, step, sounding = state
        return AvoidingState(self.predictor.select(inner, rows), step, sounding[rows])

    def voice_logits(
        self, state: AvoidingState, voice: int, chosen: IntArray
    ) -> FloatArray:
        logits = self.predictor.voice_logits(state.inner, voice, chosen)
        place, hold = (state.step, voice), self.vocabulary.hold
        lines = [line for line in self._lines if line.charges[place]]
        if not lines:
            return logits
        logits = np.array(logits)
        sounding = state.sounding[: len(chosen), voice]
        for line in lines:
            agrees = sounding == line.tokens[place]
            # What goes on to agree has been paid for.
            due = np.full(len(chosen), line.charges[place])
            if line.goes_on[place]:
                due[agrees] = 0
            logits[:, line.tokens[place]] -= due
            if hold is not None:
                logits[:, hold] -= np.where(agrees, due, 0)
        return logits

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        """Return the log-probabilities of the inner predictor, without avoidance."""
        return self.predictor.score(tokens, plan)


class AvoidingInfiller:
    """An infiller that avoids lines; all pieces of a batch are the same piece.

    Args:
        infiller: the inner infiller.
        lines: of that piece, one or more.
    """

    def __init__(self, infiller: Infiller, lines: Sequence[Avoided]) -> None:
        self.infiller = infiller
        self.vocabulary = infiller.vocabulary
        self.plan_features = infiller.plan_features
        self.threads = threads_of(infiller)
        pitches = self.vocabulary.pitches
        steps = lines[0].chorale.steps
        # Nats that each cell costs, (steps, 4, vocabulary size).
        self._costs = np.zeros((steps, 4, len(pitches)), np.float32)
        for line in lines:
            agrees = (line.chorale.pitches[..., np.newaxis] == pitches) & (
                pitches != SILENCE
            )
            agrees &= line.passage[..., np.newaxis]
            self._costs += np.float32(line.strength / STEPS_PER_QUARTER) * agrees

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        logits = self.infiller.logits(cells, visible, plan)
        # A visible cell stays certain.
        hidden = ~visible[..., np.newaxis]
        lowered: FloatArray = logits - self._costs * hidden
        return lowered

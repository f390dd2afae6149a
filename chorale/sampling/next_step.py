"""Tokens drawn from a predictor: step after step, voice after voice, in several pieces.

Every token is drawn the same way: the predictor's logits pass through a few named
steps (`chorale.sampling.logits`), and one uniform number picks from what they leave.
Tokens that
are given are forced instead, so that what follows has heard them; and what came before
a given token is judged by it, if several drafts of the piece are written at once
(`chorale.sampling.particles`).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.encoding.plan import Plan
from chorale.encoding.tokens import SILENCE_TOKEN, Past, Vocabulary
from chorale.errors import UsageError
from chorale.models.predictor import Predictor, log_softmax
from chorale.music.phrases import phrase_starts
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.sampling.logits import DrawingOptions, Logits, pick, with_temperature
from chorale.sampling.particles import ancestors, shares, systematic
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.checks import check_at_least
from chorale.voice_leading.costs import Context, leading_tone, rule_costs

# Drafts of a piece that is completed.
PARTICLES = 8
# Steps after the last one that is written at which drafts are still weighed: of what
# comes later they hardly know more or less than each other.
_HEARD_AFTER = 64


@dataclass(frozen=True, kw_only=True)
class SamplingOptions(DrawingOptions):
    """How notes are drawn, one after another.

    Attributes:
        guidance: how much more closely than by itself the model follows the key of the
            plan in its last bars, see `chorale.models.guidance`; 0 samples the model as
            it is.
        particles: drafts that are written side by side of a piece that is completed,
            see `chorale.sampling.particles`; with 1 the model does not know what is to
            come. None leaves it to what is to be done, and is PARTICLES as a rule.

    Raises:
        UsageError: a value out of bounds.
    """

    guidance: float = 2.0
    particles: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.guidance >= 0 and math.isfinite(self.guidance)):
            raise UsageError(f"expected a guidance of at least 0, got {self.guidance}")
        if self.particles is not None:
            check_at_least(self, particles=1)


class Given(NamedTuple):
    """What is given of a piece.

    Attributes:
        tokens: int array (steps, 4), of the whole piece or its beginning.
        kept: bool array (steps, 4), which of them are kept.
    """

    tokens: IntArray
    kept: BoolArray


def allowed_tokens(vocabulary: Vocabulary, options: DrawingOptions) -> BoolArray:
    """Return what each voice may attack, bool array (4, vocabulary size).

    HOLD is not among it: whether a note may be held depends on the note.

    Raises:
        UsageError: a range without a note that the model knows.
    """
    allowed = np.zeros((VOICES, vocabulary.size), np.bool_)
    allowed[:, SILENCE_TOKEN] = options.rests
    for voice, (low, high) in enumerate(options.ranges or vocabulary.ranges):
        low, high = max(low, vocabulary.lowest), min(high, vocabulary.highest)
        if low > high:
            raise UsageError(
                f"the model knows no note in the range asked for the "
                f"{VOICE_NAMES[voice]}"
            )
        allowed[voice, vocabulary.token(low) : vocabulary.token(high) + 1] = True
    return allowed


class Writing:
    """Pieces that are written side by side, in one draft each or several.

    All are written to the end of the longest; what lies beyond a piece's own end means
    nothing. Rows are drafts: those of the first piece, those of the second, and so on.
    What is given before anything is written is heard once for all drafts of a piece,
    and of what is given after everything, so much is heard as tells the drafts apart.

    Args:
        predictor: the model.
        plans: one a piece.
        given: one a piece.
        streams: of random numbers, one a piece.
        options: how to draw.
        drafts: of each piece.

    Attributes:
        steps: how many it takes.
    """

    def __init__(
        self,
        predictor: Predictor[Any],
        plans: Sequence[Plan],
        given: Sequence[Given],
        streams: Sequence[np.random.SeedSequence],
        options: SamplingOptions,
        drafts: int,
    ) -> None:
        self._predictor, self._options, self._drafts = predictor, options, drafts
        self._allowed = allowed_tokens(predictor.vocabulary, options)
        self._lengths = np.array([plan.steps for plan in plans])
        self._longest = int(self._lengths.max())
        self._plan = self._stack(
            [plan.features(predictor.plan_features) for plan in plans]
        )
        self._phrase_starts = self._stack(
            [phrase_starts(plan.fermatas) for plan in plans]
        )
        self._leading = np.repeat([leading_tone(plan.key) for plan in plans], drafts)
        self._tokens = np.zeros((len(plans) * drafts, self._longest, VOICES), np.int64)
        self._kept = np.zeros(self._tokens.shape, np.bool_)
        for piece, (tokens, kept) in enumerate(given):
            rows = slice(piece * drafts, (piece + 1) * drafts)
            self._tokens[rows, : len(tokens)] = tokens
            self._kept[rows, : len(kept)] = kept
        # Where something is written, bool array (pieces, steps).
        free = ~self._kept[::drafts].all(axis=2)
        free &= np.arange(self._longest) < self._lengths[:, np.newaxis]
        self._first_free = int(free.any(axis=0).argmax())
        ends = self._longest - free[:, ::-1].argmax(axis=1)
        if drafts > 1:
            ends = np.minimum(ends + _HEARD_AFTER, self._lengths)
        # After these steps the drafts of a piece are told apart by nothing more.
        self._ends, self.steps = ends, int(ends.max())
        self._log_weights = np.zeros((len(plans), drafts))
        # The number at a place does not depend on how many steps or pieces there are.
        self._uniforms = np.concatenate(
            [
                np.random.default_rng(stream)
                .random((self._longest, VOICES, drafts))
                .transpose(2, 0, 1)
                for stream in streams
            ]
        )
        self._copying = np.stack(
            [
                np.random.default_rng(stream.spawn(1)[0]).random(self._longest + 1)
                for stream in streams
            ]
        )

    def _stack(self, tables: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return arrays (steps, …) of the pieces as one of the rows.

        A piece that has ended goes on as at its last step.
        """
        steps = np.arange(self._longest)
        longest = [table[np.minimum(steps, len(table) - 1)] for table in tables]
        return np.repeat(np.stack(longest), self._drafts, axis=0)

    def write(self) -> Iterator[None]:
        """Write all tokens that are not given, and yield after every step."""
        vocabulary = self._predictor.vocabulary
        state, past = yield from self._hear_beginning()
        for step in range(self._first_free, self.steps):
            self._write_step(state, past, step)
            rows = self._rows_to_go_on_from(step)
            if (rows != np.arange(len(rows))).any():
                self._tokens = self._tokens[rows]
                past = past.at(rows)
                state = self._predictor.select(state, rows)
            row = self._tokens[:, step]
            past = vocabulary.follow(past, row)
            if step + 1 < self.steps:
                state = self._predictor.advance(state, row, self._plan[:, step + 1])
            yield

    def _hear_beginning(self) -> Generator[None, None, tuple[Any, Past]]:
        """Go through the steps before anything is written, and yield after each.

        Returns:
            the state and the past of all rows then.
        """
        vocabulary = self._predictor.vocabulary
        tokens, plan = self._tokens[:: self._drafts], self._plan[:: self._drafts]
        past = vocabulary.begin((len(tokens),))
        state = self._predictor.start(plan[:, 0])
        for step in range(self._first_free):
            past = vocabulary.follow(past, tokens[:, step])
            state = self._predictor.advance(state, tokens[:, step], plan[:, step + 1])
            yield
        if self._drafts > 1:
            rows = np.repeat(np.arange(len(tokens)), self._drafts)
            past, state = past.at(rows), self._predictor.select(state, rows)
        return state, past

    def written(self) -> list[IntArray]:
        """Return the tokens of each piece, int array (steps, 4): one of its drafts."""
        # By the number that stands at the end of the piece, wherever the others end.
        uniforms = self._copying[np.arange(len(self._lengths)), self._lengths]
        chosen = systematic(shares(self._log_weights), uniforms, 1)[:, 0]
        rows = np.arange(len(chosen)) * self._drafts + chosen
        return [
            self._tokens[row, :length]
            for row, length in zip(rows, self._lengths, strict=True)
        ]

    def _write_step(self, state: Any, past: Past, step: int) -> None:
        """Write a step of all rows, and weigh the drafts by what was given of it."""
        order, vocabulary = self._predictor.voice_order, self._predictor.vocabulary
        tokens, kept = self._tokens[:, step], self._kept[:, step]
        for place, voice in enumerate(order):
            forced = kept[:, voice]
            if forced.all() and self._drafts == 1:
                continue
            logits = self._predictor.voice_logits(state, voice, tokens)
            costs = None
            if self._options.rules != "off":
                context = Context(
                    before=vocabulary.notes(past.pitches),
                    now=vocabulary.notes(vocabulary.follow(past, tokens).pitches),
                    written=order[:place],
                    phrase_start=self._phrase_starts[:, step],
                    leading=self._leading,
                )
                notes = vocabulary.notes_after(past.pitches[:, voice])
                costs = rule_costs(context, voice, notes)
            if self._drafts > 1:
                self._weigh(logits, costs, tokens[:, voice], forced, step)
            if not forced.all():
                drawn = pick(
                    logits,
                    voice,
                    self._may_follow(voice, past.pitches[:, voice]),
                    costs,
                    self._uniforms[:, step, voice],
                    self._options,
                    held=vocabulary.staying(past.pitches[:, voice]),
                )
                tokens[:, voice] = np.where(forced, tokens[:, voice], drawn)

    def _weigh(
        self,
        logits: npt.NDArray[Any],
        costs: Logits | None,
        tokens: IntArray,
        forced: BoolArray,
        step: int,
    ) -> None:
        """Weigh drafts by how likely they have made one voice's given tokens.

        A given token that breaks a rule after a draft costs the draft what a token
        costs that is drawn by lenient rules; strict ones rule none out that is given.
        """
        likely = log_softmax(
            with_temperature(logits.astype(np.float64), self._options.temperature)
        ) - (0.0 if costs is None else costs)
        gained = np.take_along_axis(likely, tokens[:, np.newaxis], axis=1)[:, 0]
        has_ended = step >= np.repeat(self._ends, self._drafts)
        gained = np.where(forced & ~has_ended, gained, 0.0)
        self._log_weights += gained.reshape(self._log_weights.shape)

    def _rows_to_go_on_from(self, step: int) -> IntArray:
        """Return the rows that are copied to each row, int array (rows,)."""
        drafts = np.arange(self._drafts)
        # What no draft has held possible tells none from the others.
        self._log_weights[np.isneginf(self._log_weights).all(axis=1)] = 0.0
        copied = ancestors(self._log_weights, self._copying[:, step])
        self._log_weights[(copied != drafts).any(axis=1)] = 0.0
        first = np.arange(len(copied))[:, np.newaxis] * self._drafts
        rows: IntArray = (first + copied).ravel()
        return rows

    def _may_follow(self, voice: int, sounding: IntArray) -> BoolArray:
        """Return which tokens may follow in one voice, bool array (rows, tokens).

        Args:
            sounding: int array (rows,), the voice's `Past.pitches`.
        """
        vocabulary, allowed = self._predictor.vocabulary, self._allowed[voice]
        may_follow = np.repeat(allowed[np.newaxis], len(sounding), axis=0)
        if vocabulary.hold is not None:
            # A given note outside the range is let go, not held on.
            may_follow[:, vocabulary.hold] = allowed[sounding] & ~vocabulary.is_silent(
                sounding
            )
        return may_follow

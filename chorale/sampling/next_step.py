"""Sampling from a next-step predictor: one step after another, voice by voice.

Given notes are forced, so that later notes are conditioned on them. Earlier notes are
conditioned on them by a particle filter (`chorale.sampling.particles`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.encoding.tokens import Past
from chorale.models.predictor import Predictor, log_softmax
from chorale.music.voices import VOICES
from chorale.sampling.batches import Batch, allowed_tokens
from chorale.sampling.logits import DrawingOptions, Logits, pick, with_temperature
from chorale.sampling.particles import ParticleFilter
from chorale.utils.arrays import BoolArray, FloatArray, IntArray
from chorale.utils.checks import check_at_least
from chorale.voice_leading.costs import rule_costs
from chorale.voice_leading.faults import Context

# Particles of each fragment, unless options say otherwise.
PARTICLES = 8
# Steps after the last free one whose given notes still weight the particles: the
# likelihood of later notes hardly differs between them.
_WEIGHTED_STEPS = 64


@dataclass(frozen=True, kw_only=True)
class SamplingOptions(DrawingOptions):
    """Options of samples from a next-step predictor.

    Attributes:
        guidance: weight of classifier-free guidance by the key of the plan in the last
            bars, see `chorale.models.guidance`; 0 samples the model without it.
        particles: number of particles for each fragment, see
            `chorale.sampling.particles`; with 1 the notes do not depend on given notes
            after them. None takes the default of the task, PARTICLES unless its
            documentation says otherwise.

    Raises:
        UsageError: a value out of bounds.
    """

    guidance: float = 2.0
    particles: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, guidance=0)
        if self.particles is not None:
            check_at_least(self, particles=1)


class NextStepSampler:
    """Samples the free tokens of a batch, in one or several particles of each piece.

    All pieces are sampled up to the end of the longest; what comes after the end of a
    piece has no meaning. Rows are particles: those of the first piece, those of the
    second, and so on.

    Args:
        predictor: the model.
        batch: the pieces.
        options: how to draw.
        particles: number of particles of each piece.

    Attributes:
        steps: number of time steps up to the last one that matters.
    """

    def __init__(
        self,
        predictor: Predictor[Any],
        batch: Batch,
        options: SamplingOptions,
        particles: int,
    ) -> None:
        self._predictor, self._batch, self._options = predictor, batch, options
        self._particles = particles
        self._allowed = allowed_tokens(predictor.vocabulary, options)
        self._tokens = self._per_particle(batch.tokens)
        self._free = self._per_particle(batch.free)
        self._plan = self._per_particle(batch.plan)
        self._phrase_starts = self._per_particle(batch.phrase_starts)
        self._leading_tones = self._per_particle(batch.leading_tones)
        is_free = np.any(batch.free, axis=2)
        self._first_free = int(is_free.any(axis=0).argmax())
        ends = batch.steps - is_free[:, ::-1].argmax(axis=1)
        if particles > 1:
            ends = np.minimum(ends + _WEIGHTED_STEPS, batch.lengths)
        self.steps = int(ends.max())
        # The number at a place does not depend on how many steps or pieces there are.
        self._uniforms = np.concatenate(
            [
                np.random.default_rng(stream)
                .random((batch.steps, VOICES, particles))
                .transpose(2, 0, 1)
                for stream in batch.streams
            ]
        )  # (rows, steps, 4)
        self._filter = ParticleFilter(batch.streams, particles, batch.lengths, ends)

    def _per_particle(self, array: Any) -> Any:
        """Repeat an array (pieces, …) for all particles, to (rows, …)."""
        return np.repeat(array, self._particles, axis=0)

    def run(self) -> Iterator[None]:
        """Draw all free tokens, and yield after every step."""
        vocabulary = self._predictor.vocabulary
        state, past = yield from self._read_beginning()
        for step in range(self._first_free, self.steps):
            self._draw_step(state, past, step)
            rows = self._filter.resample(step)
            if (rows != np.arange(len(rows))).any():
                self._tokens = self._tokens[rows]
                past = past.at(rows)
                state = self._predictor.select(state, rows)
            past = vocabulary.follow(past, self._tokens[:, step])
            if step + 1 < self.steps:
                state = self._predictor.advance(
                    state, self._tokens[:, step], self._plan[:, step + 1]
                )
            yield

    def drawn(self) -> IntArray:
        """Return one particle of each piece, int array (pieces, steps, 4)."""
        tokens: IntArray = self._tokens[self._filter.draw()]
        return tokens

    def _read_beginning(self) -> Generator[None, None, tuple[Any, Past]]:
        """Advance to the first free step, and yield after every step.

        All particles are alike until then, so the predictor is called once a piece.

        Returns:
            state and past of all rows.
        """
        vocabulary, batch = self._predictor.vocabulary, self._batch
        past = vocabulary.begin((len(batch.lengths),))
        state = self._predictor.start(batch.plan[:, 0])
        for step in range(self._first_free):
            tokens = batch.tokens[:, step]
            past = vocabulary.follow(past, tokens)
            state = self._predictor.advance(state, tokens, batch.plan[:, step + 1])
            yield
        if self._particles > 1:
            rows = self._per_particle(np.arange(len(batch.lengths)))
            past, state = past.at(rows), self._predictor.select(state, rows)
        return state, past

    def _draw_step(self, state: Any, past: Past, step: int) -> None:
        """Draw one step of all rows, and weight them by the tokens given in it."""
        order, vocabulary = self._predictor.voice_order, self._predictor.vocabulary
        tokens, free = self._tokens[:, step], self._free[:, step]
        for place, voice in enumerate(order):
            is_free, sounding = free[:, voice], past.pitches[:, voice]
            if self._particles == 1 and not is_free.any():
                continue
            logits = self._predictor.voice_logits(state, voice, tokens)
            costs = None
            if self._options.rules != "off":
                context = Context(
                    before=vocabulary.notes(past.pitches),
                    now=vocabulary.notes(vocabulary.follow(past, tokens).pitches),
                    written=order[:place],
                    phrase_start=self._phrase_starts[:, step],
                    leading=self._leading_tones,
                )
                costs = rule_costs(context, voice, vocabulary.notes_after(sounding))
            if self._particles > 1:
                likelihoods = self._log_likelihoods(logits, costs, tokens[:, voice])
                self._filter.update(np.where(is_free, 0.0, likelihoods), step)
            if is_free.any():
                drawn = pick(
                    logits,
                    self._may_follow(voice, sounding),
                    costs,
                    self._uniforms[:, step, voice],
                    self._options,
                    held=vocabulary.staying(sounding),
                )
                tokens[:, voice] = np.where(is_free, drawn, tokens[:, voice])

    def _log_likelihoods(
        self, logits: FloatArray, costs: Logits | None, tokens: IntArray
    ) -> npt.NDArray[Any]:
        """Return the log-likelihood of a token of each row, float array (rows,).

        The costs of broken rules are subtracted in both rules modes: `strict` rules out
        drawn notes, but no given ones.
        """
        tempered = with_temperature(
            logits.astype(np.float64), self._options.temperature
        )
        scores = log_softmax(tempered) - (0.0 if costs is None else costs)
        return np.take_along_axis(scores, tokens[:, np.newaxis], axis=1)[:, 0]

    def _may_follow(self, voice: int, sounding: IntArray) -> BoolArray:
        """Return the tokens that may follow in one voice, bool array (rows, tokens).

        Args:
            voice: index of the voice.
            sounding: int array (rows,), `Past.pitches` of the voice.
        """
        vocabulary, allowed = self._predictor.vocabulary, self._allowed[voice]
        may_follow = np.repeat(allowed[np.newaxis], len(sounding), axis=0)
        if vocabulary.hold is not None:
            # A given note outside the range may not be held after its end.
            is_note = ~vocabulary.is_silent(sounding)
            may_follow[:, vocabulary.hold] = allowed[sounding] & is_note
        return may_follow

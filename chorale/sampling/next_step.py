"""Sampling from a next-step predictor: one step after another, voice by voice.

Given notes are forced, so that later notes are conditioned on them. Earlier notes are
conditioned on them by a particle filter (`chorale.sampling.particles`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np

from chorale.models.critic.tables import Critic
from chorale.models.predictor import Predictor, log_softmax
from chorale.music.voices import VOICES
from chorale.sampling.alphabet import Alphabet
from chorale.sampling.asked_cadences import AskedCadences, log_shares
from chorale.sampling.batches import Batch
from chorale.sampling.form import Copying
from chorale.sampling.logits import pick
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.note_costs import NoteCosts, near_phrase_ends
from chorale.sampling.particles import ParticleFilter
from chorale.sampling.phrase_costs import PhraseCosts
from chorale.sampling.steering import Steering
from chorale.utils.arrays import BoolArray, Float64Array, FloatArray, IntArray
from chorale.voice_leading.costs import RuleCosts
from chorale.voice_leading.step_costs import StepCosts

# Factor of the costs of rules where chords are planned: these lead to more faults than
# a model makes on its own.
_STRICTER = 2.0
# Steps after the last free one whose given notes still weight the particles: the
# likelihood of later notes hardly differs between them.
_WEIGHTED_STEPS = 64


def last_steps(batch: Batch, particles: int) -> IntArray:
    """Return the first step of each piece that need not be computed, (pieces,).

    It is the one after the last free step. Given notes after it weight the particles,
    so with several of them it is a later one.
    """
    is_free = np.any(batch.written, axis=2)
    ends: IntArray = batch.steps - is_free[:, ::-1].argmax(axis=1)
    if particles > 1:
        ends = np.minimum(ends + _WEIGHTED_STEPS, batch.lengths)
    return ends


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
        critic: that weighs the particles; None for none.

    Attributes:
        steps: number of time steps up to the last one that matters.
    """

    def __init__(
        self,
        predictor: Predictor[Any],
        batch: Batch,
        options: SamplingOptions,
        particles: int,
        critic: Critic | None = None,
    ) -> None:
        self._predictor, self._batch, self._options = predictor, batch, options
        self._particles, vocabulary = particles, predictor.vocabulary
        self._alphabet = Alphabet.of(vocabulary, options)
        self._tokens = self._per_particle(batch.tokens)
        self._plan = self._per_particle(batch.plan)
        self._phrase_starts = self._per_particle(batch.phrase_starts)
        planned = [chords is not None for chords in batch.chords]
        self._is_planned = self._per_particle(planned)
        self._rules: RuleCosts | None = None
        if options.rules != "off":
            self._rules = RuleCosts(vocabulary.lowest, vocabulary.highest)
            tones = self._rules.tones(batch.leading_tones)
            self._tones = self._per_particle(tones)
            self._scales = self._per_particle(self._rules.scales(batch.scales))
            self._places = self._per_particle(batch.places)
            self._note_costs = NoteCosts(
                vocabulary, options.usual_ranges, options.foreign
            )
            self._leading = self._per_particle(batch.leading_tones)
            self._near_ends = self._per_particle(near_phrase_ends(batch.places))
            factors = np.where(self._is_planned, _STRICTER, 1.0)
            self._strictness = factors[:, np.newaxis]
        self._free = self._per_particle(batch.free)
        # By step and voice; lists, as they are read one by one.
        self._any_free = np.any(batch.free, axis=0).tolist()
        self._all_free = np.all(batch.free, axis=0).tolist()
        order = predictor.voice_order
        choices = [(voice, order[:place]) for place, voice in enumerate(order)]
        # The voices that the model is asked for at each step, and those before them.
        self._choices = [
            tuple(choice for choice in choices if particles > 1 or free[choice[0]])
            for free in self._any_free
        ]
        self._first_free = int(np.any(batch.written, axis=(0, 2)).argmax())
        sources = self._per_particle(batch.sources)
        self._copying = Copying(sources, vocabulary.hold)
        self._cadences = AskedCadences(batch, particles, vocabulary)
        self._last_free = int(last_steps(batch, 1).max()) - 1
        ends = last_steps(batch, particles)
        self.steps = int(ends.max())
        # The number at a place does not depend on how many steps or pieces there are.
        self._uniforms = np.concatenate(
            [
                np.random.default_rng(stream).random((batch.steps, VOICES, particles))
                for stream in batch.streams
            ],
            axis=2,
        )  # (steps, 4, rows)
        self._rows = np.arange(len(self._tokens))
        # The row of the predictor's state for each particle, and a particle for each of
        # these rows, see `_merge`; until then they are the same.
        self._state_rows = self._asked = self._rows
        self._filter = ParticleFilter(
            batch.streams, particles, batch.lengths, ends, batch.drafts
        )
        self._steering: Steering | None = None
        self._phrases: PhraseCosts | None = None
        self._heard = np.zeros((len(self._tokens), VOICES), np.int64)
        if critic is not None and particles > 1:
            self._steering = Steering(critic, options.critic, batch.plans, particles)
            if options.style:
                self._phrases = PhraseCosts(batch, particles, vocabulary)

    def _per_particle(self, array: Any) -> Any:
        """Repeat an array (pieces, …) for all particles, to (rows, …)."""
        return np.repeat(array, self._particles, axis=0)

    def run(self) -> Iterator[None]:
        """Draw all free tokens, and yield after every step."""
        state, sounding = yield from self._read_beginning()
        for step in range(self._first_free, self.steps):
            self._copying.write(self._tokens, step)
            sounding = self._draw_step(state, sounding, step)
            is_judged, meeting = self._judge(step, sounding)
            # Weights change where tokens are given, or the critic judges a beat.
            if self._particles > 1 and (is_judged or not all(self._all_free[step])):
                rows = self._filter.resample(step, meeting)
                if (rows != self._rows).any():
                    self._tokens, sounding = self._tokens[rows], sounding[rows]
                    self._heard = self._heard[rows]
                    self._state_rows = self._state_rows[rows]
                    if self._steering is not None:
                        self._steering.select(rows)
                    if step < self._last_free:
                        state = self._predictor.select(state, self._state_rows)
                        self._state_rows = self._rows
            if step + 1 < self.steps:
                if step >= self._last_free:
                    state = self._merge(state, step)
                state = self._predictor.advance(
                    state,
                    self._tokens[self._asked, step],
                    self._plan[self._asked, step + 1],
                )
            yield

    def drawn(self) -> IntArray:
        """Return one particle of each piece, int array (pieces, steps, 4)."""
        tokens: IntArray = self._tokens
        return tokens if self._particles == 1 else tokens[self._filter.draw()]

    def _read_beginning(self) -> Generator[None, None, tuple[Any, IntArray]]:
        """Advance to the first free step, and yield after every step.

        All particles are alike until then, and so are variations of one piece: the
        predictor is called once for all of them.

        Returns:
            state of all rows and their sounding pitches, see `_draw_step`.
        """
        batch, vocabulary = self._batch, self._predictor.vocabulary
        parts = (
            batch.tokens[:, : self._first_free],
            batch.plan[:, : self._first_free + 1],
        )
        beginnings = [(a.tobytes(), b.tobytes()) for a, b in zip(*parts, strict=True)]
        firsts = {beginning: row for row, beginning in enumerate(beginnings)}
        read = list(firsts.values())
        tokens, plan = (part[read] for part in parts)
        numbers = {beginning: number for number, beginning in enumerate(firsts)}
        rows = self._per_particle([numbers[beginning] for beginning in beginnings])
        past = vocabulary.begin((len(read),))
        state = self._predictor.start(plan[:, 0])
        for step in range(self._first_free):
            past = vocabulary.follow(past, tokens[:, step])
            self._hear(step, past.pitches[rows])
            state = self._predictor.advance(state, tokens[:, step], plan[:, step + 1])
            yield
        if len(rows) > len(read):
            state = self._predictor.select(state, rows)
        return state, past.pitches[rows]

    def _hear(self, step: int, sounding: IntArray) -> Float64Array | None:
        """Return what the critic says after a step, see `Steering.follow`."""
        if self._steering is None:
            return None
        hold, notes = self._predictor.vocabulary.hold, self._alphabet.notes
        heard = notes.take(sounding)
        attacked = (
            heard != self._heard if hold is None else self._tokens[:, step] != hold
        )
        self._heard = heard
        return self._steering.follow(step, heard, attacked & (heard > 0))

    def _judge(self, step: int, sounding: IntArray) -> tuple[bool, BoolArray]:
        """Weigh the particles by the critic, and by what the phrases cost.

        Returns:
            whether they were weighed, and whose drafts meet, bool array (pieces,).
        """
        gains = self._hear(step, sounding)
        if gains is not None:
            self._filter.update(gains, step)
        costs = None if self._phrases is None else self._phrases.of(self._tokens, step)
        if self._phrases is None or costs is None:
            return gains is not None, np.zeros(len(self._batch.plans), np.bool_)
        self._filter.update(-self._options.style * costs, step)
        return True, self._phrases.meeting(step)

    def _merge(self, state: Any, step: int) -> Any:
        """Return the predictor's state without equal rows, after a step.

        After the last free step nothing is drawn any more: particles that are equal
        remain equal, and the predictor is called once for all of them.
        """
        rows, count = self._state_rows, len(self._asked)
        if step == self._last_free:
            written = self._tokens[:, : step + 1].reshape(len(rows), -1)
            kinds = np.column_stack([self._rows // self._particles, written])
        else:
            kinds = rows[:, np.newaxis]
        _, self._asked, kind = np.unique(
            kinds, axis=0, return_index=True, return_inverse=True
        )
        self._state_rows = kind.reshape(-1)
        chosen = rows[self._asked]
        if np.array_equal(chosen, np.arange(count)):
            return state
        return self._predictor.select(state, chosen)

    def _draw_step(self, state: Any, sounding: IntArray, step: int) -> IntArray:
        """Draw one step of all rows, and weight them by the tokens given in it.

        Args:
            state: of the predictor.
            sounding: int array (rows, 4), `Past.pitches` before the step.
            step: its index.

        Returns:
            the sounding pitches after the step.
        """
        tokens, after = self._tokens[:, step], np.empty_like(sounding)
        hold, order = self._predictor.vocabulary.hold, self._predictor.voice_order
        any_free, is_weighted = self._any_free[step], self._particles > 1
        rules = self._rules_at(step, sounding)
        for voice in order:
            if is_weighted or any_free[voice]:
                self._draw_voice(state, rules, sounding[:, voice], after, step, voice)
            written = tokens[:, voice]
            if hold is not None:
                written = np.where(written == hold, sounding[:, voice], written)
            after[:, voice] = written
            if rules is not None and voice != order[-1]:
                rules.write(voice, self._alphabet.notes.take(written))
        return after

    def _draw_voice(
        self,
        state: Any,
        rules: StepCosts | None,
        sounding: IntArray,
        after: IntArray,
        step: int,
        voice: int,
    ) -> None:
        """Draw the free tokens of one voice, and weight rows by those given in it.

        Args:
            state: of the predictor.
            rules: what notes of the step cost.
            sounding: int array (rows,), `Past.pitches` of the voice before the step.
            after: int array (rows, 4), those after it of voices that are drawn before.
            step, voice: of the tokens.
        """
        tokens, alphabet = self._tokens[:, step], self._alphabet
        *earlier, last = self._predictor.voice_order
        others = after[:, earlier] if voice == last else None
        if self._asked is self._rows:
            logits = self._predictor.voice_logits(state, voice, tokens)
        else:
            asked = tokens[self._asked]
            logits = self._predictor.voice_logits(state, voice, asked)
            logits = logits[self._state_rows]
        asked = self._cadences.at(step, voice, sounding, others)
        if asked is not None:
            self._filter.update(log_shares(logits, asked), step)
            logits = logits - asked.astype(np.float32)
        costs = None if rules is None else self._costs(rules, voice, sounding, step)
        is_free = None if self._all_free[step][voice] else self._free[:, step, voice]
        if is_free is not None and self._particles > 1:
            likelihoods = self._log_likelihoods(logits, costs, tokens[:, voice])
            self._filter.update(np.where(is_free, 0.0, likelihoods), step)
        if costs is not None and self._is_planned.any():
            # Particles that have more notes to choose from are better.
            shares = log_shares(logits, costs)
            counts = self._is_planned & self._free[:, step, voice]
            self._filter.update(np.where(counts, shares, 0.0), step)
        if self._any_free[step][voice]:
            drawn = pick(
                logits,
                alphabet.may_follow[voice].take(sounding, axis=0),
                costs,
                self._uniforms[step, voice],
                self._options,
                held=None
                if alphabet.staying is None
                else alphabet.staying.take(sounding),
            )
            if is_free is not None:
                drawn = np.where(is_free, drawn, tokens[:, voice])
            tokens[:, voice] = drawn

    def _rules_at(self, step: int, sounding: IntArray) -> StepCosts | None:
        """Return what the rules make notes of a step cost; None if not needed."""
        if self._rules is None or not self._choices[step]:
            return None
        return self._rules.at_step(
            self._choices[step],
            self._alphabet.notes.take(sounding),
            self._phrase_starts[:, step],
            self._tones,
            self._scales,
            self._places[:, step],
        )

    def _costs(
        self, rules: StepCosts, voice: int, sounding: IntArray, step: int
    ) -> Float64Array:
        """Return the costs of all tokens of a voice, float array (rows, tokens)."""
        vocabulary = self._predictor.vocabulary
        costs = rules.costs(voice, vocabulary.size)
        near = self._near_ends[:, step]
        costs += self._note_costs.of(voice, self._leading, near)
        costs *= self._strictness
        if vocabulary.hold is not None:  # it costs what the note costs that sounds on
            held = self._alphabet.tokens.take(sounding)
            costs[:, vocabulary.hold] = costs[self._rows, held]
        return costs

    def _log_likelihoods(
        self, logits: FloatArray, costs: Float64Array | None, tokens: IntArray
    ) -> Float64Array:
        """Return the log-likelihood of a token of each row, float array (rows,).

        The costs of broken rules are subtracted in both rules modes: `strict` rules out
        drawn notes, but no given ones.
        """
        tempered = logits.astype(np.float64) / self._options.temperature
        likelihoods = log_softmax(tempered)[self._rows, tokens].astype(np.float64)
        return likelihoods if costs is None else likelihoods - costs[self._rows, tokens]

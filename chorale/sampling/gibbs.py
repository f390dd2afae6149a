"""Sampling from an infiller: blocked Gibbs sampling and ancestral sampling.

*Blocked Gibbs sampling* draws all free cells independently, then repeatedly hides a
random subset and redraws it conditioned on the other cells, a smaller subset in each
round (Yao et al. 2014, "On the Equivalence between Deep NADE and Generative Stochastic
Networks"; Huang et al. 2017, "Counterpoint by Convolution"). *Ancestral sampling* draws
one cell at a time, in random order, conditioned on all before it: as many calls of the
network as there are free cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT, SILENT_CELL
from chorale.models.infiller import Infiller
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICE_ORDER, VOICES
from chorale.sampling.batches import Batch, allowed_tokens, complete_in_batches
from chorale.sampling.fragments import Fragment
from chorale.sampling.logits import DrawingOptions, pick
from chorale.utils.arrays import BoolArray, Float64Array, FloatArray, IntArray
from chorale.utils.checks import check_at_least, check_choice
from chorale.utils.progress import Progress
from chorale.voice_leading.costs import rule_costs_between
from chorale.voice_leading.faults import Context

METHODS = ("gibbs", "ancestral")

# Yao's schedule: the share of cells that a round hides falls linearly from the first
# figure to the second, which it reaches after the third, a share of the rounds.
_FIRST_SHARE, _LAST_SHARE, _FALLING = 0.9, 0.05, 0.85

# Pieces of a batch, and their steps in all. Larger batches save no time per piece.
_BATCH, _BATCH_STEPS = 16, 4096


@dataclass(frozen=True, kw_only=True)
class InfillingOptions(DrawingOptions):
    """Options of samples from an infiller.

    Attributes:
        method: `gibbs` or `ancestral`.
        rounds: number of rounds of Gibbs sampling.

    Raises:
        UsageError: a value out of bounds.
    """

    method: str = "gibbs"
    rounds: int = 24

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("a method", self.method, METHODS)
        check_at_least(self, rounds=1)


def infill(
    infiller: Infiller,
    fragments: Sequence[Fragment],
    options: InfillingOptions | None = None,
    *,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the notes that are not given in each fragment.

    Given notes stay unchanged. Each piece has its own stream of random numbers.

    Args:
        infiller: the model.
        fragments: the pieces and their given notes.
        options: None for the defaults.
        first: number of the first piece among the streams of random numbers, from 0.
        progress: called after every round with the rounds done and the rounds in all.

    Returns:
        Chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: a range without a note of the vocabulary.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or InfillingOptions()
    longest = max((fragment.chorale.steps for fragment in fragments), default=1)
    return complete_in_batches(
        infiller,
        fragments,
        partial(InfillingSampler, infiller, options=options),
        size=max(1, min(_BATCH, _BATCH_STEPS // longest)),
        random_state=options.random_state,
        first=first,
        padding=ABSENT,
        progress=progress,
    )


def hidden_shares(rounds: int) -> npt.NDArray[np.float64]:
    """Return the share of free cells that each round hides, float array (rounds,).

    All in the first round, which starts from nothing; then Yao's schedule,
    max(last, first - n (first - last) / (falling · rounds)) in round n.
    """
    slope = (_FIRST_SHARE - _LAST_SHARE) / (_FALLING * rounds)
    shares: npt.NDArray[np.float64] = np.maximum(
        _LAST_SHARE, _FIRST_SHARE - slope * np.arange(rounds)
    )
    shares[0] = 1.0
    return shares


class InfillingSampler:
    """Samples the free cells of a batch.

    Args:
        infiller: the model.
        batch: the pieces, of cells; ABSENT after the end of a piece.
        options: how to draw.

    Attributes:
        steps: number of rounds of Gibbs sampling, or of cells of ancestral sampling.
    """

    def __init__(
        self, infiller: Infiller, batch: Batch, options: InfillingOptions
    ) -> None:
        self._infiller, self._batch, self._options = infiller, batch, options
        self._cells = batch.tokens.copy()
        self._allowed = allowed_tokens(infiller.vocabulary, options)
        self._pitches_of = infiller.vocabulary.pitches
        self._random = [np.random.default_rng(stream) for stream in batch.streams]
        self.steps = options.rounds
        if options.method == "ancestral":
            self.steps = int(batch.free.sum(axis=(1, 2)).max())

    def run(self) -> Iterator[None]:
        """Draw all free cells, and yield after every round or cell."""
        # Absent cells are not free: they are neither hidden nor drawn.
        if self._options.method == "gibbs":
            for share in hidden_shares(self.steps):
                hidden = self._batch.free & (self._uniforms() < share)
                self._draw(hidden, hidden)
                yield
            return
        orders = self._random_orders()
        hidden = self._batch.free.copy()
        for number in range(self.steps):
            chosen = orders == number
            self._draw(hidden, chosen)
            hidden &= ~chosen
            yield

    def drawn(self) -> IntArray:
        """Return the cells, int array (pieces, steps, 4)."""
        return self._cells

    def _uniforms(self) -> npt.NDArray[np.float64]:
        """Return a number in [0, 1) for every cell, float array (pieces, steps, 4).

        The numbers of a piece do not depend on the pieces beside it.
        """
        uniforms = np.zeros(self._cells.shape)
        for row, length, random in zip(
            uniforms, self._batch.lengths, self._random, strict=True
        ):
            row[:length] = random.random((length, VOICES))
        return uniforms

    def _random_orders(self) -> IntArray:
        """Return the place of each free cell in the order in which they are drawn.

        Returns:
            int array (pieces, steps, 4); -1 for cells that are not free.
        """
        orders = np.full(self._cells.shape, -1)
        for order, free, uniforms in zip(
            orders, self._batch.free, self._uniforms(), strict=True
        ):
            order[free] = np.argsort(np.argsort(uniforms[free]))
        return orders

    def _draw(self, hidden: BoolArray, chosen: BoolArray) -> None:
        """Draw the chosen ones of the hidden cells, bool arrays (pieces, steps, 4)."""
        uniforms = self._uniforms()
        if not chosen.any():
            return
        logits = self._infiller.logits(
            self._with_attacks(hidden), ~hidden, self._batch.plan
        )
        if self._options.rules == "off":
            self._pick(chosen, logits, None, uniforms)
            return
        # One voice after another and every other step, so that for any two notes that
        # could break a rule together the one drawn later knows the other.
        unknown = hidden.copy()
        for voice in VOICE_ORDER:
            for first in (0, 1):
                part = np.zeros_like(chosen)
                part[:, first::2, voice] = chosen[:, first::2, voice]
                if part.any():
                    costs = self._costs(part, voice, unknown)
                    self._pick(part, logits, costs, uniforms)
                    unknown &= ~part

    def _pick(
        self,
        part: BoolArray,
        logits: FloatArray,
        costs: Float64Array | None,
        uniforms: npt.NDArray[np.float64],
    ) -> None:
        """Draw the cells of `part`, bool array (pieces, steps, 4)."""
        voices = np.nonzero(part)[2]
        self._cells[part] = pick(
            logits[part], self._allowed[voices], costs, uniforms[part], self._options
        )

    def _costs(self, part: BoolArray, voice: int, unknown: BoolArray) -> Float64Array:
        """Return the costs of all cells at each place of `part` in one voice.

        Returns:
            float array (places, vocabulary size), nats.
        """
        vocabulary = self._infiller.vocabulary
        known = ~unknown & (self._cells != ABSENT)
        pitches = np.where(known, self._pitches_of[self._cells], SILENCE)
        # A step of silence before the beginning and after the end.
        pitches = np.pad(pitches, ((0, 0), (1, 1), (0, 0)))
        phrase_starts = np.pad(self._batch.phrase_starts, ((0, 0), (0, 1)))
        rows, steps, _ = np.nonzero(part)
        context = Context(
            before=pitches[rows, steps],
            now=pitches[rows, steps + 1],
            written=tuple(v for v in range(VOICES) if v != voice),
            phrase_start=phrase_starts[rows, steps],
            leading=self._batch.leading_tones[rows],
            place=self._batch.places[rows, steps],
            scale=self._batch.scales[rows],
        )
        # Only notes in range are weighed. The cost depends on the pitch alone, not on
        # whether it is held or attacked.
        notes = np.flatnonzero(self._allowed[voice, : 1 + vocabulary.note_count])
        costs = np.zeros((len(rows), vocabulary.size))
        costs[:, notes] = rule_costs_between(
            context,
            pitches[rows, steps + 2],
            phrase_starts[rows, steps + 1],
            voice,
            np.tile(self._pitches_of[notes], (len(rows), 1)),
        )
        if vocabulary.has_onsets:
            held = costs[:, 1 : 1 + vocabulary.note_count]
            costs[:, 1 + vocabulary.note_count :] = held
        return costs

    def _with_attacks(self, hidden: BoolArray) -> IntArray:
        """Return the cells with an attack wherever a visible pitch changes.

        A cell drawn as held while the one before it was hidden may turn out to follow
        another pitch, which no encoded piece contains. After a hidden cell it may still
        be held.
        """
        vocabulary = self._infiller.vocabulary
        if not vocabulary.has_onsets:
            return self._cells
        pitches = self._pitches_of[self._cells]
        # Whether a cell and the one before it are visible; before the first there is
        # silence.
        visible = ~hidden
        visible[:, 1:] &= ~hidden[:, :-1]
        changed = np.ones_like(visible)
        changed[:, 1:] = pitches[:, 1:] != pitches[:, :-1]
        is_held = (self._cells > SILENT_CELL) & (self._cells <= vocabulary.note_count)
        cells: IntArray = self._cells + vocabulary.note_count * (
            is_held & changed & visible
        )
        return cells

"""Cells drawn from an infiller: all that are not given, in several pieces at once.

*Blocked Gibbs sampling* writes all of them, each as if the others were unknown, then
hides some at random and writes these anew, given all that is not hidden, fewer and
fewer round after round (Yao et al. 2014, "On the Equivalence between Deep NADE and
Generative Stochastic Networks"; Huang et al. 2017, "Counterpoint by Convolution").
*Ancestral sampling* writes one cell at a time, in random order, each given all before
it: as many calls of the network as there are cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT, SILENT_CELL, CellVocabulary
from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.music.phrases import phrase_starts
from chorale.music.voices import SILENCE, VOICE_NAMES, VOICE_ORDER, VOICES
from chorale.sampling.logits import DrawingOptions, Logits, pick
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.checks import check_at_least
from chorale.voice_leading.costs import Context, leading_tone, rule_costs_between

METHODS = ("gibbs", "ancestral")

# Yao's schedule: the share of cells that a round hides sinks evenly from the first
# figure to the second, which it reaches after the third, a share of the rounds.
_MOST_HIDDEN, _LEAST_HIDDEN, _SINKING = 0.9, 0.05, 0.85


@dataclass(frozen=True, kw_only=True)
class InfillingOptions(DrawingOptions):
    """How cells are drawn.

    Attributes:
        method: `gibbs` or `ancestral`.
        rounds: of Gibbs sampling.

    Raises:
        UsageError: a value out of bounds.
    """

    method: str = "gibbs"
    rounds: int = 24

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method not in METHODS:
            raise UsageError(
                f"expected a method out of {', '.join(METHODS)}, got {self.method!r}"
            )
        check_at_least(self, rounds=1)


def hidden_shares(rounds: int) -> npt.NDArray[np.float64]:
    """Return the share of cells that each round hides, float array (rounds,).

    All in the first, when nothing is written yet; then Yao's schedule,
    max(least, most - n (most - least) / (sinking · rounds)) in round n.
    """
    slope = (_MOST_HIDDEN - _LEAST_HIDDEN) / (_SINKING * rounds)
    shares: npt.NDArray[np.float64] = np.maximum(
        _LEAST_HIDDEN, _MOST_HIDDEN - slope * np.arange(rounds)
    )
    shares[0] = 1.0
    return shares


def allowed_cells(vocabulary: CellVocabulary, options: DrawingOptions) -> BoolArray:
    """Return what may be written for each voice, bool array (4, vocabulary size).

    Raises:
        UsageError: a range without a note that the model knows.
    """
    pitches = vocabulary.pitches
    allowed = np.zeros((VOICES, vocabulary.size), np.bool_)
    for voice, (low, high) in enumerate(options.ranges or vocabulary.ranges):
        allowed[voice] = (low <= pitches) & (pitches <= high)
        if not allowed[voice].any():
            raise UsageError(
                f"the model knows no note in the range asked for the "
                f"{VOICE_NAMES[voice]}"
            )
    allowed[:, SILENT_CELL] = options.rests
    return allowed


class Writing:
    """Pieces that are written side by side.

    Args:
        infiller: the model.
        plans: one a piece.
        cells: int arrays (steps, 4), one a piece.
        given: bool arrays (steps, 4), the cells that stay as they are.
        streams: of random numbers, one a piece.
        options: how to draw.

    Attributes:
        cells: int array (batch, steps, 4), ABSENT after the end of a piece.
        rounds: how many rounds they take.
    """

    def __init__(
        self,
        infiller: Infiller,
        plans: Sequence[Plan],
        cells: Sequence[IntArray],
        given: Sequence[BoolArray],
        streams: Sequence[np.random.Generator],
        options: InfillingOptions,
    ) -> None:
        self._infiller, self._streams = infiller, streams
        self._allowed = allowed_cells(infiller.vocabulary, options)
        self._options = options
        self._lengths = [len(one) for one in cells]
        self._plan = self._stack(
            [plan.features(infiller.plan_features) for plan in plans], 0
        )
        self.cells: IntArray = self._stack(cells, ABSENT)
        self._free: BoolArray = self._stack([~one for one in given], False)
        self._phrase_starts = self._stack(
            [phrase_starts(plan.fermatas) for plan in plans], 0
        )
        self._leading = np.array([leading_tone(plan.key) for plan in plans])
        self._pitches_of = infiller.vocabulary.pitches
        self.rounds = options.rounds
        if options.method == "ancestral":
            self.rounds = int(self._free.sum(axis=(1, 2)).max())

    def _stack(self, tables: Sequence[npt.NDArray[Any]], filler: float) -> Any:
        """Return arrays (steps, …) as one (batch, longest steps, …)."""
        steps = max(self._lengths)
        stacked = np.full(
            (len(tables), steps, *tables[0].shape[1:]), filler, tables[0].dtype
        )
        for row, table in enumerate(tables):
            stacked[row, : len(table)] = table
        return stacked

    def write(self) -> Iterator[None]:
        """Write all cells that are not given, and yield after every round."""
        # Absent cells are neither hidden nor written.
        if self._options.method == "gibbs":
            for share in hidden_shares(self.rounds):
                hidden = self._free & (self._uniforms(1.0) < share)
                self._draw(hidden, hidden)
                yield
            return
        orders = self._orders()
        hidden = np.array(self._free)
        for number in range(self.rounds):
            chosen = orders == number
            self._draw(hidden, chosen)
            hidden &= ~chosen
            yield

    def _uniforms(self, filler: float) -> npt.NDArray[np.float64]:
        """Return a number in [0, 1) for every cell, float array (batch, steps, 4).

        The numbers of a piece do not depend on what it is written beside.
        """
        uniforms: npt.NDArray[np.float64] = self._stack(
            [
                stream.random((length, VOICES))
                for stream, length in zip(self._streams, self._lengths, strict=True)
            ],
            filler,
        )
        return uniforms

    def _orders(self) -> IntArray:
        """Return when each free cell is written, int array (batch, steps, 4)."""
        orders = np.full(self._free.shape, -1)
        uniforms = self._uniforms(1.0)
        for order, free, uniform in zip(orders, self._free, uniforms, strict=True):
            order[free] = np.argsort(np.argsort(uniform[free]))
        return orders

    def _draw(self, hidden: BoolArray, chosen: BoolArray) -> None:
        """Write the chosen ones of the hidden cells, bool arrays (batch, steps, 4)."""
        uniforms = self._uniforms(0.0)
        if not chosen.any():
            return
        logits = self._infiller.logits(self._readable(hidden), ~hidden, self._plan)
        if self._options.rules == "off":
            self._write(chosen, logits, None, uniforms)
        else:
            # One voice after another and every other step, so that whatever a note
            # could break a rule with is either known or will come to know it.
            unknown = np.array(hidden)
            for voice in VOICE_ORDER:
                for first in (0, 1):
                    part = np.zeros_like(chosen)
                    part[:, first::2, voice] = chosen[:, first::2, voice]
                    if part.any():
                        costs = self._costs(part, voice, unknown)
                        self._write(part, logits, costs, uniforms)
                        unknown &= ~part

    def _write(
        self,
        part: BoolArray,
        logits: npt.NDArray[Any],
        costs: Logits | None,
        uniforms: npt.NDArray[np.float64],
    ) -> None:
        voices = np.nonzero(part)[2]
        self.cells[part] = pick(
            logits[part],
            voices,
            self._allowed[voices],
            costs,
            uniforms[part],
            self._options,
        )

    def _costs(self, part: BoolArray, voice: int, unknown: BoolArray) -> Logits:
        """Return what every cell would cost one voice, float array (places, size)."""
        known = ~unknown & (self.cells != ABSENT)
        pitches = np.where(known, self._pitches_of[self.cells], SILENCE)
        # A step of silence before the beginning and after the end.
        around = np.pad(pitches, ((0, 0), (1, 1), (0, 0)))
        starts = np.pad(self._phrase_starts, ((0, 0), (0, 1)))
        rows, steps, _ = np.nonzero(part)
        context = Context(
            before=around[rows, steps],
            now=around[rows, steps + 1],
            written=tuple(one for one in range(VOICES) if one != voice),
            phrase_start=starts[rows, steps],
            leading=self._leading[rows],
        )
        # Notes out of range need no weighing. A cell costs what its pitch does, whether
        # it is held or struck.
        vocabulary = self._infiller.vocabulary
        notes = np.flatnonzero(self._allowed[voice, : 1 + vocabulary.note_count])
        costs = np.zeros((len(rows), vocabulary.size))
        costs[:, notes] = rule_costs_between(
            context,
            around[rows, steps + 2],
            starts[rows, steps + 1],
            voice,
            np.tile(self._pitches_of[notes], (len(rows), 1)),
        )
        if vocabulary.has_onsets:
            costs[:, 1 + vocabulary.note_count :] = costs[
                :, 1 : 1 + vocabulary.note_count
            ]
        return costs

    def _readable(self, hidden: BoolArray) -> IntArray:
        """Return the cells as in a piece: none is held after another note.

        Such a cell, written when that note was not known, is struck for as long as it
        stands there; after a hidden one it may still be held.
        """
        vocabulary = self._infiller.vocabulary
        if not vocabulary.has_onsets:
            return self.cells
        pitches = self._pitches_of[self.cells]
        # Whether the cell itself and the one before it are seen; before the first there
        # is silence, and that is seen.
        seen = ~hidden
        seen[:, 1:] &= ~hidden[:, :-1]
        changed = np.ones_like(seen)
        changed[:, 1:] = pitches[:, 1:] != pitches[:, :-1]
        is_held = (self.cells > SILENT_CELL) & (self.cells <= vocabulary.note_count)
        cells: IntArray = self.cells + vocabulary.note_count * (
            is_held & changed & seen
        )
        return cells

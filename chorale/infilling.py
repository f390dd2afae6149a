"""Infilling: notes for every cell of a piece that is not given.

What is given may be any cells: a voice, some bars, single notes. Two ways lead to the
others. *Blocked Gibbs sampling* writes all of them at once, each as if the others were
unknown, then hides some at random and writes these anew, given all that is not hidden,
fewer and fewer round after round (Yao et al. 2014, "On the Equivalence between Deep
NADE and Generative Stochastic Networks"; Huang et al. 2017, "Counterpoint by
Convolution"). *Ancestral sampling* writes one cell at a time, in random order, each
given all before it: as many calls of the network as there are cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.cells import ABSENT, SILENT_CELL, CellVocabulary
from chorale.checks import check_at_least
from chorale.errors import UsageError
from chorale.infillers import Infiller
from chorale.logits import DrawingOptions, Logits, pick
from chorale.plan import Plan
from chorale.score import BoolArray, Chorale, IntArray, changes
from chorale.voice_leading.piece import find_breaths
from chorale.voice_leading.writing import Moment, weigh_between
from chorale.voices import SILENCE, VOICE_NAMES, VOICE_ORDER, VOICES

Progress = Callable[[int, int], None]  # rounds done, rounds in all

METHODS = ("gibbs", "ancestral")

# Yao's schedule: the share of cells that a round hides sinks evenly from the first
# figure to the second, which it reaches after the third, a share of the rounds.
_MOST_HIDDEN, _LEAST_HIDDEN, _SINKING = 0.9, 0.05, 0.85

# Pieces that are written side by side, and their steps in all; more make none cheaper.
_BATCH, _BATCH_STEPS = 16, 4096


@dataclass(frozen=True, kw_only=True)
class InfillingOptions(DrawingOptions):
    """How cells are drawn.

    Attributes:
        rules: see `DrawingOptions`; motions to notes that follow count too.
        method: `gibbs` or `ancestral`.
        rounds: of Gibbs sampling.

    Raises:
        UsageError: a value out of bounds.
    """

    rules: str = "lenient"
    method: str = "gibbs"
    rounds: int = 24

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method not in METHODS:
            raise UsageError(
                f"expected a method out of {', '.join(METHODS)}, got {self.method!r}"
            )
        check_at_least(self, rounds=1)


class Fragment(NamedTuple):
    """A piece of which not all is given.

    Attributes:
        chorale: its plan and its notes; those that are not given are not read.
        given: bool array (steps, 4), the cells that stay as they are.
    """

    chorale: Chorale
    given: BoolArray


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


def keep_beginnings(given: BoolArray, chorale: Chorale) -> BoolArray:
    """Return what is given, with the beginning of every note whose end is.

    Args:
        given: bool array (steps, 4).
    """
    held = (chorale.pitches != SILENCE) & ~chorale.onsets
    kept = np.array(given)
    for step in reversed(range(1, chorale.steps)):
        kept[step - 1] |= kept[step] & held[step]
    return kept


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


# === Whole pieces ===


def infill(
    infiller: Infiller,
    fragments: Sequence[Fragment],
    options: InfillingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write what is not given of each piece.

    Given cells come back as they are; a note whose end is given is given from its
    beginning. Each piece has its own stream of random numbers.

    Args:
        infiller: the model.
        fragments: what is given.
        options: how to draw; None for the defaults.
        progress: called after every round with the rounds done and the rounds in all.

    Returns:
        chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: all cells of a piece are given, or a range has no note that the
            model knows.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or InfillingOptions()
    allowed = allowed_cells(infiller.vocabulary, options)
    fragments = [
        Fragment(chorale, keep_beginnings(given, chorale))
        for chorale, given in fragments
    ]
    # All are encoded first, so that what cannot be done is said before the long part.
    cells = [_encode(infiller.vocabulary, fragment) for fragment in fragments]
    streams = np.random.SeedSequence(options.random_state).spawn(len(fragments))
    order = sorted(range(len(fragments)), key=lambda one: fragments[one].chorale.steps)
    longest = max((fragment.chorale.steps for fragment in fragments), default=1)
    size = max(1, min(_BATCH, _BATCH_STEPS // longest))
    lots = [order[first : first + size] for first in range(0, len(order), size)]
    batches = [
        _Batch(
            infiller,
            [fragments[one] for one in numbers],
            [cells[one] for one in numbers],
            [np.random.default_rng(streams[one]) for one in numbers],
            allowed,
            options,
        )
        for numbers in lots
    ]
    total = sum(batch.rounds for batch in batches)
    done = 0
    written: dict[int, IntArray] = {}
    for numbers, batch in zip(lots, batches, strict=True):
        for _ in batch.write():
            done += 1
            if progress is not None:
                progress(done, total)
        for row, number in enumerate(numbers):
            written[number] = batch.cells[row, : fragments[number].chorale.steps]
    return [
        _finish(infiller.vocabulary, fragment, written[number])
        for number, fragment in enumerate(fragments)
    ]


def _encode(vocabulary: CellVocabulary, fragment: Fragment) -> IntArray:
    """Return the cells of a piece, int array (steps, 4), silent where none is given."""
    chorale, given = fragment
    if given.all():
        raise UsageError("every note is given, which leaves nothing to write")
    kept = replace(
        chorale,
        pitches=np.where(given, chorale.pitches, SILENCE),
        onsets=chorale.onsets & given,
    )
    return vocabulary.encode(kept)


def _finish(vocabulary: CellVocabulary, fragment: Fragment, cells: IntArray) -> Chorale:
    chorale, given = fragment
    pitches, onsets = vocabulary.decode(cells)
    # The `pitch` encoding has merged repeated notes that are given.
    onsets = np.where(given, chorale.onsets, onsets | changes(pitches))
    return replace(chorale, pitches=pitches, onsets=onsets)


class _Batch:
    """Pieces that are written side by side.

    Attributes:
        cells: int array (batch, steps, 4), ABSENT after the end of a piece.
        rounds: how many rounds they take.
    """

    def __init__(
        self,
        infiller: Infiller,
        fragments: Sequence[Fragment],
        cells: Sequence[IntArray],
        streams: Sequence[np.random.Generator],
        allowed: BoolArray,
        options: InfillingOptions,
    ) -> None:
        self._infiller, self._streams = infiller, streams
        self._allowed, self._options = allowed, options
        self._lengths = [len(one) for one in cells]
        plans = [Plan.of(one.chorale) for one in fragments]
        self._plan = self._stack(
            [plan.features(infiller.plan_features) for plan in plans], 0
        )
        self.cells: IntArray = self._stack(cells, ABSENT)
        self._free: BoolArray = self._stack([~one.given for one in fragments], False)
        self._breathes = self._stack([find_breaths(plan.fermatas) for plan in plans], 0)
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
            logits[part], self._allowed[voices], costs, uniforms[part], self._options
        )

    def _costs(self, part: BoolArray, voice: int, unknown: BoolArray) -> Logits:
        """Return what every cell would cost one voice, float array (places, size)."""
        known = ~unknown & (self.cells != ABSENT)
        pitches = np.where(known, self._pitches_of[self.cells], SILENCE)
        # A step of silence before the beginning and after the end.
        around = np.pad(pitches, ((0, 0), (1, 1), (0, 0)))
        breathes = np.pad(self._breathes, ((0, 0), (0, 1)))
        rows, steps, _ = np.nonzero(part)
        moment = Moment(
            before=around[rows, steps],
            now=around[rows, steps + 1],
            written=tuple(one for one in range(VOICES) if one != voice),
            breathes=breathes[rows, steps],
        )
        # Notes out of range need no weighing. A cell costs what its pitch does, whether
        # it is held or struck.
        vocabulary = self._infiller.vocabulary
        notes = np.flatnonzero(self._allowed[voice, : 1 + vocabulary.note_count])
        costs = np.zeros((len(rows), vocabulary.size))
        costs[:, notes] = weigh_between(
            moment,
            around[rows, steps + 2],
            breathes[rows, steps + 1],
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
        before, hidden_before = (
            np.pad(table, ((0, 0), (1, 0), (0, 0)))[:, :-1]
            for table in (pitches, hidden)
        )
        is_held = (self.cells > SILENT_CELL) & (self.cells <= vocabulary.note_count)
        stray = is_held & (pitches != before) & ~hidden & ~hidden_before
        return self.cells + vocabulary.note_count * stray

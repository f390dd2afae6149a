"""Variations: a search for drafts of a passage that differ enough.

The distance of two passages is the share of cells, a voice at a step each, of different
pitch. Drafts are drawn from a model that avoids the given passage a little
(`chorale.sampling.avoidance`), so that most of them differ enough. Where none does,
drafts are drawn again, with the same random numbers, from a model that avoids it more,
and so on: what is written is as likely for the model as the distance allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from chorale.models.infiller import Infiller
from chorale.music.credits import rewriting_credit
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE
from chorale.sampling.avoidance import Avoided, AvoidingInfiller, AvoidingPredictor
from chorale.sampling.best_of import Choice
from chorale.sampling.completion import Model, Options, fill_in
from chorale.sampling.fragments import Fragment
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import PartedProgress

# Strength of avoidance of the first drafts, in nats for a quarter note, if half of the
# cells should differ.
_STRENGTH = 1.5
# Where no draft differs enough, the strength is multiplied by this, to at least 1.
_GROWTH = 3.0
# A strength that would exceed the bound is the strongest instead, with which every note
# that the model allows is more likely than the avoided one.
_BOUND, _STRONGEST = 10.0, 100.0
# Even so, no draft may differ enough. Then one is chosen from those whose distance is
# at most this much smaller than that of the most different draft.
_NEARLY = 0.05

# Keeps one of several drafts of a passage.
Choose = Callable[[Sequence[Chorale]], Choice]


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """A piece of which a passage was rewritten.

    Attributes:
        choice: the piece.
        passage: bool array (steps, 4), the cells that were written.
        changed: share of these cells that differ from what they were, 0 to 1.
        apart: the smallest such share to an earlier variation; None if there is none.
        reached: whether both are as large as asked for.
    """

    choice: Choice
    passage: BoolArray
    changed: float
    apart: float | None
    reached: bool


class _Draft(NamedTuple):
    """A draft, and its distance from each line that it avoids."""

    chorale: Chorale
    distances: list[float]


def _least(draft: _Draft) -> float:
    """Return the distance of a draft from the line that is nearest to it."""
    return min(draft.distances)


@dataclass(frozen=True, kw_only=True)
class VariationSearch:
    """The search for drafts that differ enough.

    Attributes:
        model, fragment, options, best_of, distance, choose: see
            `chorale.sampling.rewriting.rewrite_passage`.
        progress: of all that is drawn.
    """

    model: Model
    fragment: Fragment
    options: Options
    best_of: int
    distance: float
    choose: Choose
    progress: PartedProgress

    @property
    def cells(self) -> BoolArray:
        """The cells to write, bool array (steps, 4)."""
        return ~self.fragment.given

    def avoided(self, others: Sequence[Chorale]) -> list[Avoided]:
        """Return the given passage and others to avoid, these at no cost yet."""
        given = Avoided(self.fragment.chorale, self.cells, self._stronger(0.0))
        return [given, *(Avoided(each, self.cells, 0.0) for each in others)]

    def draw(self, first: int, count: int, lines: Sequence[Avoided]) -> list[Chorale]:
        """Draw drafts from the number `first` on that avoid some lines."""
        credit = rewriting_credit(self.fragment.chorale)
        given = replace(self.fragment.chorale, credit=credit)
        drawn = fill_in(
            _avoiding(self.model, lines),
            [Fragment(given, self.fragment.given)] * count,
            self.options,
            first=first,
            progress=self.progress.next_part(),
        )
        return [_with_ends(piece, given, self.fragment.given) for piece in drawn]

    def find(
        self, first: int, drafts: Sequence[Chorale], others: Sequence[Chorale]
    ) -> Rewritten:
        """Return one of the drafts, or of others if none of them differs enough.

        Args:
            first: number of the first of them.
            drafts: that avoid the given passage.
            others: earlier variations.
        """
        lines = self.avoided(others)
        drawn = self._measured(drafts, lines)
        pool = drawn
        while (best := max(map(_least, drawn))) < self.distance:
            distances = next(each.distances for each in drawn if _least(each) == best)
            stronger = [
                replace(line, strength=self._stronger(line.strength))
                if distance < self.distance
                else line
                for line, distance in zip(lines, distances, strict=True)
            ]
            if stronger == lines:
                break
            lines = stronger
            drawn = self._measured(self.draw(first, self.best_of, lines), lines)
            pool = pool + drawn
        most = max(map(_least, pool))
        is_reached = most >= self.distance
        enough = self.distance if is_reached else most - _NEARLY
        choice = self.choose([each.chorale for each in pool if _least(each) >= enough])
        changed, *apart = self._distances(choice.chorale, lines)
        return Rewritten(
            choice=choice,
            passage=self.cells,
            changed=changed,
            apart=min(apart, default=None),
            reached=is_reached,
        )

    def _measured(
        self, drafts: Sequence[Chorale], lines: Sequence[Avoided]
    ) -> list[_Draft]:
        return [_Draft(draft, self._distances(draft, lines)) for draft in drafts]

    def _distances(self, draft: Chorale, lines: Sequence[Avoided]) -> list[float]:
        """Return the distance of a draft from each line."""
        cells = self.cells
        return [
            float((draft.pitches != line.chorale.pitches)[cells].mean())
            for line in lines
        ]

    def _stronger(self, strength: float) -> float:
        """Return the next larger strength of avoidance."""
        if self.distance in (0, 1):
            return self.distance * _STRONGEST
        if not strength:
            # In proportion to the odds of the distance: 0 if no cell has to differ,
            # without bound if all have to.
            first = _STRENGTH * self.distance / (1 - self.distance)
            return min(first, _STRONGEST)
        grown = max(_GROWTH * strength, 1.0)
        return grown if grown < _BOUND else _STRONGEST


def _avoiding(model: Model, lines: Sequence[Avoided]) -> Model:
    """Return a model that avoids lines; itself if none costs anything."""
    lines = [line for line in lines if line.strength]
    if not lines:
        return model
    if isinstance(model, Infiller):
        return AvoidingInfiller(model, lines)
    return AvoidingPredictor(model, lines)


def _with_ends(piece: Chorale, original: Chorale, kept: BoolArray) -> Chorale:
    """Return a rewritten piece in which no kept note lasts longer than before.

    Where a kept note ended and the model holds it, it is struck again.

    Args:
        piece: the rewritten piece.
        original: the piece before.
        kept: bool array (steps, 4), the cells that stayed unchanged.
    """
    held = (original.pitches != SILENCE) & ~original.onsets
    ended = np.zeros_like(kept)
    ended[1:] = kept[:-1] & ~kept[1:] & ~held[1:]
    return replace(piece, onsets=piece.onsets | (ended & (piece.pitches != SILENCE)))

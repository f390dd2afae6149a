"""Rewriting: other notes for a passage of a piece, that differ from those it had.

The distance of two passages is the share of cells, a voice at a step each, of different
pitch. Drafts are drawn from a model that avoids the given passage a little
(`chorale.sampling.avoidance`), so that most of them differ enough. Where none does,
drafts are drawn again, with the same random numbers, from one that avoids it more, and
so on: what is written is as likely for the model as the distance allows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from chorale.errors import OptionError, UsageError
from chorale.models.infiller import Infiller
from chorale.music.credits import rewriting_credit
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE
from chorale.sampling.avoidance import Avoided, AvoidingInfiller, AvoidingPredictor
from chorale.sampling.best_of import Choice, Judge, choose_if_judged
from chorale.sampling.completion import Model, Options, default_options, fill_in
from chorale.sampling.fragments import Fragment
from chorale.sampling.next_step import PARTICLES, SamplingOptions
from chorale.sampling.passages import name_of, passage_of
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import Progress
from chorale.utils.text import counted

# Particles of a passage: more than of a melody, as it is short and has to fit the notes
# after it.
PASSAGE_PARTICLES = 32
# Share of the cells of a passage that differ, unless asked otherwise.
DISTANCE = 0.4

# Strength of avoidance at first, in nats for a quarter note, if the distance is a half;
# how it grows where no draft differs enough, at least to 1 and so long as it is below a
# bound. After that it is such that all else is more likely.
_STRENGTH, _GROWTH, _BOUND, _STRONGEST = 1.5, 3.0, 10.0, 100.0
# Where no draft differs enough, those are chosen from that are within this distance of
# the most different one.
_NEARLY = 0.05

# Keeps one of several drafts of a passage.
Choose = Callable[[Sequence[Chorale]], Choice]


class JudgedChoice:
    """Keeps the best of the drafts of each variation.

    Args:
        load_judge: opens the judge; called once, if there is something to rank.
        report: whether choices name all candidates.

    Attributes:
        remarks: sentences for the user.
    """

    def __init__(
        self, load_judge: Callable[[], Judge], *, report: bool = False
    ) -> None:
        self._load_judge, self._report = cache(load_judge), report
        self.remarks: tuple[str, ...] = ()

    def __call__(self, drafts: Sequence[Chorale]) -> Choice:
        choices, remarks = choose_if_judged(
            drafts, len(drafts), self._load_judge, report=self._report
        )
        self.remarks = tuple(dict.fromkeys((*self.remarks, *remarks)))
        return choices[0]


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


def rewrite(
    model: Model,
    chorale: Chorale,
    options: Options | None = None,
    *,
    bars: Collection[int] | None = None,
    voices: Collection[int] | None = None,
    keep: BoolArray | None = None,
    variations: int = 1,
    distance: float = DISTANCE,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Rewrite a passage; all other notes stay unchanged.

    A note held beyond the end of the passage is kept from its onset; one held into the
    passage is kept up to its beginning.

    Args:
        model: a predictor or an infiller.
        chorale: the piece.
        options: of the model's kind; None for its defaults. Unless they name the number
            of particles, it is PASSAGE_PARTICLES.
        bars: numbers of bars, a pickup being 0; None for all.
        voices: indices of voices; None for all.
        keep: bool array (steps, 4), cells within these bars and voices that stay
            unchanged too, so that a passage may have any form; None for none.
        variations: number of chorales; the first of four equals the only one of one.
        distance: least share of the cells of the passage whose pitch differs from what
            it was, and between any two variations; 0 does not ask for any, 1 for as
            many as possible. Where the model has no such passage, the most different
            one that was found.
        progress: see `fill_in`; from the beginning again for drafts that are drawn
            again.

    Raises:
        UsageError: fewer than one variation, no such bar or voice, a passage that is
            the whole piece or has no note to write, `keep` of another shape, a distance
            not from 0 to 1, a range without a note of the vocabulary, or options of the
            other kind of model.
        DataError: a note that is kept is outside the model's vocabulary.
    """
    rewritten = rewrite_passage(
        model,
        Fragment(chorale, ~passage_of(chorale, bars, voices, keep)),
        options,
        variations=variations,
        distance=distance,
        progress=progress,
    )
    return [each.choice.chorale for each in rewritten]


def rewrite_passage(
    model: Model,
    passage: Fragment,
    options: Options | None = None,
    *,
    variations: int = 1,
    best_of: int = 1,
    distance: float = DISTANCE,
    choose: Choose = lambda drafts: Choice(drafts[0]),
    progress: Progress | None = None,
) -> list[Rewritten]:
    """Rewrite what is not given of a piece, and say how much it differs.

    Args:
        model, options, variations, distance, progress: see `rewrite`.
        passage: the piece, and the cells that stay as they are; None may.
        best_of: number of drafts for each variation.
        choose: keeps one of those drafts that differ enough, one or more.

    Raises:
        UsageError, DataError: see `rewrite`.
    """
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    if not 0 <= distance <= 1:
        raise OptionError("distance", f"expected {{}} from 0 to 1, got {distance}")
    options = options or default_options(model)
    if isinstance(options, SamplingOptions) and options.particles is None:
        particles = PASSAGE_PARTICLES if passage.given.any() else PARTICLES
        options = replace(options, particles=particles)
    search = _Search(model, passage, options, best_of, distance, choose, progress)
    drafts = search.draw(0, variations * best_of, search.avoided([]))
    rewritten: list[Rewritten] = []
    for number in range(variations):
        first = number * best_of
        others = [each.choice.chorale for each in rewritten]
        rewritten.append(search.find(first, drafts[first : first + best_of], others))
    return rewritten


@dataclass(frozen=True)
class _Search:
    """The search of drafts that differ enough; for its fields see `rewrite_passage`."""

    model: Model
    passage: Fragment
    options: Options
    best_of: int
    distance: float
    choose: Choose
    progress: Progress | None

    @property
    def cells(self) -> BoolArray:
        """The cells to write, bool array (steps, 4)."""
        return ~self.passage.given

    def avoided(self, others: Sequence[Chorale]) -> list[Avoided]:
        """Return the given passage and others to avoid, these at no cost yet."""
        given = Avoided(self.passage.chorale, self.cells, self._stronger(0.0))
        return [given, *(Avoided(each, self.cells, 0.0) for each in others)]

    def draw(self, first: int, count: int, lines: Sequence[Avoided]) -> list[Chorale]:
        """Draw drafts from the number `first` on that avoid some lines."""
        credit = rewriting_credit(self.passage.chorale)
        given = replace(self.passage.chorale, credit=credit)
        drawn = fill_in(
            _avoiding(self.model, lines),
            [Fragment(given, self.passage.given)] * count,
            self.options,
            first=first,
            progress=self.progress,
        )
        return [_with_ends(piece, given, self.passage.given) for piece in drawn]

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
        drawn = [(self._distances(draft, lines), draft) for draft in drafts]
        pool = drawn
        while (best := max(min(apart) for apart, _ in drawn)) < self.distance:
            nearest = next(apart for apart, _ in drawn if min(apart) == best)
            stronger = [
                replace(line, strength=self._stronger(line.strength))
                if apart < self.distance
                else line
                for line, apart in zip(lines, nearest, strict=True)
            ]
            if stronger == lines:
                break
            lines = stronger
            drafts = self.draw(first, self.best_of, lines)
            drawn = [(self._distances(draft, lines), draft) for draft in drafts]
            pool = pool + drawn
        farthest = max(min(apart) for apart, _ in pool)
        is_reached = farthest >= self.distance
        least = self.distance if is_reached else farthest - _NEARLY
        choice = self.choose([draft for apart, draft in pool if min(apart) >= least])
        changed, *apart = self._distances(choice.chorale, lines)
        return Rewritten(
            choice=choice,
            passage=self.cells,
            changed=changed,
            apart=min(apart, default=None),
            reached=is_reached,
        )

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
            # As strong as the distance is large: no bound for all cells.
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


def sentence_of(rewritten: Rewritten, distance: float) -> str:
    """Return how much changed, such as `changed 46 % of the 128 cells of bars 5-8`.

    Args:
        rewritten: the piece.
        distance: that was asked for.
    """
    chorale, cells = rewritten.choice.chorale, int(rewritten.passage.sum())
    name = name_of(rewritten.passage, chorale)
    text = f"changed {rewritten.changed:.0%} of the {counted(cells, 'cell')} of {name}"
    if rewritten.apart is not None:
        text += f", and {rewritten.apart:.0%} or more from the variations before it"
    if not rewritten.reached:
        text += f"; no draft differs in the {distance:.0%} asked for"
    return text.replace("%", " %")

"""Form: which phrases repeat earlier ones, as often as those of a corpus do.

A phrase may repeat another one if both have the same place in the bar and the same
fermatas, from their first steps on. In bar form, AAB, the first phrases, the *Stollen*,
come twice. Which of the forms that a plan allows is taken is drawn from counts: how
often, in pieces of as many phrases whose plan allows it too, a Stollen of as many
phrases is repeated, literally or varied; and how often another phrase repeats one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chorale.encoding.plan import Plan
from chorale.music.phrases import ends_of_phrases
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICES
from chorale.utils.arrays import Float64Array, IntArray

NEW, LITERAL, MELODY = range(3)  # nothing is repeated; all voices; the soprano
KINDS = 3
ALL_VOICES, MELODY_ONLY = tuple(range(VOICES)), (SOPRANO,)
_VOICES_OF = {LITERAL: ALL_VOICES, MELODY: MELODY_ONLY}
LONGEST_STOLLEN = 4  # phrases
_MOST_PHRASES, _FARTHEST = 10, 5  # larger numbers count as these

# Counts of what was repeated, by number of phrases of the Stollen and of the piece.
STOLLEN_SHAPE = (LONGEST_STOLLEN, _MOST_PHRASES + 1, KINDS)
# The same of other phrases: by whether the piece is in bar form, distance in phrases,
# and whether it is the last one. The phrases of a varied Stollen come first, [0, 0, 0].
RETURNS_SHAPE = (2, _FARTHEST + 1, 2, KINDS)
VARIED = (0, 0, 0)

_PRIOR = 4.0  # counts that the shares in more general circumstances are worth
_LEAST = 16  # steps of a phrase that repeats another
_LONGER = 4  # steps by which two phrases may differ in length, at their ends


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """A passage that repeats an earlier one.

    Attributes:
        start, end: its first step and the step after its last.
        source: first step of the earlier passage.
        voices: those that are the same, note for note.
    """

    start: int
    end: int
    source: int
    voices: tuple[int, ...] = ALL_VOICES


@dataclass(frozen=True)
class Form:
    """What is repeated in a piece: passages in order, each of one or more phrases."""

    repeats: tuple[Repeat, ...] = ()

    def sources(self, steps: int) -> IntArray:
        """Return the step that each cell repeats, int array (steps, 4); -1: none."""
        sources = np.full((steps, VOICES), -1)
        for repeat in self.repeats:
            span = np.arange(repeat.end - repeat.start)
            for voice in repeat.voices:
                sources[repeat.start : repeat.end, voice] = repeat.source + span
        return sources

    def whole_phrases(self, plan: Plan) -> list[tuple[int, int]]:
        """Return the phrases that repeat all voices of another one, and that one."""
        starts = Phrases(plan).starts
        return [
            (phrase, starts.index(repeat.source + start - repeat.start))
            for repeat in self.repeats
            for phrase, start in enumerate(starts)
            if repeat.start <= start < repeat.end and repeat.voices == ALL_VOICES
        ]

    def letters(self, plan: Plan) -> tuple[str, ...]:
        """Return a letter for each phrase: `a`, `b`, `a` again, `a'` if it varies."""
        names: list[str] = []
        starts = Phrases(plan).starts
        new = 0
        for start in starts:
            repeat = next((r for r in self.repeats if r.start <= start < r.end), None)
            if repeat is None:
                names.append(chr(ord("a") + new % 26) + str(new // 26 or ""))
                new += 1
                continue
            name = names[starts.index(repeat.source + start - repeat.start)]
            is_same = len(repeat.voices) == VOICES
            names.append(name if is_same else name.rstrip("'") + "'")
        return tuple(names)


class Phrases:
    """The phrases of a plan, and which of them may repeat which.

    Args:
        plan: of a piece.

    Attributes:
        starts, ends: first step of each phrase and the step after its last.
    """

    def __init__(self, plan: Plan) -> None:
        self.ends = ends_of_phrases(plan.fermatas)
        self.starts = [0, *self.ends[:-1]]
        self._places = plan.features(("position", "bar_length", "fermata"))

    def __len__(self) -> int:
        return len(self.ends)

    def are_alike(self, start: int, source: int, length: int) -> bool:
        """Return whether two passages have the same places in the bar and fermatas."""
        there, here = self._places[source : source + length], self._places[start:]
        return np.array_equal(there, here[:length])

    def stollens(self) -> list[int]:
        """Return the possible lengths of a Stollen in phrases, the longest first."""
        longest = min((len(self) - 1) // 2, LONGEST_STOLLEN)
        return [
            length
            for length in range(longest, 0, -1)
            if self.are_alike(self.starts[length], 0, self.starts[length])
        ]

    def earlier(self, phrase: int, stollen: int) -> Iterator[tuple[int, int]]:
        """Yield earlier phrases that one may repeat, and the steps that are the same.

        Args:
            phrase: its index.
            stollen: phrases of the Stollen; those of its repeat are passed over.
        """
        start, length = self.starts[phrase], self.ends[phrase] - self.starts[phrase]
        for source in range(phrase - 1, -1, -1):
            if stollen <= source < 2 * stollen:
                continue
            there = self.ends[source] - self.starts[source]
            same = min(length, there)
            if same < _LEAST or max(length, there) > same + _LONGER:
                continue
            if self.are_alike(start, self.starts[source], same):
                yield source, same

    def repeat(self, phrase: int, of: int, length: int, kind: int) -> Repeat:
        """Return a repeat of a phrase, from LITERAL or MELODY."""
        start = self.starts[phrase]
        return Repeat(
            start=start,
            end=start + length,
            source=self.starts[of],
            voices=_VOICES_OF[kind],
        )


@dataclass(frozen=True, eq=False)
class FormCounts:
    """How often phrases of a corpus repeat others where their plan allows it.

    Attributes:
        stollen: int array of STOLLEN_SHAPE.
        returns: int array of RETURNS_SHAPE.
    """

    stollen: IntArray
    returns: IntArray

    def draw(self, plan: Plan, random: np.random.Generator, opening: int = 0) -> Form:
        """Draw the form of a piece.

        Args:
            plan: of the piece.
            random: numbers.
            opening: steps at the beginning that are given, which repeat nothing.
        """
        phrases = Phrases(plan)
        repeats: list[Repeat] = []
        stollen = 0
        for length in phrases.stollens():
            if phrases.starts[length] < opening:
                continue
            shares = self._stollen_shares[stollen_cell(length, len(phrases))]
            if kind := int(random.choice(KINDS, p=shares)):
                stollen = length
                repeats += self._stollen_repeats(phrases, stollen, kind, random)
                break
        for phrase in range(2 * stollen, len(phrases)):
            if phrases.starts[phrase] < opening:
                continue
            for other, same in phrases.earlier(phrase, stollen):
                cell = return_cell(stollen, phrase, other, len(phrases))
                if kind := int(random.choice(KINDS, p=self._return_shares[cell])):
                    repeats.append(phrases.repeat(phrase, other, same, kind))
                    break
        return Form(tuple(repeats))

    def draw_for(self, plan: Plan, given: Chorale, random: np.random.Generator) -> Form:
        """Draw whether a given melody that repeats its Stollen has the same voices.

        Args:
            plan: of the piece.
            given: the piece with the voices that are given; the others are silent.
            random: numbers.
        """
        phrases = Phrases(plan)
        for length in phrases.stollens():
            start = phrases.starts[length]
            if repeated_kind(given, start, 0, start) == LITERAL:
                _, *shares = self._stollen_shares[stollen_cell(length, len(phrases))]
                if random.random() < shares[0] / sum(shares):
                    return Form((Repeat(start=start, end=2 * start, source=0),))
                break
        return Form()

    def _stollen_repeats(
        self, phrases: Phrases, stollen: int, kind: int, random: np.random.Generator
    ) -> list[Repeat]:
        """Return the repeat of a Stollen, or those of its phrases if it varies."""
        start = phrases.starts[stollen]
        if kind == LITERAL:
            return [Repeat(start=start, end=2 * start, source=0)]
        shares = self._return_shares[VARIED]
        repeats = []
        for phrase in range(stollen):
            length = phrases.ends[phrase] - phrases.starts[phrase]
            kind = int(random.choice(KINDS, p=shares))
            if kind != NEW:
                repeats.append(phrases.repeat(stollen + phrase, phrase, length, kind))
        return repeats

    @cached_property
    def _stollen_shares(self) -> Float64Array:
        """Probabilities shaped as `stollen`, shrunk to those of all numbers."""
        return _shares(self.stollen, self.stollen.sum(axis=1, keepdims=True))

    @cached_property
    def _return_shares(self) -> Float64Array:
        """Probabilities shaped as `returns`, shrunk to those of all distances."""
        others = self.returns[:, 1:].sum(axis=(1, 2), keepdims=True)
        shares = _shares(self.returns, others)
        shares[VARIED] = _shares(self.returns[VARIED], np.array([0, 1, 1]))
        return shares


def repeated_kind(chorale: Chorale, start: int, source: int, end: int) -> int:
    """Return what a passage repeats of an earlier one: LITERAL, MELODY, or NEW.

    Args:
        chorale: the piece.
        start: first step of the passage.
        source, end: of the earlier one, its first step and the step after its last.
    """
    there, here = slice(source, end), slice(start, start + end - source)
    same = chorale.pitches[here] == chorale.pitches[there]
    same &= chorale.onsets[here] == chorale.onsets[there]
    if same.all():
        return LITERAL
    return MELODY if same[:, SOPRANO].all() else NEW


def stollen_cell(length: int, phrases: int) -> tuple[int, int]:
    """Return the place of a Stollen in FormCounts.stollen, but for what is repeated."""
    return length - 1, min(phrases, _MOST_PHRASES)


def return_cell(
    stollen: int, phrase: int, other: int, phrases: int
) -> tuple[int, int, int]:
    """Return the place of two phrases in FormCounts.returns, but for the kind."""
    return (
        int(stollen > 0),
        min(phrase - other, _FARTHEST),
        int(phrase == phrases - 1),
    )


def _shares(counts: IntArray, general: IntArray) -> Float64Array:
    """Return counts as shares of their last axis, shrunk to those of general ones."""
    lower = (general + np.array([1, 0, 0])) / (general.sum(axis=-1, keepdims=True) + 1)
    total = counts.sum(axis=-1, keepdims=True)
    shares: Float64Array = (counts + _PRIOR * lower) / (total + _PRIOR)
    return shares

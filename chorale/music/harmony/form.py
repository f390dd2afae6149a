"""Form: which phrases repeat earlier ones.

Two phrases are compared from their downbeats on, beat by beat, as listeners to hymns
hear them: the same melody is the same phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chorale.music.harmony.grid import Grid
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO
from chorale.utils.arrays import BoolArray, IntArray

# Share of the beats at which two melodies must agree to be one, varied.
_SIMILAR = 0.75
_FARTHEST = 64  # phrases back, which bounds the time; a hymn has up to thirty


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """A phrase that repeats an earlier one.

    Attributes:
        phrase, of: indices of the phrase and of the earlier one.
        kind: `literal` if all voices are the same, `melody` if the soprano is,
            `varied` if it is the same at most beats.
        transposition: semitones up from the earlier phrase.
    """

    phrase: int
    of: int
    kind: str
    transposition: int


def repetitions(chorale: Chorale, grid: Grid) -> list[Repetition | None]:
    """Return what each phrase repeats; None where it is new.

    Of several earlier phrases the most similar counts, of equal ones the first.
    """
    found: list[Repetition | None] = []
    for phrase in range(len(grid.phrases)):
        candidates = [
            repetition
            for earlier in range(max(phrase - _FARTHEST, 0), phrase)
            if (repetition := _compare(chorale, grid, earlier, phrase))
        ]
        ranks = ("literal", "melody", "varied")
        found.append(
            min(
                candidates,
                key=lambda r: (ranks.index(r.kind), r.transposition != 0, r.of),
                default=None,
            )
        )
    return found


def form_of(chorale: Chorale) -> str:
    """Return the letters of the phrases, such as `a b a b c d`.

    It is `Analysis.form`, which needs no harmonies and so is found much sooner alone.
    """
    return " ".join(letters(repetitions(chorale, Grid.of(chorale))))


def letters(repeated: Sequence[Repetition | None]) -> tuple[str, ...]:
    """Return the letter of each phrase: `a`, `b`, `a` again, `a'` where it is varied.

    A transposed repetition is a variation too.
    """
    names: list[str] = []
    new = 0
    for repetition in repeated:
        if repetition is None:
            names.append(_letter(new))
            new += 1
            continue
        name = names[repetition.of].rstrip("'")
        is_same = repetition.kind != "varied" and not repetition.transposition
        names.append(name if is_same else name + "'")
    return tuple(names)


def bar_form(names: Sequence[str]) -> int:
    """Return the number of phrases of a Stollen: AAB, or 0 if there is none.

    The first phrases come twice, and more phrases follow.
    """
    plain = [name.rstrip("'") for name in names]
    for length in range(len(plain) // 2, 0, -1):
        repeats = plain[:length] == plain[length : 2 * length]
        if repeats and len(plain) > 2 * length:
            return length
    return 0


def _letter(index: int) -> str:
    return chr(ord("a") + index % 26) + str(index // 26 or "")


def _compare(
    chorale: Chorale, grid: Grid, earlier: int, later: int
) -> Repetition | None:
    """Return the repetition of one phrase by another, if it is one."""
    (start, end), (from_start, from_end) = grid.phrases[[later, earlier]].tolist()
    # The last note may be longer; an upbeat may be missing.
    length = min(end - start, from_end - from_start)
    if abs((end - start) - (from_end - from_start)) > length / 4:
        return None
    here, there = slice(start, start + length), slice(from_start, from_start + length)
    pitches, onsets = chorale.pitches, chorale.onsets
    by = _transposition(pitches[here, SOPRANO], pitches[there, SOPRANO])
    if by is None:
        return None
    same = _same(pitches, onsets, here, there, by)
    if same.all():
        kind = "literal"
    elif same[:, SOPRANO].all():
        kind = "melody"
    else:
        beats = np.flatnonzero(grid.strong[here])
        agree = _same(pitches, onsets, here, there, by, attacks=False)[beats, SOPRANO]
        if not len(beats) or agree.mean() < _SIMILAR:
            return None
        kind = "varied"
    return Repetition(phrase=later, of=earlier, kind=kind, transposition=by)


def _transposition(here: IntArray, there: IntArray) -> int | None:
    """Return the most frequent interval from one line up to another; None: silent."""
    both = (here != SILENCE) & (there != SILENCE)
    if not both.any():
        return None
    intervals = (here - there)[both]
    lowest = int(intervals.min())
    return int(np.bincount(intervals - lowest).argmax()) + lowest


def _same(
    pitches: IntArray,
    onsets: BoolArray,
    here: slice,
    there: slice,
    by: int,
    *,
    attacks: bool = True,
) -> BoolArray:
    """Return where two passages agree, one transposed, bool array (steps, 4)."""
    moved = np.where(pitches[there] == SILENCE, SILENCE, pitches[there] + by)
    same: BoolArray = pitches[here] == moved
    if attacks:
        same &= onsets[here] == onsets[there]
    return same

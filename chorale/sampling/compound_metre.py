"""Compound metre for models that know simple metre: three eighths in the time of two.

Bach's chorales have no 6/8. A model that reads a jig eighth by eighth counts its bars
as three quarters and changes the chord beside the beats. It is shown the same melody
in 4/4 instead, a quarter for each dotted quarter: the chord changes with the beat, and
what the model writes on the second half of a beat sounds on the third eighth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from chorale.music.metre import STEPS_PER_QUARTER, STEPS_PER_WHOLE, Metre
from chorale.music.score import Chorale
from chorale.utils.arrays import BoolArray, IntArray

_DOTTED = 6  # steps of a beat in compound metre, a dotted quarter
_EIGHTHS = 8  # denominator of the metres that are read so

# Steps of a dotted quarter that become the four sixteenths of a quarter; the first
# choice that has all notes of the melody is taken. The third sixteenth, which halves
# the quarter, is the third eighth in the first choice.
_PREFERRED = ((0, 2, 4, 5), (0, 2, 3, 5), (0, 3, 4, 5))
_CHOICES = _PREFERRED + tuple(
    (0, *others) for others in combinations(range(1, _DOTTED), STEPS_PER_QUARTER - 1)
)


@dataclass(frozen=True)
class SimpleMetre:
    """A piece of compound metre, read in simple metre.

    Attributes:
        original: the piece in 6/8, 9/8, 12/8, …
        chorale: the same piece in 4/4 for 6/8 (two bars make one) and 12/8, 3/4 for
            9/8; the lyrics are left out.
        starts: int array (steps of `chorale`,), the first step in `original` of each.
    """

    original: Chorale
    chorale: Chorale
    starts: IntArray

    def restored(self, written: Chorale) -> Chorale:
        """Return a chorale on the steps of `chorale` in the compound metre."""
        steps = np.arange(self.original.steps)
        sources = np.searchsorted(self.starts, steps, side="right") - 1
        is_start = self.starts[sources] == steps
        return replace(
            self.original,
            pitches=written.pitches[sources],
            onsets=written.onsets[sources] & is_start[:, np.newaxis],
        )


def in_simple_metre(chorale: Chorale) -> SimpleMetre | None:
    """Return a piece in simple metre.

    None if a metre is not a compound one of eighths with two beats or more, if there
    are several metres, or if a beat has more than four places where a note begins or
    ends, or a fermata.
    """
    metre = chorale.metre
    beats, rest = divmod(metre.numerator, 3)
    compound = metre.denominator == _EIGHTHS and not rest and beats > 1
    if not compound or len(chorale.metres) > 1:
        return None
    marks = np.column_stack([chorale.pitches, chorale.fermatas])
    is_place: BoolArray = np.array(chorale.onsets.any(axis=1))
    is_place[1:] |= (marks[1:] != marks[:-1]).any(axis=1)
    is_place[0] = True
    numbers = chorale.bars * beats + chorale.positions // _DOTTED
    edges = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1)).tolist()
    starts: list[int] = []
    parts: list[int] = []
    for start, end in zip(edges, [*edges[1:], chorale.steps], strict=True):
        first = start - int(chorale.positions[start]) % _DOTTED
        needed = set((np.flatnonzero(is_place[start:end]) + start - first).tolist())
        chosen = next(filter(needed.issubset, _CHOICES), None)
        if chosen is None:
            return None
        for part, offset in enumerate(chosen):
            if start <= first + offset < end:
                starts.append(first + offset)
                parts.append(part)
    return _read_at(chorale, np.array(starts), np.array(parts), beats)


def _read_at(
    chorale: Chorale, starts: IntArray, parts: IntArray, beats: int
) -> SimpleMetre:
    """Return the piece at some steps; `parts` are their sixteenths of a simple beat."""
    bars = chorale.bars[starts]
    positions = chorale.positions[starts] // _DOTTED * STEPS_PER_QUARTER + parts
    if beats == 2:
        # Bach has no bars of two quarters. Bars 1 and 2 make one, and so on; a pickup
        # is the end of a bar as before.
        positions = positions + (bars - 1) % 2 * (beats * STEPS_PER_QUARTER)
        bars = (bars + 1) // 2
        beats = 4
    denominator = STEPS_PER_WHOLE // STEPS_PER_QUARTER
    simple = replace(
        chorale,
        pitches=chorale.pitches[starts],
        onsets=chorale.onsets[starts],
        fermatas=chorale.fermatas[starts],
        bars=bars,
        positions=positions,
        metres=(Metre(beats, denominator),),
        lyrics=(),
    )
    return SimpleMetre(original=chorale, chorale=simple, starts=starts)

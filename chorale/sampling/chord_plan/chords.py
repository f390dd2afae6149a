"""Chords of a plan: a triad and its inversion, above the tonic of the piece.

Sevenths belong to the triad below them: V7 is V, viiø7 is vii°.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

MAJOR, MINOR, DIMINISHED = "major", "minor", "diminished"
# Semitones of third and fifth above the root.
_ABOVE = {MAJOR: (4, 7), MINOR: (3, 7), DIMINISHED: (3, 6)}
# Semitones above a root.
_SECOND, _FIFTH, _LEADING_TONE = 2, 7, 11
_DIMINISHED_SEVENTH, _SEVENTH = 9, 10
_INVERSIONS = ("", "6", "64", "2")
_DEGREES = (
    *("I", "bII", "II", "bIII", "III", "IV"),
    *("#IV", "V", "bVI", "VI", "bVII", "VII"),
)


class Chord(NamedTuple):
    """A chord of a plan."""

    root: int  # semitones above the tonic of the piece
    triad: str  # MAJOR, MINOR or DIMINISHED
    inversion: int  # 0 in root position … 3: the seventh is in the bass

    @property
    def is_dominant(self) -> bool:
        """Whether it is V or V7 of the piece."""
        return (self.root, self.triad) == (_FIFTH, MAJOR)

    @property
    def triad_tones(self) -> tuple[int, ...]:
        """Semitones above the tonic of the piece: root, third and fifth."""
        return tuple((self.root + above) % 12 for above in (0, *_ABOVE[self.triad]))

    @property
    def tones(self) -> tuple[int, ...]:
        """The same with the sevenths that are usual."""
        above: tuple[int, ...] = ()
        if self.triad == DIMINISHED and self.root != _SECOND:
            # The diminished one as in minor, and the minor one as in major.
            above = (_DIMINISHED_SEVENTH, _SEVENTH)
        elif self.triad == DIMINISHED or self.is_dominant or self.inversion == 3:
            above = (_SEVENTH,)
        sevenths = tuple((self.root + each) % 12 for each in above)
        return (*self.triad_tones, *sevenths)

    @property
    def bass(self) -> int:
        """Semitones of the lowest tone above the tonic of the piece."""
        return self.tones[self.inversion]

    @property
    def name(self) -> str:
        """Its roman numeral, such as `V6`, `ii` or `vii°6`, V2 for V42."""
        numeral = _DEGREES[self.root]
        if self.triad != MAJOR:
            numeral = numeral.lower()
        return numeral + "°" * (self.triad == DIMINISHED) + _INVERSIONS[self.inversion]

    def leads_to(self, other: Chord) -> bool:
        """Whether it is a dominant of another chord: V or vii°, and v of i."""
        above = (self.root - other.root) % 12
        if self.triad == DIMINISHED:
            return above == _LEADING_TONE
        is_minor = self.triad == MINOR and (other.root, other.triad) == (0, MINOR)
        return above == _FIFTH and (self.triad == MAJOR or is_minor)


_BY_NAME = {
    chord.name: chord
    for chord in (
        Chord(root, triad, inversion)
        for root, triad, inversion in product(range(12), _ABOVE, range(4))
    )
}


def chord_named(name: str) -> Chord:
    """Return the chord of a name."""
    return _BY_NAME[name]

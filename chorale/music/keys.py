"""Keys and the names of notes, and which key some notes are in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.music.voices import SILENCE

# The circle of fifths, from seven flats to seven sharps.
_MAJOR_TONICS = "Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split()
_MINOR_TONICS = "Ab Eb Bb F C G D A E B F# C# G# D# A#".split()
_NATURAL_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Key:
    """A major or minor key.

    Attributes:
        tonic: a letter with `#` or `b` after it where needed, such as `Bb`.
        mode: `major` or `minor`.
    """

    tonic: str
    mode: str

    def __post_init__(self) -> None:
        if self.mode not in ("major", "minor") or self.tonic not in self._tonics():
            raise DataError(
                f"expected a key such as 'G major' or 'Bb minor', got {self.name!r}"
            )

    def _tonics(self) -> list[str]:
        return _MAJOR_TONICS if self.mode == "major" else _MINOR_TONICS

    @property
    def name(self) -> str:
        return f"{self.tonic} {self.mode}"

    @property
    def fifths(self) -> int:
        """Sharps of the key signature; flats count negative."""
        return self._tonics().index(self.tonic) - 7

    @property
    def tonic_class(self) -> int:
        """Pitch class of the tonic, 0 = C."""
        accidental = self.tonic[1:].count("#") - self.tonic[1:].count("b")
        return (_NATURAL_CLASSES[self.tonic[0]] + accidental) % 12

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a name such as `G major`, as `name` writes it."""
        match = re.fullmatch(r"\s*([A-G][#b]?)\s+(major|minor)\s*", text)
        if match is None:
            raise DataError(
                f"expected a key such as 'G major' or 'Bb minor', got {text!r}"
            )
        return cls(match[1], match[2])

    @classmethod
    def from_fifths(cls, fifths: int, mode: str = "major") -> Key:
        """Return the key of `mode` that is written with `fifths` sharps."""
        if not -7 <= fifths <= 7:
            raise DataError(f"expected a key signature of -7 to 7 sharps, got {fifths}")
        tonics = _MAJOR_TONICS if mode == "major" else _MINOR_TONICS
        return cls(tonics[fifths + 7], mode)

    @classmethod
    def of_tonic_class(cls, tonic_class: int, mode: str) -> Key:
        """Return the key on a pitch class, spelled with the fewest accidentals."""
        keys = (cls.from_fifths(fifths, mode) for fifths in range(-7, 8))
        same = [key for key in keys if key.tonic_class == tonic_class % 12]
        return min(same, key=lambda key: (abs(key.fifths), key.fifths))

    def transpose(self, semitones: int) -> Key:
        """Return the key `semitones` higher, spelled with the fewest accidentals."""
        if semitones == 0:
            return self
        return self.of_tonic_class(self.tonic_class + semitones, self.mode)


def pitch_name(pitch: int) -> str:
    """Return the name of a MIDI note, sharps for black keys: 60 is `C4`."""
    names = "C C# D D# E F F# G G# A A# B".split()
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


# Share of the notes on each degree of the scale (Albrecht & Shanahan, "The Use of Large
# Corpora to Train a New Type of Key-Finding Algorithm", Music Perception 31, 2013).
_KEY_PROFILES = {
    "major": ".238 .006 .111 .006 .137 .094 .016 .214 .009 .080 .008 .081",
    "minor": ".220 .006 .104 .123 .019 .103 .012 .214 .062 .022 .061 .052",
}


def estimate_key(
    pitches: npt.NDArray[np.int64], candidates: Sequence[Key] | None = None
) -> Key:
    """Return the key that the notes fit best, by correlation with a profile of it.

    The profile of each key is correlated with the time that each pitch class sounds
    (the method of Krumhansl and Schmuckler); how a piece begins or ends plays no part.

    Args:
        pitches: int array (steps, 4), 0 = silence.
        candidates: the keys to choose from, all 24 if None.
    """
    sounding = pitches[pitches != SILENCE]
    weights = np.bincount(sounding % 12, minlength=12).astype(float)
    if candidates is None:
        candidates = [
            Key.of_tonic_class(tonic, mode)
            for mode in _KEY_PROFILES
            for tonic in range(12)
        ]
    if not weights.any() or np.ptp(weights) == 0:
        return candidates[0]

    def fit(key: Key) -> float:
        shares = [float(share) for share in _KEY_PROFILES[key.mode].split()]
        profile = np.roll(shares, key.tonic_class)
        return float(np.corrcoef(profile, weights)[0, 1])

    return max(candidates, key=fit)


def estimate_melody_key(
    line: npt.NDArray[np.int64], candidates: Sequence[Key] | None = None
) -> Key:
    """Return the key that one voice fits best, which as a rule ends on its tonic.

    As `estimate_key`, but the last note counts as if it sounded longer by a twentieth
    of the melody: it tells most, and one voice alone tells little.

    Args:
        line: int array (steps,), 0 = silence.
        candidates: the keys to choose from, all 24 if None.
    """
    sounding = line[line != SILENCE]
    return estimate_key(
        np.append(sounding, np.repeat(sounding[-1:], len(sounding) // 20)), candidates
    )

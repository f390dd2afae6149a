"""Keys: key signatures, key estimation, and the names of pitches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from chorale.errors import DataError
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, SILENCE
from chorale.utils.arrays import Float64Array, IntArray

# Tonics by mode on the circle of fifths, from seven flats to seven sharps.
_TONICS = {
    "major": "Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split(),
    "minor": "Ab Eb Bb F C G D A E B F# C# G# D# A#".split(),
}
MOST_SHARPS = 7  # of a key signature


@dataclass(frozen=True)
class Key:
    """A major or minor key.

    Attributes:
        tonic: a letter with `#` or `b` after it where needed, such as `Bb`.
        mode: `major` or `minor`.

    Raises:
        DataError: there is no such key.
    """

    tonic: str
    mode: str

    def __post_init__(self) -> None:
        if self.tonic not in _TONICS.get(self.mode, ()):
            raise DataError(
                f"expected a key such as 'G major' or 'Bb minor', got {self.name!r}"
            )

    @property
    def name(self) -> str:
        return f"{self.tonic} {self.mode}"

    @property
    def fifths(self) -> int:
        """Sharps of the key signature; flats count negative."""
        return _TONICS[self.mode].index(self.tonic) - MOST_SHARPS

    @property
    def tonic_class(self) -> int:
        """Pitch class of the tonic, 0 = C."""
        relative_major = 7 * self.fifths  # a fifth is seven semitones
        return (relative_major + (9 if self.mode == "minor" else 0)) % 12

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a name such as `G major`."""
        tonic, _, mode = text.strip().partition(" ")
        return cls(tonic, mode.strip())

    @classmethod
    def from_fifths(cls, fifths: int, mode: str = "major") -> Key:
        """Return the key of a key signature: number of sharps, negative for flats.

        Raises:
            DataError: more than seven sharps or flats.
        """
        if abs(fifths) > MOST_SHARPS:
            raise DataError(f"expected a key signature of -7 to 7 sharps, got {fifths}")
        return cls(_TONICS[mode][fifths + MOST_SHARPS], mode)

    @classmethod
    def from_tonic_class(cls, tonic_class: int, mode: str, near: int = 0) -> Key:
        """Return the key on a pitch class, spelled close to a key signature.

        `near` is its number of sharps, flats negative; by default none, so that the key
        has the fewest accidentals.
        """
        keys = [cls(tonic, mode) for tonic in _TONICS[mode]]
        same = [key for key in keys if key.tonic_class == tonic_class % 12]
        return min(
            same,
            key=lambda key: (abs(key.fifths - near), abs(key.fifths), key.fifths),
        )

    def transpose(self, semitones: int) -> Key:
        """Return the key `semitones` higher, spelled with the fewest accidentals."""
        if semitones == 0:
            return self
        return self.from_tonic_class(self.tonic_class + semitones, self.mode)


@dataclass(frozen=True, kw_only=True)
class KeySignature:
    """A key signature as a file has it.

    Attributes:
        fifths: number of sharps; flats count negative.
        mode: `major`, `minor` or a church mode; empty if the file does not say.
        default_mode: whether the mode means nothing, as in MIDI, where programs write
            `major` for every key.
        certain: whether the key is known to be right, as in files of this package.
    """

    fifths: int
    mode: str = ""
    default_mode: bool = False
    certain: bool = False


def keys_near(fifths: int) -> list[Key]:
    """Return the keys whose signature differs by at most one from `fifths` sharps.

    Flats count negative. Modal melodies are written with a flat or sharp fewer than
    today's keys.
    """
    return [
        Key.from_fifths(near, mode)
        for near in (fifths, fifths - 1, fifths + 1)
        if abs(near) <= MOST_SHARPS
        for mode in _TONICS
    ]


def pitch_name(pitch: int) -> str:
    """Return the name of a MIDI note, sharps for black keys: 60 is `C4`."""
    names = "C C# D D# E F F# G G# A A# B".split()
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


def parse_pitch(name: str) -> int:
    """Return the MIDI note with a name such as `C4`, 60, `Bb2` or `f#5`.

    Raises:
        DataError: the text is no name of a MIDI note above 0.
    """
    match = re.fullmatch(r"\s*([A-Ga-g])(#*|b*)(-1|[0-9])\s*", name)
    pitch = 0
    if match:
        letter, accidentals, octave = match.groups()
        pitch = "C D EF G A B".index(letter.upper()) + 12 * (int(octave) + 1)
        pitch += accidentals.count("#") - accidentals.count("b")
    if not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
        raise DataError(f"expected a note such as C4 or Bb2, got {name!r}")
    return pitch


# Key profiles: the share of the notes on each semitone above the tonic (Albrecht &
# Shanahan, "The Use of Large Corpora to Train a New Type of Key-Finding Algorithm",
# Music Perception 31, 2013).
_KEY_PROFILES = {
    "major": ".238 .006 .111 .006 .137 .094 .016 .214 .009 .080 .008 .081",
    "minor": ".220 .006 .104 .123 .019 .103 .012 .214 .062 .022 .061 .052",
}


def key_profile(key: Key) -> Float64Array:
    """Return the profile of a key by pitch class, float array (12,)."""
    shares = [float(share) for share in _KEY_PROFILES[key.mode].split()]
    return np.roll(shares, key.tonic_class)


def estimate_key(pitches: IntArray, candidates: Sequence[Key] | None = None) -> Key:
    """Estimate the key by the correlation with key profiles.

    The profile of each key is correlated with the duration of each pitch class (the
    method of Krumhansl and Schmuckler).

    Args:
        pitches: int array of any shape, MIDI notes at each step, 0 = silence.
        candidates: the keys to choose from, all 24 if None.
    """
    sounding = pitches[pitches != SILENCE]
    durations = np.bincount(sounding % 12, minlength=12).astype(float)
    if candidates is None:
        keys = product(_KEY_PROFILES, range(12))
        candidates = [Key.from_tonic_class(tonic, mode) for mode, tonic in keys]
    if np.ptp(durations) == 0:
        return candidates[0]

    def correlation(key: Key) -> float:
        return float(np.corrcoef(key_profile(key), durations)[0, 1])

    return max(candidates, key=correlation)

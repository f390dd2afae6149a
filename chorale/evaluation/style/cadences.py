"""Final cadences, voice ranges and rests of chorales, Bach's or samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import IntArray

# Semitones above the root, modulo the octave. The fifth may be missing, as textbooks
# allow in a final tonic (Aldwell & Schachter, Harmony and Voice Leading, chapter 7) and
# as Bach writes; the third may not.
_FIFTH, _MAJOR_THIRD, _MINOR_THIRD = 7, 4, 3

# Semitones from the final root up to the bass note before it, modulo the octave.
_DOMINANT, _SUBDOMINANT = 7, 5


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """How a chorale ends."""

    # The last chord is a major or minor triad in root position, with or without its
    # fifth.
    triad_over_root: bool
    # The last bass note is the tonic of the key, without a minor third over it in a
    # major key (in minor, a Picardy third is allowed).
    on_tonic: bool
    # The bass approaches its last pitch class from the fifth or the fourth above, in
    # any octave.
    authentic_or_plagal: bool

    @property
    def complete(self) -> bool:
        """Whether all three hold."""
        return self.triad_over_root and self.on_tonic and self.authentic_or_plagal


def final_cadence(chorale: Chorale) -> Cadence:
    """Analyze the final cadence of a chorale.

    The chord is the last that sounds. The bass note before it is the last one of
    another pitch class: octave leaps and repetitions of the final root belong to the
    arrival. An unknown key is estimated from the notes.
    """
    key = chorale.key or estimate_key(chorale.pitches)
    sounding = chorale.pitches[chorale.pitches.any(axis=1)]
    if not len(sounding) or sounding[-1, BASS] == SILENCE:
        return Cadence(triad_over_root=False, on_tonic=False, authentic_or_plagal=False)
    bass = sounding[:, BASS]
    last = sounding[-1]
    chord = {int(interval) for interval in (last[last != SILENCE] - bass[-1]) % 12}
    is_minor = _MINOR_THIRD in chord
    return Cadence(
        triad_over_root=chord - {0, _FIFTH} in ({_MAJOR_THIRD}, {_MINOR_THIRD}),
        on_tonic=int(bass[-1]) % 12 == key.tonic_class
        and not (key.mode == "major" and is_minor),
        authentic_or_plagal=bass_approach(bass) in (_DOMINANT, _SUBDOMINANT),
    )


def bass_approach(bass: IntArray) -> int | None:
    """Return the semitones from the last bass note up to the one before, modulo 12.

    The bass, (steps,), has MIDI notes up to the arrival, 0 = silence; the last is not
    silent. None if it has a single pitch class.
    """
    intervals = (bass[bass != SILENCE] - bass[-1]) % 12
    others = intervals[intervals != 0]
    return int(others[-1]) if len(others) else None


def share_of_cadences(chorales: Sequence[Chorale]) -> dict[str, float]:
    """Return the share of chorales with each attribute of Cadence, and `complete`.

    Raises:
        DataError: there are no chorales.
    """
    if not chorales:
        raise DataError("expected at least one chorale to judge, got none")
    cadences = [final_cadence(chorale) for chorale in chorales]
    rows = [{"complete": end.complete, **asdict(end)} for end in cadences]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def leaves_ranges(
    chorale: Chorale, ranges: Sequence[tuple[int, int]], *, start: int = 0
) -> bool:
    """Return whether a voice leaves its range of MIDI notes from step `start` on."""
    pitches = chorale.pitches[start:]
    lowest, highest = np.array(ranges).T
    outside = (pitches != SILENCE) & ((pitches < lowest) | (pitches > highest))
    return bool(outside.any())


def has_rest(chorale: Chorale, *, start: int = 0) -> bool:
    """Return whether a voice is silent at or after step `start`."""
    return bool((chorale.pitches[start:] == SILENCE).any())

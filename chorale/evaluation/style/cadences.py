"""Final cadences, voice ranges and rests of chorales, Bach's or samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from chorale.errors import DataError
from chorale.music.harmony.analysis import Analysis
from chorale.music.harmony.analyzing import analyze
from chorale.music.harmony.cadences import ends_complete
from chorale.music.keys import estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import BASS, SILENCE

# Semitones above the root, modulo the octave. The fifth may be missing, as textbooks
# allow in a final tonic (Aldwell & Schachter, Harmony and Voice Leading, chapter 7) and
# as Bach writes; the third may not.
_FIFTH, _MAJOR_THIRD, _MINOR_THIRD = 7, 4, 3


@dataclass(frozen=True, kw_only=True)
class FinalCadence:
    """How a chorale ends."""

    # A dominant or subdominant harmony leads to the tonic triad in root position, see
    # `chorale.music.harmony.cadences.ends_complete`.
    complete: bool
    # The last chord is a major or minor triad in root position, with or without its
    # fifth.
    triad_over_root: bool
    # The last bass note is the tonic of the key, without a minor third over it in a
    # major key (in minor, a Picardy third is allowed).
    on_tonic: bool


def final_cadence(chorale: Chorale, analysis: Analysis | None = None) -> FinalCadence:
    """Analyze the final cadence of a chorale.

    The chord is the last that sounds. An unknown key is estimated from the notes.

    Args:
        chorale: the piece.
        analysis: its harmonic analysis; None: it is analyzed.
    """
    key = chorale.key or estimate_key(chorale.pitches)
    sounding = chorale.pitches[chorale.pitches.any(axis=1)]
    if not len(sounding) or sounding[-1, BASS] == SILENCE:
        return FinalCadence(complete=False, triad_over_root=False, on_tonic=False)
    last = sounding[-1]
    bass = int(last[BASS])
    chord = {int(interval) for interval in (last[last != SILENCE] - bass) % 12}
    is_minor = _MINOR_THIRD in chord
    return FinalCadence(
        complete=ends_complete(chorale, analysis or analyze(chorale)),
        triad_over_root=chord - {0, _FIFTH} in ({_MAJOR_THIRD}, {_MINOR_THIRD}),
        on_tonic=bass % 12 == key.tonic_class
        and not (key.mode == "major" and is_minor),
    )


def share_of_cadences(cadences: Sequence[FinalCadence]) -> dict[str, float]:
    """Return the share of final cadences with each attribute of FinalCadence.

    Raises:
        DataError: there are none.
    """
    if not cadences:
        raise DataError("expected at least one chorale to judge, got none")
    rows = [asdict(end) for end in cadences]
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

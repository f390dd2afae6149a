"""Measures of phrase ends: cadences, the chords there, the keys they are in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.analysis import Cadence, Harmony
from chorale.music.harmony.cadences import KINDS, ends_complete
from chorale.music.harmony.grid import arrival
from chorale.voice_leading.phrase_ends import (
    INVERTED,
    NO_CHORD,
    NO_TRIAD,
    end_position,
)

_SUMMARIES = {
    "PAC": "perfect authentic cadences",
    "IAC": "imperfect authentic cadences",
    "HC": "half cadences",
    "DC": "deceptive cadences",
    "plagal": "plagal cadences",
    "none": "no cadence",
}


def last_chord(analysis: Analysis, cadence: Cadence) -> Harmony:
    """Return the chord on which a phrase ends."""
    harmony = analysis.harmony
    return harmony.harmonies[int(harmony.harmony_at[cadence.step])]


def position_at(analysis: Analysis, cadence: Cadence) -> int:
    """Return on which position of a triad a phrase ends, see `end_position`.

    Its last chord is that under the fermata, or under the last note of the soprano.
    """
    chorale = analysis.chorale
    phrase = next(p for p in analysis.harmony.phrases if p.cadence is cadence)
    start = arrival(chorale, phrase.start, phrase.end)
    return end_position(chorale.pitches[start : phrase.end])


def _count(
    holds: Callable[[Analysis, Cadence], bool],
) -> Callable[[Analysis], Count]:
    """Return a count of the phrase ends of which something holds."""

    def count(analysis: Analysis) -> Count:
        endings = analysis.endings
        return sum(holds(analysis, ending) for ending in endings), len(endings)

    return count


def _in_position(*positions: int) -> Callable[[Analysis], Count]:
    """Return a count of the phrase ends, of three voices, in some positions."""

    def count(analysis: Analysis) -> Count:
        found = [position_at(analysis, ending) for ending in analysis.endings]
        chords = [position for position in found if position != NO_CHORD]
        return sum(position in positions for position in chords), len(chords)

    return count


def _of_kind(kind: str) -> Callable[[Analysis], Count]:
    return _count(lambda _, ending: ending.kind == kind)


def _other_key_next(analysis: Analysis) -> Count:
    """Count phrase ends whose key differs from that of the phrase end before."""
    pairs = list(pairwise(analysis.endings))
    return sum(left.key != right.key for left, right in pairs), len(pairs)


def _complete(analysis: Analysis) -> Count:
    if analysis.is_cut:
        return 0, 0
    return int(ends_complete(analysis.chorale, analysis.harmony)), 1


MEASURES: dict[str, Measure] = {
    "phrase_ends_on_root": Measure(
        summary="phrases that end on a triad in root position",
        count=_in_position(0),
    ),
    "phrase_ends_inverted": Measure(
        summary="phrases that end on an inverted triad",
        count=_in_position(*INVERTED),
    ),
    "phrase_ends_dissonant": Measure(
        summary="phrases that end on a dissonance", count=_in_position(NO_TRIAD)
    ),
    **{
        f"phrase_ends_{kind.lower()}": Measure(
            summary=f"phrases that end with {_SUMMARIES[kind]}", count=_of_kind(kind)
        )
        for kind in KINDS
    },
    "phrase_ends_elsewhere": Measure(
        summary="phrases that end in another key than the piece",
        count=_count(lambda analysis, end: end.key != analysis.harmony.key),
    ),
    "other_key_next": Measure(
        summary="phrases that end in another key than the one before",
        count=_other_key_next,
    ),
    "complete_end": Measure(
        summary="pieces that end on a complete cadence", count=_complete
    ),
}

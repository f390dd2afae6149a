"""Measures of phrase ends: cadences, the chords there, the keys they are in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.analysis import Cadence, Harmony
from chorale.music.harmony.cadences import KINDS, ends_complete
from chorale.music.voices import SILENCE

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


def is_dissonant(analysis: Analysis, cadence: Cadence) -> bool:
    """Return whether notes that sound when a phrase ends are no triad.

    The notes are those of the last step of its last chord: suspensions have resolved.
    """
    pitches = analysis.chorale.pitches[last_chord(analysis, cadence).end - 1]
    classes = {int(pitch) % 12 for pitch in pitches if pitch != SILENCE}
    chord = last_chord(analysis, cadence)
    third = 3 if chord.quality in ("minor", "diminished") else 4
    fifth = 6 if chord.quality == "diminished" else 7
    above = {(pitch - chord.root) % 12 for pitch in classes}
    return chord.quality not in ("major", "minor") or not above <= {0, third, fifth}


def rests_on_root(analysis: Analysis, cadence: Cadence) -> bool:
    """Return whether a phrase ends on a major or minor triad in root position."""
    chord = last_chord(analysis, cadence)
    return chord.inversion == 0 and not is_dissonant(analysis, cadence)


def _count(
    holds: Callable[[Analysis, Cadence], bool],
) -> Callable[[Analysis], Count]:
    """Return a count of the phrase ends of which something holds."""

    def count(analysis: Analysis) -> Count:
        endings = analysis.endings
        return sum(holds(analysis, ending) for ending in endings), len(endings)

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
        count=_count(rests_on_root),
    ),
    "phrase_ends_inverted": Measure(
        summary="phrases that end on an inverted chord",
        count=_count(lambda analysis, end: last_chord(analysis, end).inversion > 0),
    ),
    "phrase_ends_dissonant": Measure(
        summary="phrases that end on a dissonance", count=_count(is_dissonant)
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

"""Measures of dissonance: non-chord tones by kind, sevenths that resolve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.non_chord_tones import KINDS
from chorale.music.harmony.templates import INTERVALS
from chorale.music.voices import VOICES
from chorale.voice_leading.dyads import LARGEST_STEP

_SUMMARIES = {
    "passing": "passing tones",
    "neighbour": "neighbour tones",
    "suspension": "suspensions",
    "retardation": "retardations",
    "anticipation": "anticipations",
    "escape": "escape tones",
    "appoggiatura": "appoggiaturas",
    "pedal": "pedal tones",
    "unexplained": "non-chord tones without explanation",
}


def _of_kind(kind: str) -> Callable[[Analysis], Count]:
    """Return a count of the notes that are non-chord tones of a kind."""

    def count(analysis: Analysis) -> Count:
        found = sum(tone.kind == kind for tone in analysis.foreign)
        notes = sum(
            int((line.starts >= analysis.start).sum()) for line in analysis.lines
        )
        return found, notes

    return count


def _sevenths_resolve(analysis: Analysis) -> Count:
    """Count sevenths of chords, and those whose voice moves down by step next.

    A seventh that is held or repeated in the next chord waits; where the voice rests or
    the phrase ends it is not counted.
    """
    pitches, begins = analysis.chorale.pitches, analysis.piece.phrase_starts
    resolved = total = 0
    for harmony in analysis.harmonies:
        tones = INTERVALS[harmony.quality]
        if len(tones) < 4:
            continue
        seventh = (harmony.root + tones[3]) % 12
        for voice in range(VOICES):
            line = pitches[harmony.start :, voice]
            inside = line[: harmony.end - harmony.start]
            here = np.flatnonzero((inside % 12 == seventh) & (inside > 0))
            if not len(here):
                continue
            last = int(here[-1])
            onward = np.flatnonzero(line[last:] != line[last])
            if not len(onward):
                continue
            at = last + int(onward[0])
            if (
                line[at] == 0
                or begins[harmony.start + last + 1 : harmony.start + at + 1].any()
            ):
                continue
            total += 1
            resolved += 0 < line[last] - line[at] <= LARGEST_STEP
    return resolved, total


MEASURES: dict[str, Measure] = {
    **{
        f"{kind}_tones": Measure(
            summary=f"notes that are {_SUMMARIES[kind]}", count=_of_kind(kind)
        )
        for kind in KINDS
    },
    "resolved_sevenths": Measure(
        summary="sevenths of chords that resolve down by step",
        count=_sevenths_resolve,
    ),
}

"""Progressions for tests, written voice by voice in letters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.music.harmony.analysis import Analysis
from chorale.music.keys import Key, parse_pitch
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note


def progression(
    soprano: str,
    alto: str,
    tenor: str,
    bass: str,
    *,
    key: str = "C major",
    metre: str = "4/4",
    pickup: int = 0,
    fermatas: Sequence[tuple[int, int]] = (),
) -> Chorale:
    """Return four voices of notes such as `C5`, a quarter, or `Bb4.2`, two steps.

    `r.8` is a rest. `fermatas` are first steps and ends.
    """
    lines = []
    for line in (soprano, alto, tenor, bass):
        notes, step = [], 0
        for word in line.split():
            name, _, length = word.partition(".")
            steps = int(length or 4)
            if name != "r":
                notes.append(Note(parse_pitch(name), step, steps))
            step += steps
        lines.append(notes)
        assert step == sum(int(w.partition(".")[2] or 4) for w in soprano.split()), line
    first = Metre.parse(metre)
    bars, positions = number_bars(step, [first], pickup)
    under = np.zeros(step, bool)
    for start, end in fermatas:
        under[start:end] = True
    return Chorale.from_notes(
        lines,
        step,
        key=Key.parse(key),
        metres=(first,),
        bars=bars,
        positions=positions,
        fermatas=under,
    )


def numerals(analysis: Analysis) -> str:
    """Return the numerals of an analysis, keys included, separated by blanks."""
    return " ".join(text for _, text in analysis.numerals())


def kinds(analysis: Analysis) -> list[tuple[int, str, int]]:
    """Return the voice, kind and first step of each non-chord tone."""
    return [(tone.voice, tone.kind, tone.start) for tone in analysis.non_chord_tones]

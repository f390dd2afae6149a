"""Chorales for tests: any, by hypothesis, and one of the ordinary kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from chorale.music.keys import Key
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.music.voices import VOICES

# Bars of 6 to 24 sixteenths, beats of two to eight.
METRES = ("4/4", "3/4", "3/8", "6/8", "2/2", "3/2", "5/4")


@st.composite
def chorales(draw: st.DrawFn, *, most_steps: int = 72) -> Chorale:
    """Draw any chorale: rests, repeats, crossings, pickup, a new metre, fermatas."""
    first = Metre.parse(draw(st.sampled_from(METRES)))
    pickup = draw(st.integers(0, first.bar_length - 1))
    steps = draw(st.integers(pickup + 1, max(most_steps, pickup + 1)))
    metres = [first]
    barline = pickup + draw(st.integers(1, 3)) * first.bar_length
    second = Metre.parse(draw(st.sampled_from(METRES)), barline)
    if second.name != first.name and barline < steps:
        metres.append(second)
    bars, positions = number_bars(steps, metres, pickup)
    lines = [draw(_line(steps)) for _ in range(VOICES)]
    if not any(lines):
        lines[0] = [Note(60, 0, steps)]
    spans = draw(st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=12))
    fermatas = np.repeat(*zip(*spans, strict=True)) if spans else np.zeros(0, bool)
    return Chorale.from_notes(
        lines,
        steps,
        fermatas=np.resize(np.append(fermatas, np.zeros(steps, bool)), steps),
        bars=bars,
        positions=positions,
        metres=tuple(metres),
        key=draw(keys()),
        tempo=draw(st.integers(40, 160)),
        title=draw(st.text("aöß, 聖歌", max_size=12)).strip(),
    )


@st.composite
def keys(draw: st.DrawFn) -> Key:
    """Draw any of the thirty keys."""
    mode = draw(st.sampled_from(("major", "minor")))
    return Key.from_fifths(draw(st.integers(-7, 7)), mode)


@st.composite
def _line(draw: st.DrawFn, steps: int) -> list[Note]:
    """Draw the notes of one voice; neighbours often have the same pitch."""
    pitches = st.one_of(st.none(), st.integers(58, 62), st.integers(36, 84))
    notes = []
    step = 0
    while step < steps:
        pitch = draw(pitches)
        length = min(draw(st.integers(1, 24)), steps - step)
        if pitch is not None:
            notes.append(Note(pitch, step, length))
        step += length
    return notes


def little_chorale(**fields: Any) -> Chorale:
    """Return five bars in A minor: pickup, fermatas, repeats, a tie, a last rest.

    It begins with a quarter before the barline; its first phrase ends in bar 2, its
    last bar completes the pickup.
    """
    soprano = [(69, 4), (71, 4), (72, 4), (74, 4), (72, 4)]
    soprano += [(71, 4), (71, 4), (69, 4), (69, 4)]
    soprano += [(67, 4), (72, 2), (71, 2), (69, 8), (68, 12)]
    alto = [(64, 4), (64, 2), (62, 2), (64, 4), (65, 4), (64, 4)]
    alto += [(64, 6), (62, 2), (60, 4), (60, 8)]
    alto += [(64, 4), (64, 4), (66, 4), (64, 12)]
    tenor = [(60, 4), (56, 4), (57, 8), (57, 4)]
    tenor += [(57, 4), (56, 4), (52, 4), (52, 4)]
    tenor += [(60, 3), (59, 1), (57, 4), (60, 4), (60, 2), (57, 2), (59, 12)]
    bass = [(45, 4), (52, 4), (57, 2), (55, 2), (53, 2), (50, 2), (45, 4)]
    bass += [(50, 2), (52, 2), (52, 4), (45, 4), (None, 4)]
    bass += [(48, 4), (52, 4), (53, 4), (51, 4), (52, 12)]
    lines = []
    for voice in (soprano, alto, tenor, bass):
        step, line = 0, []
        for pitch, length in voice:
            if pitch is not None:
                line.append(Note(pitch, step, length))
            step += length
        lines.append(line)
        assert step == 64, step
    metre = Metre(4, 4)
    bars, positions = number_bars(64, [metre], 4)
    fermatas = np.zeros(64, bool)
    fermatas[28:32] = fermatas[52:64] = True
    values = {
        "fermatas": fermatas,
        "bars": bars,
        "positions": positions,
        "metres": (metre,),
        "key": Key("A", "minor"),
        "title": "Schmücke dich, 聖歌",
    }
    return Chorale.from_notes(lines, 64, **(values | fields))

"""Beams: which eighths and sixteenths are joined."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from chorale.formats.written_notes import Line, WrittenNote
from chorale.music.metre import STEPS_PER_QUARTER, Bar

# By whether the beam goes on before and after the note.
_BEAMS = {(False, True): "begin", (True, True): "continue", (True, False): "end"}


def beam(line: Line, bar: Bar) -> Line:
    """Beam the eighths and sixteenths of a voice in one bar that share a beat."""

    def beat_of(note: WrittenNote) -> tuple[int, bool]:
        is_beamed = note.spelling is not None and note.length < STEPS_PER_QUARTER
        position = bar.position + note.start - bar.start
        return position // bar.metre.beat_length, is_beamed

    beamed: Line = []
    for (_, is_beamed), group in groupby(line, beat_of):
        notes = list(group)
        beamed += _beam_group(notes) if is_beamed else notes
    return beamed


def _beam_group(notes: Line) -> Line:
    if len(notes) == 1:
        return notes
    beamed = []
    last = len(notes) - 1
    for index, note in enumerate(notes):
        beams = [_BEAMS[index > 0, index < last]]
        if note.length == 1:  # a sixteenth has a second beam
            before = index > 0 and notes[index - 1].length == 1
            after = index < last and notes[index + 1].length == 1
            hook = "backward hook" if index else "forward hook"
            beams.append(_BEAMS.get((before, after), hook))
        beamed.append(replace(note, beams=tuple(beams)))
    return beamed

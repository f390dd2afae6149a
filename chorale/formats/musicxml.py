"""MusicXML: written by ourselves, read through music21.

A chorale is written as a choral score on two staves, soprano and alto above, tenor and
bass below. What is read may have the voices on four staves or on two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.formats import naming, voices_by_name
from chorale.score import (
    COMMON_TIME,
    DEFAULT_TEMPO,
    STEPS_PER_QUARTER,
    Chorale,
    IntArray,
    Key,
    Metre,
    Note,
    estimate_key,
)
from chorale.voices import VOICES

# === Reading ===


def read_score(path: Path | str) -> Chorale:
    """Read a score file that music21 opens: MusicXML, plain or compressed, and others.

    Repeats are read as written, once.

    Raises:
        DataError: the file cannot be read, or does not hold four voices.
    """
    from music21 import converter

    path = Path(path)
    if not path.is_file():
        raise DataError("expected a score, there is no such file", path)
    try:
        score = converter.parse(path, forceSource=True)
        score.toSoundingPitch(inPlace=True)
    except Exception as error:  # music21's parsers raise whatever they stumble over
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(f"expected a score, cannot read it: {reason}", path) from error
    with naming(path):
        return chorale_from_score(score)


def chorale_from_score(score: Any) -> Chorale:
    """Lay a music21 score on the grid, as written.

    A step takes the note that sounds at its beginning, so of notes shorter than a
    sixteenth only those on the grid remain; grace notes are left out. Tied notes are
    one, a fermata stands over the written note that bears it, and the fermatas of all
    voices are united. Bars are counted from the pickup, bar 0, or the first full bar; a
    short bar that completes the short one before it, as at a repeat, belongs to it.

    Args:
        score: a music21 Score of four parts in the order of the voices, of any parts of
            which four are named after the voices, or of two parts of two voices each.

    Returns:
        The chorale, with the title, tempo and key that the score gives; where the key
        signature does not say major or minor, the notes decide.

    Raises:
        DataError: the score does not hold four voices of one note at a time.
    """
    parts = list(score.parts)
    lines = _lines(parts)
    longest = max(parts, key=lambda part: part.highestTime)
    measures = [_Measure.read(measure) for measure in _measures(longest)]
    written = [sound for line in lines for sound in line]
    steps = measures[-1].end
    fermatas = np.zeros(steps, np.bool_)
    for sound in written:
        if sound.fermata:
            fermatas[math.ceil(sound.start) : math.ceil(sound.end)] = True
    metres = _metres(measures)
    bars, positions = _count_bars(measures, metres, steps)
    chorale = Chorale.from_notes(
        [_join(line) for line in lines],
        steps,
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=_tempo(score),
        title=(score.metadata and score.metadata.title) or "",
    )
    return replace(chorale, key=_key(score, chorale.pitches))


@dataclass(frozen=True, kw_only=True)
class _Sound:
    """A written note, chord or rest; start and end in steps.

    Attributes:
        pitches: MIDI notes from the highest; none for a rest.
        tied: for each of them, whether it continues the note before.
        start, end: in steps from the beginning of the piece.
        fermata: whether it bears one.
        bar: the number of its bar in the score.
    """

    pitches: tuple[int, ...]
    tied: tuple[bool, ...]
    start: Fraction
    end: Fraction
    fermata: bool
    bar: int

    def voice(self, place: int, voices: int) -> _Sound:
        """Return what one of `voices` voices sings, counted from the highest."""
        if not self.pitches:
            return self
        if len(self.pitches) != voices:
            raise DataError(
                f"expected {voices} voices on a staff, "
                f"got {len(self.pitches)} notes at once in bar {self.bar}"
            )
        return replace(
            self, pitches=self.pitches[place:][:1], tied=self.tied[place:][:1]
        )


@dataclass(frozen=True, kw_only=True)
class _Measure:
    """What lies between two barlines, in steps; a metre only where one is written."""

    start: int
    end: int
    number: int
    metre: Metre | None

    @classmethod
    def read(cls, measure: Any) -> _Measure:
        start = round(measure.offset * STEPS_PER_QUARTER)
        end = start + round(measure.highestTime * STEPS_PER_QUARTER)
        signature = measure.timeSignature
        metre = signature and Metre(signature.numerator, signature.denominator, start)
        return cls(start=start, end=end, number=measure.number, metre=metre)


def _lines(parts: list[Any]) -> list[list[_Sound]]:
    """Return what each of the four voices sings, soprano first."""
    order = voices_by_name([part.partName or "" for part in parts])
    if order is None and len(parts) == VOICES:
        order = list(range(VOICES))
    if order is not None:
        voices = [parts[place] for place in order]
        return [[sound.voice(0, 1) for sound in _sounds(part)] for part in voices]
    if len(parts) == VOICES // 2:
        return [line for part in parts for line in _staff_lines(part)]
    raise DataError(
        f"expected four voices, on four staves or on two, got {len(parts)} "
        + ("part" if len(parts) == 1 else "parts")
    )


def _staff_lines(part: Any) -> tuple[list[_Sound], list[_Sound]]:
    """Return the upper and the lower voice of a staff.

    Each of its bars has two voices, or chords of two notes, or nothing but rests.
    """
    upper: list[_Sound] = []
    lower: list[_Sound] = []
    for measure in _measures(part):
        voices = sorted(measure.voices, key=lambda voice: str(voice.id))
        if len(voices) == 2:
            for line, voice in zip((upper, lower), voices, strict=True):
                sounds = _measure_sounds(measure, voice)
                line += [sound.voice(0, 1) for sound in sounds]
        else:
            sounds = _measure_sounds(measure, measure.flatten())
            upper += [sound.voice(0, 2) for sound in sounds]
            lower += [sound.voice(1, 2) for sound in sounds]
    return upper, lower


def _measures(part: Any) -> list[Any]:
    measures = list(part.getElementsByClass("Measure"))
    if not measures:
        raise DataError("expected a score with bars, got a part without any")
    return measures


def _sounds(part: Any) -> list[_Sound]:
    return [
        sound
        for measure in _measures(part)
        for sound in _measure_sounds(measure, measure.flatten())
    ]


def _measure_sounds(measure: Any, stream: Any) -> list[_Sound]:
    """Return the notes, chords and rests of a stream that begins with the measure."""
    sounds = []
    for element in stream.notesAndRests:
        if element.duration.isGrace or "Harmony" in element.classes:
            continue
        if not element.isRest and not element.pitches:
            raise DataError(f"expected notes, got percussion in bar {measure.number}")
        notes = [] if element.isRest else getattr(element, "notes", [element])
        notes = sorted(notes, key=lambda note: -note.pitch.midi)
        start = Fraction(measure.offset) + Fraction(element.offset)
        end = start + Fraction(element.quarterLength)
        sounds.append(
            _Sound(
                pitches=tuple(note.pitch.midi for note in notes),
                tied=tuple(
                    note.tie is not None and note.tie.type in ("stop", "continue")
                    for note in notes
                ),
                start=start * STEPS_PER_QUARTER,
                end=end * STEPS_PER_QUARTER,
                fermata=any("Fermata" in mark.classes for mark in element.expressions),
                bar=measure.number,
            )
        )
    return sounds


def _join(line: list[_Sound]) -> list[Note]:
    """Join tied notes of a voice and lay them on the grid."""
    sung: list[tuple[int, Fraction, Fraction]] = []
    for sound in line:
        if not sound.pitches:
            continue
        pitch, start = sound.pitches[0], sound.start
        if sound.tied[0] and sung and sung[-1][0] == pitch and sung[-1][2] == start:
            start = sung.pop()[1]
        sung.append((pitch, start, sound.end))
    notes = [
        Note(pitch, math.ceil(start), math.ceil(end) - math.ceil(start))
        for pitch, start, end in sung
    ]
    return [note for note in notes if note.length]


def _metres(measures: Sequence[_Measure]) -> tuple[Metre, ...]:
    """Return the time signatures; common time if the score begins without one."""
    metres = [COMMON_TIME]
    for measure in measures:
        metre = measure.metre
        if metre is None or metre.name == metres[-1].name:
            continue
        if metre.step == 0:
            metres.clear()
        metres.append(metre)
    return tuple(metres)


def _count_bars(
    measures: Sequence[_Measure], metres: Sequence[Metre], steps: int
) -> tuple[IntArray, IntArray]:
    """Return `bars` and `positions`, int arrays (steps,), of a Chorale."""
    first = measures[0]
    full, length = metres[0].bar_length, first.end - first.start
    # Where there is nothing but a fragment of a bar, only its number tells.
    pickup = length < full and (len(measures) > 1 or first.number == 0)
    bar = 0 if pickup else max(first.number, 1)
    filled = full - length if pickup else 0
    bars, positions = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    for measure in measures:
        full = [one for one in metres if one.step <= measure.start][-1].bar_length
        length = measure.end - measure.start
        completes = length < full and filled > 0 and filled + length <= full
        if measure is not first and not completes:
            bar, filled = bar + 1, 0
        bars[measure.start : measure.end] = bar
        positions[measure.start : measure.end] = filled + np.arange(length)
        filled += length
    return bars, positions


def _tempo(score: Any) -> float:
    """Return the first tempo, in quarters a minute."""
    mark = score.recurse().getElementsByClass("MetronomeMark").first()
    return (mark and mark.getQuarterBPM()) or DEFAULT_TEMPO


def _key(score: Any, pitches: IntArray) -> Key | None:
    """Return the first key; None without a key signature of up to seven."""
    signature = score.recurse().getElementsByClass("KeySignature").first()
    if signature is None or signature.sharps is None or abs(signature.sharps) > 7:
        return None
    keys = {
        mode: Key.from_fifths(signature.sharps, mode) for mode in ("major", "minor")
    }
    written = keys.get(getattr(signature, "mode", ""))
    return written or estimate_key(pitches, list(keys.values()))

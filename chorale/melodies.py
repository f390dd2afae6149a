"""Melodies: one voice out of a file, made ready to be harmonized.

A melody comes as it is: in any key and metre, with pickup, fermatas and repeated notes.
What has to be guessed or rounded is said in its remarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.formats import Reading, naming
from chorale.formats.classic_csv import NOTE_COLUMNS
from chorale.gathering import annotated
from chorale.importing import READERS, read_spelled
from chorale.keys import estimate_melody_key
from chorale.phrases import phrase_ends
from chorale.score import Chorale, IntArray, Note
from chorale.tables import read_numbers, read_table
from chorale.voices import ALL_VOICES, HIGHEST_PITCH, SILENCE, SOPRANO, VOICES

# Scores that music21 reads and that hold melodies more often than chorales.
_SCORES = (".musicxml", ".xml", ".mxl", ".abc", ".krn")
_OCTAVE = 12
_MOST_OCTAVES = 5


@dataclass(frozen=True, kw_only=True)
class Melody:
    """One voice that is to be harmonized.

    Attributes:
        chorale: in which this voice sings from the first step to the last, with rests
            between perhaps, and the others are silent. Fermatas end its phrases.
        voice: which voice it is.
        remarks: sentences on what was guessed or rounded.
    """

    chorale: Chorale
    voice: int
    remarks: tuple[str, ...] = ()


def read_melody(
    path: Path | str, voice: int = SOPRANO, *, tune: int | None = None
) -> Melody:
    """Read a melody from a file, whose ending says what it is.

    Args:
        path: a CSV of one column or of four, a MIDI file, a MusicXML score, ABC or
            Humdrum. It holds one line, or four voices of which one is taken.
        voice: which voice it is, or which of the four.
        tune: the number of one out of a book of tunes in ABC.

    Raises:
        UsageError: the ending is of no format that can be read, or a tune is named in
            another one than ABC.
        DataError: there is no such file, or it holds several notes at once and not four
            voices, or none.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in {*READERS, *_SCORES}:
        raise UsageError(
            f"{path}: expected a melody that ends in {', '.join(READERS)}, .abc or "
            f".krn, got {ending or 'no ending'}"
        )
    if tune is not None and ending != ".abc":
        raise UsageError(f"{path}: only books of tunes in .abc have numbers")
    if not path.is_file():
        raise DataError("there is no such file", path)
    with naming(path):
        reading = _read(path, voice, tune)
        melody = melody_of(reading.chorale, voice)
    source = melody.chorale.source or path.stem
    return replace(
        melody,
        chorale=replace(melody.chorale, source=source),
        remarks=(*reading.remarks(), *melody.remarks),
    )


def melody_of(chorale: Chorale, voice: int = SOPRANO) -> Melody:
    """Return one voice of a chorale as a melody.

    Silence before its first note and after its last is left out. It moves by octaves
    into the range of its voice. If no fermata stands before its last note, fermatas are
    set where its phrases seem to end.

    Raises:
        DataError: the voice is silent throughout.
    """
    notes = chorale.notes(voice)
    if not notes:
        raise DataError(
            f"expected a melody, the {ALL_VOICES[voice].name} is silent throughout"
        )
    remarks = []
    start, end = notes[0].start, notes[-1].start + notes[-1].length
    if start:
        remarks.append("the rests before its first note are left out")
    alone = _part(_alone(chorale, voice), start, end)
    octaves = _octaves(alone.pitches[:, voice], voice)
    if octaves:
        way = "higher" if octaves > 0 else "lower"
        many = "an octave" if abs(octaves) == 1 else f"{abs(octaves)} octaves"
        remarks.append(f"sung {many} {way}, by a {ALL_VOICES[voice].name}")
        alone = alone.transpose(octaves * _OCTAVE)
    notes = alone.notes(voice)
    fermatas = alone.fermatas
    if not fermatas[: notes[-1].start].any():
        ends = phrase_ends(notes, alone.positions)
        fermatas = np.zeros_like(fermatas)
        for start, length in ((notes[last].start, notes[last].length) for last in ends):
            fermatas[start : start + length] = True
        bars = [int(alone.bars[notes[last].start]) for last in ends]
        remarks.append(
            "it has no fermatas: "
            + (
                f"phrases are taken to end in {_bars(bars)}"
                if len(bars) > 1
                else "it is taken for one phrase"
            )
        )
    if _longest_rest(notes) >= alone.bar_lengths().max():
        remarks.append("it rests for a bar or more: meanwhile the others sing on")
    return Melody(
        chorale=replace(
            alone,
            fermatas=fermatas,
            key=alone.key or estimate_melody_key(alone.pitches[:, voice]),
        ),
        voice=voice,
        remarks=tuple(remarks),
    )


def sung_through(melody: Melody) -> Chorale:
    """Return a melody without its rests: each is filled by the note before it.

    Bach's melodies have none, so this is what a model knows how to harmonize. A rest
    under a fermata belongs to the end of the phrase, unless it is of a bar or more.
    """
    chorale = melody.chorale
    pitches, fermatas = np.array(chorale.pitches), np.array(chorale.fermatas)
    line = pitches[:, melody.voice]
    sounding = np.maximum.accumulate(np.where(line, np.arange(len(line)), 0))
    pitches[:, melody.voice] = line[sounding]
    for one, after in pairwise(chorale.notes(melody.voice)):
        end = one.start + one.length
        if after.start - end < chorale.bar_lengths()[end - 1]:
            fermatas[end : after.start] = fermatas[end - 1]
    return replace(chorale, pitches=pitches, fermatas=fermatas)


# === Formats ===


def _read(path: Path, voice: int, tune: int | None) -> Reading:
    ending = path.suffix.lower()
    if ending in _SCORES:
        from chorale.formats.score_files import line_from_score
        from chorale.formats.scores import open_score

        return line_from_score(open_score(path, tune=tune), voice)
    if ending != ".csv":
        from chorale.formats.midi import read_midi_line

        return read_midi_line(path, voice)
    header, _ = read_table(path)
    if len(header) != 1:
        if header != list(NOTE_COLUMNS):
            raise DataError(
                f"expected one column of MIDI notes, or {','.join(NOTE_COLUMNS)}, got "
                f"{len(header)} columns"
                if header
                else "it is empty",
                path,
            )
        return annotated(path, read_spelled(path))
    line = read_numbers(path, header, (HIGHEST_PITCH,))
    pitches = np.zeros((len(line), VOICES), np.int64)
    pitches[:, voice] = line[:, 0]
    return Reading(Chorale(pitches=pitches, source=path.stem), is_assumed=True)


# === What becomes of a line ===


def _alone(chorale: Chorale, voice: int) -> Chorale:
    """Return a chorale in which one voice sings."""
    sings = np.arange(VOICES) == voice
    return replace(
        chorale,
        pitches=np.where(sings, chorale.pitches, SILENCE),
        onsets=chorale.onsets & sings,
    )


def _part(chorale: Chorale, start: int, end: int) -> Chorale:
    """Return the steps from `start` to `end`, whose first note begins at `start`."""
    bars, positions = chorale.bars[start:end], chorale.positions[start:end]
    in_force = [metre for metre in chorale.metres if metre.step <= start][-1]
    later = [metre for metre in chorale.metres if start < metre.step < end]
    if start:
        # What begins within a bar is a pickup now.
        bars = bars - bars[0] + (positions[0] == 0)
    return replace(
        chorale,
        pitches=chorale.pitches[start:end],
        onsets=chorale.onsets[start:end],
        fermatas=chorale.fermatas[start:end],
        bars=bars,
        positions=positions,
        metres=(
            replace(in_force, step=0),
            *(replace(metre, step=metre.step - start) for metre in later),
        ),
    )


def _octaves(line: IntArray, voice: int) -> int:
    """Return by how many octaves a line has to move to lie in the range of its voice.

    A line that no octave brings into the range whole moves to where a few semitones
    more do so.
    """
    low, high = ALL_VOICES[voice].lowest, ALL_VOICES[voice].highest
    return fit_range(line, (low, high))[0]


def _longest_rest(notes: Sequence[Note]) -> int:
    rests = (after.start - one.start - one.length for one, after in pairwise(notes))
    return max(rests, default=0)


def fit_range(line: IntArray, span: tuple[int, int]) -> tuple[int, int]:
    """Return the octaves and the semitones by which a line moves into a range.

    As little as can be remains outside; then the semitones are as few as can be,
    upwards or downwards, and then the octaves.

    Args:
        line: int array (steps,), MIDI notes, 0 = silence.
        span: the lowest and the highest note.
    """
    sounding = line[line != SILENCE]
    octaves, semitones = (
        table.ravel()
        for table in np.meshgrid(
            np.arange(-_MOST_OCTAVES, _MOST_OCTAVES + 1),
            np.arange(-_OCTAVE // 2, _OCTAVE // 2 + 1),
        )
    )
    moved = sounding + (octaves * _OCTAVE + semitones)[:, np.newaxis]
    low, high = span
    outside = np.maximum(low - moved, 0) + np.maximum(moved - high, 0)
    possible = (moved.min(axis=1) > SILENCE) & (moved.max(axis=1) <= HIGHEST_PITCH)
    # By the last key first.
    order = np.lexsort((abs(octaves), abs(semitones), outside.sum(axis=1), ~possible))
    return int(octaves[order[0]]), int(semitones[order[0]])


# === Remarks ===


def _bars(numbers: Sequence[int]) -> str:
    """Return bars such as `bars 4, 8 and 12`."""
    names = [str(number) for number in dict.fromkeys(numbers)]
    if len(names) == 1:
        return f"bar {names[0]}"
    return f"bars {', '.join(names[:-1])} and {names[-1]}"

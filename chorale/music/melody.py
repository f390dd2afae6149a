"""Melodies: one voice out of a file, made ready to be harmonized.

A melody comes as it is: in any key and metre, with pickup, fermatas and repeated notes.
What has to be guessed or rounded is said in its remarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import estimate_melody_key
from chorale.music.phrases import phrase_ends
from chorale.music.score import Chorale, Note
from chorale.music.voices import ALL_VOICES, HIGHEST_PITCH, SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import IntArray

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

"""Melodies: one voice extracted from a chorale and prepared for harmonization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from chorale.errors import DataError
from chorale.music.key_decision import decide_key
from chorale.music.lyrics import sung
from chorale.music.phrases import ends_in_bars, fermatas_at, fermatas_of
from chorale.music.score import Chorale
from chorale.music.voices import ALL_VOICES, HIGHEST_PITCH, SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import IntArray

_OCTAVE = 12  # semitones
_MOST_OCTAVES = 5  # by which a melody is transposed


@dataclass(frozen=True, kw_only=True)
class Melody:
    """One voice to be harmonized.

    Attributes:
        chorale: the other voices are silent; the melody sounds at the first and the
            last step and may rest between. Fermatas mark the ends of its phrases.
        voice: which voice it is.
        has_fermatas: whether there were fermatas before its last note, as hymns have
            them; otherwise those of `chorale` are estimated or given by the user.
        remarks: sentences on what was guessed or changed.
    """

    chorale: Chorale
    voice: int
    has_fermatas: bool = True
    remarks: tuple[str, ...] = ()


def melody_of(
    chorale: Chorale, voice: int = SOPRANO, *, phrases: Sequence[int] | None = None
) -> Melody:
    """Extract one voice of a chorale as a melody.

    Silence before the first and after the last note is removed, and the melody is
    transposed by octaves into the range of its voice.

    Args:
        chorale: of four voices or of one.
        voice: which of them.
        phrases: numbers of the bars in which a phrase ends, a pickup being bar 0, see
            `phrases.ends_in_bars`; empty for a single phrase. None for the fermatas of
            the chorale; if there is none before the last note, phrase ends are guessed.

    Raises:
        DataError: the voice is silent throughout.
        UsageError: there is no such bar.
    """
    name = ALL_VOICES[voice].name
    notes = chorale.notes(voice)
    if not notes:
        raise DataError(f"expected a melody, the {name} is silent throughout")
    remarks = []
    chosen = np.arange(VOICES) == voice
    solo = replace(
        chorale,
        pitches=np.where(chosen, chorale.pitches, SILENCE),
        onsets=chorale.onsets & chosen,
        lyrics=sung(chorale.lyrics, chorale.onsets & chosen),
    ).excerpt(notes[0].start, notes[-1].end)
    if notes[0].start:
        remarks.append("the rests before the first note are left out")
        # An incomplete first bar is a pickup now.
        bars = solo.bars - solo.bars[0] + (solo.positions[0] == 0)
        solo = replace(solo, bars=bars)
    if chorale.steps - notes[-1].end >= chorale.bar_lengths()[-1]:
        remarks.append("the bars after the last note are left out")
    span = ALL_VOICES[voice].lowest, ALL_VOICES[voice].highest
    octaves, _ = fit_range(solo.pitches[:, voice], span)
    if octaves:
        direction = "up" if octaves > 0 else "down"
        size = "an octave" if abs(octaves) == 1 else f"{abs(octaves)} octaves"
        remarks.append(f"transposed {size} {direction} into the range of the {name}")
        solo = solo.transpose(octaves * _OCTAVE)
    notes = solo.notes(voice)
    if phrases is None:
        fermatas, remark = fermatas_of(solo, voice)
        remarks += [remark] if remark else []
    else:
        ends = ends_in_bars(notes, solo.bars, solo.positions, phrases)
        fermatas = fermatas_at([notes[end] for end in ends], solo.steps)
    rests = [after.start - note.end for note, after in pairwise(notes)]
    if max(rests, default=0) >= solo.bar_lengths().max():
        remarks.append("there are rests of a bar or more: the other voices go on there")
    key = solo.key
    if key is None:
        key, on_key = decide_key((), solo.pitches)
        remarks += on_key
    return Melody(
        chorale=replace(solo, fermatas=fermatas, key=key),
        voice=voice,
        has_fermatas=bool(solo.fermatas[: notes[-1].start].any()),
        remarks=tuple(remarks),
    )


def fill_rests(melody: Melody) -> Chorale:
    """Return a melody whose notes are prolonged through the rests after them.

    Models are trained on Bach's melodies, which have no rests. A fermata is prolonged
    too, unless the rest lasts a bar or more.
    """
    chorale = melody.chorale
    pitches, fermatas = np.array(chorale.pitches), np.array(chorale.fermatas)
    line = pitches[:, melody.voice]
    last_sounding = np.maximum.accumulate(np.where(line, np.arange(len(line)), 0))
    pitches[:, melody.voice] = line[last_sounding]
    for note, after in pairwise(chorale.notes(melody.voice)):
        if after.start - note.end < chorale.bar_lengths()[note.end - 1]:
            fermatas[note.end : after.start] = fermatas[note.end - 1]
    return replace(chorale, pitches=pitches, fermatas=fermatas)


def fit_range(line: IntArray, span: tuple[int, int]) -> tuple[int, int]:
    """Return the octaves and semitones by which to transpose a line into a range.

    The line is an int array (steps,) of MIDI notes, 0 = silence. Octaves are chosen
    first, and leave as little of it as possible outside the lowest and highest note of
    the span; then semitones do so, up to half an octave. Of equal ones the fewest are
    taken.
    """
    sounding = line[line != SILENCE]
    octaves = _OCTAVE * np.arange(-_MOST_OCTAVES, _MOST_OCTAVES + 1)
    octave = _closest(sounding, octaves, span)
    semitones = np.arange(-_OCTAVE // 2, _OCTAVE // 2 + 1)
    return octave // _OCTAVE, _closest(sounding + octave, semitones, span)


def _closest(sounding: IntArray, moves: IntArray, span: tuple[int, int]) -> int:
    """Return the one of some transpositions that leaves least outside a range."""
    moved = sounding + moves[:, np.newaxis]
    low, high = span
    outside = np.maximum(low - moved, 0) + np.maximum(moved - high, 0)
    possible = (moved.min(axis=1) > SILENCE) & (moved.max(axis=1) <= HIGHEST_PITCH)
    # lexsort takes the primary key last.
    order = np.lexsort((abs(moves), outside.sum(axis=1), ~possible))
    return int(moves[order[0]])

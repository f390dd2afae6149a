"""The beats of a melody: where each is in its phrase, and what the melody does there.

A beat is a quarter note; the last one of a bar such as 3/8 is shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.music.metre import STEPS_PER_QUARTER, STEPS_PER_WHOLE, bar_lengths
from chorale.music.phrases import ends_of_phrases
from chorale.music.voices import SILENCE
from chorale.sampling.asked_cadences import arrival_of
from chorale.utils.arrays import BoolArray, IntArray

# Places of a beat in its phrase: its first; others on strong and on weak beats; the one
# before the last chord of the phrase, its arrival; those in which this chord is held.
BEGINNING, STRONG, WEAK = "beginning", "strong", "weak"
BEFORE, ARRIVAL, HELD = "before", "arrival", "held"
# The same in the last phrase.
LAST_BEFORE, LAST_ARRIVAL = "last before", "last arrival"
PLACES = (BEGINNING, STRONG, WEAK, BEFORE, ARRIVAL, HELD, LAST_BEFORE, LAST_ARRIVAL)
ARRIVALS = (ARRIVAL, LAST_ARRIVAL)
CADENCE = (BEFORE, LAST_BEFORE, *ARRIVALS, HELD)  # the last two chords
LAST = {LAST_BEFORE: BEFORE, LAST_ARRIVAL: ARRIVAL}

# What a note of the melody does: it is struck on the beat and goes on by step or by
# leap, or is held from before; or it is struck after the beat, between two leaps, a
# leap and a step, a step and a leap, or two steps. Two equal notes are a leap apart.
STEP_ON, LEAP_ON, HELD_ON = "step on the beat", "leap on the beat", "held on the beat"
OFF_BEAT = (
    "leaps off the beat",
    "leap and step off the beat",
    "step and leap off the beat",
    "steps off the beat",
)
ROLES = (STEP_ON, LEAP_ON, HELD_ON, *OFF_BEAT)
_STEP = 2  # semitones at most


class SungNote(NamedTuple):
    """What sounds at the beginning of a beat, or is struck in it."""

    step: int
    pitch: int  # MIDI note
    role: str  # one of ROLES


class Beat(NamedTuple):
    """A beat of a melody."""

    step: int
    place: str  # one of PLACES
    notes: tuple[SungNote, ...]  # up to the end of the phrase
    is_strong: bool  # whether it begins a bar, or half a bar of four quarters

    @property
    def pitch(self) -> int:
        """MIDI note that sounds at its beginning, 0 = silence."""
        at_beginning = self.notes and self.notes[0].step == self.step
        return self.notes[0].pitch if at_beginning else SILENCE


def beats_of(plan: Plan, line: IntArray, onsets: BoolArray) -> list[Beat]:
    """Return the beats of a melody.

    Args:
        plan: of the piece.
        line: int array (steps,), MIDI notes, 0 = silence.
        onsets: bool array (steps,), where notes begin.
    """
    starts = np.flatnonzero(plan.positions % STEPS_PER_QUARTER == 0).tolist()
    if starts[:1] != [0]:  # a pickup of less than a beat
        starts.insert(0, 0)
    is_strong, ends = _are_strong(plan), ends_of_phrases(plan.fermatas)
    places = _places(plan, line, starts, is_strong)
    notes = _notes(line, onsets, starts)
    found = []
    for place, (start, end) in zip(
        places, pairwise([*starts, plan.steps]), strict=True
    ):
        end = min(end, next(each for each in ends if each > start))
        sung = [note for note in notes if start < note.step < end]
        if line[start] != SILENCE:
            (on,) = [note for note in notes if note.step <= start][-1:]
            if on.step < start:
                on = SungNote(start, on.pitch, HELD_ON)
            sung.insert(0, on)
        found.append(Beat(start, place, tuple(sung), bool(is_strong[start])))
    return found


def _notes(line: IntArray, onsets: BoolArray, beats: Sequence[int]) -> list[SungNote]:
    """Return the notes of a melody where they are struck."""
    is_struck = onsets.copy()
    is_struck[1:] |= line[1:] != line[:-1]
    is_struck[0] = True
    steps = np.flatnonzero(is_struck & (line != SILENCE))
    pitches = line[steps]
    by_step = np.isin(np.abs(np.diff(pitches)), range(1, _STEP + 1))
    # Before the first note and after the last one there is no leap.
    comes, goes = np.append(True, by_step), np.append(by_step, True)
    on_beat = np.isin(steps, beats)
    return [
        SungNote(step, pitch, _role(is_on, came, went))
        for step, pitch, is_on, came, went in zip(
            steps.tolist(), pitches.tolist(), on_beat, comes, goes, strict=True
        )
    ]


def _role(is_on_beat: bool, comes_by_step: bool, goes_by_step: bool) -> str:
    """Return the role of a note that is struck."""
    if is_on_beat:
        return STEP_ON if goes_by_step else LEAP_ON
    return OFF_BEAT[2 * int(comes_by_step) + int(goes_by_step)]


def _places(
    plan: Plan, line: IntArray, beats: Sequence[int], is_strong: BoolArray
) -> list[str]:
    """Return the place of each beat in its phrase."""
    ends = ends_of_phrases(plan.fermatas)
    places: list[str] = []
    for start, end in pairwise([0, *ends]):
        inside = [beat for beat in beats if start <= beat < end]
        if not inside:
            continue
        found = [STRONG if is_strong[beat] else WEAK for beat in inside]
        found[0] = BEGINNING
        step = arrival_of(plan.fermatas, line, start, end)
        arrival = next(
            (index for index, beat in enumerate(inside) if beat >= step),
            len(inside) - 1,
        )
        found[arrival + 1 :] = [HELD] * (len(inside) - arrival - 1)
        found[arrival] = ARRIVAL
        if arrival:
            found[arrival - 1] = BEFORE
        if end == plan.steps:
            last = {place: name for name, place in LAST.items()}
            found = [last.get(place, place) for place in found]
        places += found
    return places


def _are_strong(plan: Plan) -> BoolArray:
    """Return the steps that begin a bar, or half a bar of four quarters, (steps,)."""
    lengths = bar_lengths(plan.metres, plan.steps)
    halves = np.where(lengths == STEPS_PER_WHOLE, lengths // 2, lengths)
    is_strong: BoolArray = plan.positions % halves == 0
    return is_strong

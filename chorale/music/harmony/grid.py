"""The grid of the analysis: slots, half beats at which something begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.music.phrases import phrase_ends
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import BoolArray, IntArray

HALF_BEAT = 2  # steps: an eighth, the shortest chord that is analyzed
OFF_BEAT, BEAT, BARLINE = range(3)  # metrical levels


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Where chords may begin.

    A slot begins at a beat, at an eighth within a beat, or with a phrase, and only if a
    note begins or ends there: a slot in which nothing begins is part of the one before.

    Attributes:
        starts, ends: int arrays (slots,), steps.
        levels: int array (slots,), OFF_BEAT, BEAT or BARLINE.
        slot_of: int array (steps,), the slot of each step.
        strong: bool array (steps,), whether a step is on a beat.
        phrases: int array (phrases, 2), first step and the step after the last.
        is_last: bool array (slots,), whether a slot is under the last chord of a
            phrase, see `arrival`.
        begins_phrase, ends_phrase: bool arrays (slots,).
    """

    starts: IntArray
    ends: IntArray
    levels: IntArray
    slot_of: IntArray
    strong: BoolArray
    phrases: IntArray
    is_last: BoolArray
    begins_phrase: BoolArray
    ends_phrase: BoolArray

    @classmethod
    def of(cls, chorale: Chorale) -> Grid:
        """Return the grid of a piece."""
        steps = chorale.steps
        beats = np.empty(steps, np.int64)
        for metre in chorale.metres:
            beats[metre.step :] = metre.beat_length
        in_beat = chorale.positions % beats
        levels = np.where(
            chorale.positions == 0, BARLINE, np.where(in_beat == 0, BEAT, OFF_BEAT)
        )
        is_event = np.array(chorale.onsets.any(axis=1))
        sounding = chorale.pitches != SILENCE
        is_event[1:] |= (sounding[1:] != sounding[:-1]).any(axis=1)
        phrases = phrase_spans(chorale)
        is_start = (in_beat % HALF_BEAT == 0) & is_event
        is_start[phrases[:, 0]] = True
        is_start[0] = True
        starts = np.flatnonzero(is_start)
        begins = np.zeros(steps, np.bool_)
        begins[phrases[:, 0]] = True
        begins_phrase = begins[starts]
        is_last = np.zeros(steps, np.bool_)
        for start, end in phrases.tolist():
            is_last[arrival(chorale, start, end) : end] = True
        return cls(
            starts=starts,
            ends=np.append(starts[1:], steps),
            levels=levels[starts],
            slot_of=np.cumsum(is_start) - 1,
            strong=in_beat == 0,
            phrases=phrases,
            is_last=is_last[starts],
            begins_phrase=begins_phrase,
            ends_phrase=np.append(begins_phrase[1:], True),
        )


def phrase_spans(chorale: Chorale) -> IntArray:
    """Return the phrases of a piece, int array (phrases, 2): first step, end.

    A phrase ends with a fermata; notes of inner voices that are held beyond it belong
    to it no longer. In a piece without fermatas before its last note, the phrases of
    the soprano are estimated, see `chorale.music.phrases`.
    """
    steps = chorale.steps
    ends = [end for _, end in chorale.fermata_spans()]
    if not any(end < steps for end in ends):
        line = chorale.pitches[:, SOPRANO]
        notes = chorale.notes(SOPRANO) if line.any() else []
        guessed = (
            phrase_ends(notes, chorale.positions, chorale.metre)
            if len(notes) > 1
            else []
        )
        ends = [notes[index].end for index in guessed]
    # What follows the last phrase end is part of the last phrase.
    last_onset = int(np.flatnonzero(chorale.onsets.any(axis=1))[-1:].sum())
    bounds = [0, *(end for end in ends if end < steps and end <= last_onset), steps]
    return np.stack([bounds[:-1], bounds[1:]], axis=1)


def arrival(chorale: Chorale, start: int, end: int) -> int:
    """Return the step at which the last chord of a phrase is expected.

    It is that of the fermata, or of the last note of the soprano, or of any voice.
    """
    under = chorale.fermatas[start:end]
    if under.any():
        without = np.flatnonzero(~under[: int(np.flatnonzero(under)[-1])])
        return start + (int(without[-1]) + 1 if len(without) else 0)
    soprano = np.flatnonzero(chorale.onsets[start:end, SOPRANO])
    onsets = np.flatnonzero(chorale.onsets[start:end].any(axis=1))
    return start + int((soprano if len(soprano) else onsets)[-1:].sum())


def notes_of(chorale: Chorale) -> tuple[IntArray, ...]:
    """Return the notes of all voices, voice by voice in order: int arrays (notes,).

    They are the voice, the pitch, the first step and the step after the last of each.
    """
    by_voice = []
    for voice in range(VOICES):
        line = chorale.pitches[:, voice]
        starts = np.flatnonzero(chorale.onsets[:, voice])
        # A note ends at the next onset, or where the voice falls silent.
        stops = np.flatnonzero((line[:-1] != SILENCE) & (line[1:] == SILENCE)) + 1
        stops = np.append(stops, chorale.steps)
        ends = np.minimum(
            stops[np.searchsorted(stops, starts, side="right")],
            np.append(starts[1:], chorale.steps)[: len(starts)],
        )
        by_voice.append(
            np.stack([np.full(len(starts), voice), line[starts], starts, ends])
        )
    return tuple(np.concatenate(by_voice, axis=1))

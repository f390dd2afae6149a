"""Non-chord tones: what a note is if it is not of its chord.

The kinds are those of textbooks (Aldwell & Schachter, Harmony and Voice Leading,
chapters 20 and 21), decided by how the note is reached, how it is left, and whether it
begins on a beat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import NonChordTone
from chorale.music.harmony.grid import Grid, notes_of
from chorale.music.harmony.templates import HAS_TONE
from chorale.music.score import Chorale
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

KINDS = (
    "passing",  # reached and left by step in one direction
    "neighbour",  # reached by step, left by step back
    # Held or struck again from the chord before, left by step down, at once or after a
    # lower note.
    "suspension",
    "retardation",  # the same, left by step up
    "anticipation",  # off the beat, struck again in the next chord
    "escape",  # off the beat, reached by step and left by leap
    "appoggiatura",  # reached by leap, left by step
    "pedal",  # held through chords to which it does not belong
    "unexplained",
)
(
    PASSING,
    NEIGHBOUR,
    SUSPENSION,
    RETARDATION,
    ANTICIPATION,
    ESCAPE,
    APPOGGIATURA,
    PEDAL,
    UNEXPLAINED,
) = range(len(KINDS))

FAR = 99  # an interval to or from nothing
_PEDAL = 8  # steps: the shortest pedal
LARGEST_STEP = 2  # semitones: the largest step


class Figures(NamedTuple):
    """The notes of a piece, and what each would be as a non-chord tone.

    All are int arrays (notes,), voice by voice in order.

    Attributes:
        voices, pitches, starts, ends: of the notes; ends are the steps after the last.
        attacked: index into KINDS if the note is foreign to the chord at its start.
        held: index into KINDS if it becomes foreign while it is held.
        left: semitones up to the next note of the voice; FAR if none follows at once.
    """

    voices: IntArray
    pitches: IntArray
    starts: IntArray
    ends: IntArray
    attacked: IntArray
    held: IntArray
    left: IntArray


def figures(chorale: Chorale, grid: Grid) -> Figures:
    """Return what each note would be as a non-chord tone."""
    voices, pitches, starts, ends = notes_of(chorale)
    if not len(voices):
        return Figures(voices, pitches, starts, ends, voices, voices, voices)
    joined = (voices[1:] == voices[:-1]) & (starts[1:] == ends[:-1])
    intervals = np.where(joined, np.diff(pitches), FAR)
    reached = np.insert(intervals, 0, FAR)
    left = np.append(intervals, FAR)
    # To the note after the next, to which an ornamented suspension resolves.
    on = np.where(left[:-1] + left[1:] < FAR / 2, left[:-1] + left[1:], FAR)
    ornamented = np.isin(np.append(on, FAR), (-1, -2)) & (left != 0)
    strong = grid.strong[starts]
    # Held or repeated notes first: they are not reached by an interval.
    by_step = (abs(reached) <= LARGEST_STEP) & (reached != 0)
    to_step = (abs(left) <= LARGEST_STEP) & (left != 0)
    down = to_step & (left < 0)
    resolves = down | (ornamented & (left < 0))
    same_direction = np.sign(reached) == np.sign(left)
    attacked = np.select(
        [
            (reached == 0) & resolves,
            (reached == 0) & to_step,
            by_step & to_step & same_direction,
            by_step & to_step,
            (left == 0) & ~strong,
            by_step & ~strong & (left != FAR),
            to_step,
        ],
        [
            SUSPENSION,
            RETARDATION,
            PASSING,
            NEIGHBOUR,
            ANTICIPATION,
            ESCAPE,
            APPOGGIATURA,
        ],
        UNEXPLAINED,
    )
    long = ends - starts >= _PEDAL
    held = np.select(
        [resolves, to_step, long], [SUSPENSION, RETARDATION, PEDAL], UNEXPLAINED
    )
    return Figures(voices, pitches, starts, ends, attacked, held, left)


# Costs of a foreign note that lasts an eighth, by kind: begun off a beat, begun on a
# beat, and held. 0 where there is none: only some kinds are held, and none begins as a
# pedal.
COSTS: Float64Array = np.array(
    [
        (0.83, 3.46, 0.0),  # passing
        (1.86, 5.78, 0.0),  # neighbour
        (0.8, 1.9, 2.1),  # suspension
        (1.02, 2.17, 3.75),  # retardation
        (2.01, 2.7, 0.0),  # anticipation
        (2.9, 2.4, 0.0),  # escape
        (3.9, 7.97, 0.0),  # appoggiatura
        (0.0, 0.0, 5.34),  # pedal
        (8.47, 2.97, 4.5),  # unexplained
    ]
)
BASS_FACTOR = 1.33  # of the costs in the bass


def foreign_costs(notes: Figures, grid: Grid, steps: int) -> Float64Array:
    """Return what each pitch class costs if it is foreign, float array (slots, 12).

    It is the sum over its notes of their costs, in proportion to how long each sounds
    in the slot.
    """
    note, step = sounding_steps(notes)
    slot = grid.slot_of[step]
    is_held = slot != grid.slot_of[notes.starts][note]
    column = np.where(is_held, 2, grid.strong[notes.starts][note])
    kind = np.where(is_held, notes.held[note], notes.attacked[note])
    costs = COSTS[kind, column] * np.where(notes.voices[note] == 3, BASS_FACTOR, 1.0)
    totals = np.bincount(
        slot * 12 + notes.pitches[note] % 12,
        weights=costs / 2,
        minlength=12 * len(grid.starts),
    )
    table: Float64Array = totals.astype(np.float64).reshape(-1, 12)
    return table


def sounding_steps(notes: Figures) -> tuple[IntArray, IntArray]:
    """Return the index of the note and the step of each step of each note, in order."""
    lengths = notes.ends - notes.starts
    note = np.repeat(np.arange(len(lengths)), lengths)
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return note, notes.starts[note] + np.arange(len(note)) - first


def find(
    notes: Figures, grid: Grid, chords: IntArray, tonic: int, silent: BoolArray
) -> list[NonChordTone]:
    """Return the notes that are foreign to their chords.

    Args:
        notes: from `figures`.
        grid: of the piece.
        chords: int array (slots,), number of the chord, its root above a tonic.
        tonic: pitch class of that.
        silent: bool array (slots,), where there is no harmony.
    """
    if not len(notes.voices):
        return []
    note, step = sounding_steps(notes)
    slot = grid.slot_of[step]
    is_foreign = (
        ~silent[slot] & ~HAS_TONE[chords[slot], (notes.pitches[note] - tonic) % 12]
    )
    # Runs of foreign steps within a note.
    new = np.append(True, note[1:] != note[:-1])
    begins = is_foreign & (new | ~np.append(False, is_foreign[:-1]))
    ends = is_foreign & np.append(new[1:] | ~is_foreign[1:], True)
    found = []
    for begin, last in zip(
        np.flatnonzero(begins).tolist(), np.flatnonzero(ends).tolist(), strict=True
    ):
        index = int(note[begin])
        start, end = int(step[begin]), int(step[last]) + 1
        found.append(_non_chord_tone(notes, index, start, end, is_foreign, note))
    return sorted(found, key=lambda tone: (tone.start, tone.voice))


def _non_chord_tone(
    notes: Figures,
    index: int,
    start: int,
    end: int,
    is_foreign: BoolArray,
    note: IntArray,
) -> NonChordTone:
    """Return the non-chord tone that a note is from one step to another."""
    note_start = int(notes.starts[index])
    attacked = start == note_start
    kind = int((notes.attacked if attacked else notes.held)[index])
    preparation = None
    if kind in (SUSPENSION, RETARDATION):
        preparation = note_start
        if attacked:  # struck again: the note before prepares it
            preparation = int(notes.starts[index - 1])
            last = int(np.searchsorted(note, index)) - 1
            if is_foreign[last]:
                kind, preparation = UNEXPLAINED, None
    resolution = None
    if kind not in (UNEXPLAINED, PEDAL) and notes.left[index] != FAR:
        ornamented = kind == SUSPENSION and abs(notes.left[index]) > LARGEST_STEP
        resolution = int(notes.starts[index + 1 + ornamented])
    return NonChordTone(
        voice=int(notes.voices[index]),
        pitch=int(notes.pitches[index]),
        start=start,
        end=end,
        kind=KINDS[kind],
        preparation=preparation,
        resolution=resolution,
    )

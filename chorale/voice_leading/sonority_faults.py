"""Faults of the sonority that a voice adds to: the notes that sound at one step.

Unlike the faults of `faults` these do not depend on the step before; some depend on
whether the step is on a beat, or where a phrase ends. All functions that find faults
take the arguments of `chorale.voice_leading.faults.exact_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chorale.music.metre import Metre, beat_lengths
from chorale.music.phrases import phrase_starts
from chorale.music.voices import BASS, SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import FIFTH, OCTAVE
from chorale.voice_leading.faults import (
    HELD,
    NO_TONE,
    OFF_BEAT,
    ON_BEAT,
    PHRASE_END,
    Context,
    Fault,
)

SETS = 1 << OCTAVE  # sets of pitch classes: bit p stands for pitch class p


def step_places(
    fermatas: BoolArray, positions: IntArray, metres: Sequence[Metre]
) -> IntArray:
    """Return where the steps of a piece are, see `Context.place`.

    A phrase ends under each fermata, and on the last beat of the piece.

    Args:
        fermatas: bool array (steps,), True while a fermata stands.
        positions: int array (steps,), steps since the barline.
        metres: of the piece.

    Returns:
        int array (steps,).
    """
    is_beat = positions % beat_lengths(metres, len(positions)) == 0
    is_end = fermatas.copy()
    if is_beat.any():
        is_end[np.flatnonzero(is_beat)[-1] :] = True
    is_held = np.zeros_like(is_end)
    is_held[1:] = is_end[1:] & is_end[:-1]
    is_held &= ~phrase_starts(fermatas)
    places = np.where(is_beat, ON_BEAT, OFF_BEAT)
    return np.where(is_held, HELD, np.where(is_end, PHRASE_END, places))


def open_fifths(context: Context, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the last notes of a sonority on a beat that leave it without a third.

    Only a root and its fifth, or a root alone, sound in all voices. It is a fault on
    beats and at phrase ends.

    Source: chords without a third in Aldwell & Schachter and in Kostka & Payne.
    """
    others = [each for each in range(VOICES) if each != voice]
    is_last = set(others) <= {*context.written}
    complete = np.broadcast_to(context.place != OFF_BEAT, len(notes)) & is_last
    complete &= (context.now[:, others] != SILENCE).all(axis=1)
    faults = _IS_OPEN[_with(_classes(context), notes)]
    faults &= complete[:, np.newaxis] & (notes != SILENCE)
    yield Fault("open-fifth", (voice,), faults)


def unstable_phrase_ends(
    context: Context, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes by which no phrase can end on a triad in root position.

    At a phrase end the notes already written belong to a major or minor triad, with its
    root in the bass if that is written, and those with the note do not: the chord is
    dissonant, or an inversion. A triad in root position that has been reached counts
    among the notes written: the last chord of a phrase stays.

    Source: cadences in Aldwell & Schachter and in Kostka & Payne.
    """
    has_bass = BASS in context.written and voice != BASS
    now = context.now[:, BASS] if has_bass else np.full(len(notes), SILENCE)
    basses = np.where(now == SILENCE, NO_TONE, now % OCTAVE)[:, np.newaxis]
    written = _classes(context)
    was_stable = _IN_TRIAD[basses[:, 0], written]
    is_end = np.isin(context.place, (PHRASE_END, HELD))
    was_stable &= np.broadcast_to(is_end, len(notes))
    if voice == BASS:
        basses = np.where(notes == SILENCE, NO_TONE, notes % OCTAVE)
    classes = _with(written, notes)
    leaves = was_stable[:, np.newaxis] & ~_IN_TRIAD[basses, classes]
    is_consonant = _IN_TRIAD[NO_TONE, classes]
    yield Fault("phrase-end-dissonance", (voice,), leaves & ~is_consonant)
    yield Fault("phrase-end-inversion", (voice,), leaves & is_consonant)


# === Sets of pitch classes ===


def class_sets(notes: IntArray) -> IntArray:
    """Return the sets of pitch classes of MIDI notes (batch, voices), (batch,)."""
    bits = np.where(notes == SILENCE, 0, 1 << notes % OCTAVE)
    sets: IntArray = np.bitwise_or.reduce(bits, axis=-1)
    return sets


def _classes(context: Context) -> IntArray:
    """Return the sets of pitch classes already written, int array (batch,).

    Those of the chord that a phrase rests on are among them.
    """
    before = context.before
    bass = np.where(before[:, BASS] == SILENCE, NO_TONE, before[:, BASS] % OCTAVE)
    rests = resting_chords(context.place, bass, class_sets(before))
    return class_sets(context.now[:, list(context.written)]) | rests


def resting_chords(
    place: IntArray | int, bass: IntArray, classes: IntArray
) -> IntArray:
    """Return the sets of pitch classes a step before that a phrase rests on, (batch,).

    Elsewhere than in a triad in root position at a phrase end they are empty.

    Args:
        place: int array (batch,), of the steps.
        bass: int array (batch,), pitch classes a step before, NO_TONE for silence.
        classes: int array (batch,), all pitch classes a step before.
    """
    rests = (place == HELD) & (bass != NO_TONE) & _IN_TRIAD[bass, classes]
    return np.where(rests, classes, 0)


def _with(sets: IntArray, notes: IntArray) -> IntArray:
    """Return sets (batch,) with each of some notes (batch, notes) added to them."""
    return sets[:, np.newaxis] | class_sets(notes[..., np.newaxis])


def _parts(chords: Sequence[Sequence[int]]) -> BoolArray:
    """Return which sets are parts of chords by root, bool array (13, SETS).

    `chords` are semitones above the root. The last row is of any root, at NO_TONE.
    """
    parts = np.zeros((OCTAVE + 1, SETS), np.bool_)
    for root in range(OCTAVE):
        for chord in chords:
            tones = class_sets(root + OCTAVE + np.array(chord))
            parts[root] |= np.arange(SETS) & ~tones == 0
    parts[NO_TONE] = parts.any(axis=0)
    return parts


_IN_TRIAD = _parts([(0, 4, FIFTH), (0, 3, FIFTH)])
_IS_OPEN = _parts([(0, FIFTH)])[NO_TONE]

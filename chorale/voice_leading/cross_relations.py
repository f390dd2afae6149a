"""Cross relations of the notes that a voice may choose next: C against C sharp.

One letter sounds with two accidentals, at once or one after the other in different
voices. Letters are those of the key, see `chorale.music.spelling.diatonic_numbers`;
where it is unknown, there are no cross relations. All functions that find faults take
the arguments of `chorale.voice_leading.faults.exact_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chorale.music.keys import Key
from chorale.music.spelling import LETTERS, diatonic_numbers
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import LARGEST_STEP, OCTAVE
from chorale.voice_leading.faults import NO_TONE, Context, Fault


def scale(key: Key | None) -> int:
    """Return the pitch class of the tonic of the major key with the same signature.

    NO_TONE if the key is unknown.
    """
    return NO_TONE if key is None else 7 * key.fifths % OCTAVE


def _letter_mates() -> IntArray:
    """Return the other pitch class with the letter of each, by key, NO_TONE if none.

    Pitch classes count from the tonic of the major key.
    """
    letters = diatonic_numbers(5 * OCTAVE + np.arange(OCTAVE), Key("C", "major"))
    is_mate = (letters[:, np.newaxis] - letters) % len(LETTERS) == 0
    np.fill_diagonal(is_mate, False)
    mates: IntArray = np.where(is_mate.any(axis=1), is_mate.argmax(axis=1), NO_TONE)
    return mates


_MATES = _letter_mates()


def letter_mates(notes: IntArray, tonic: IntArray) -> IntArray:
    """Return the other pitch class with the letter of each note, NO_TONE if none.

    It is a semitone above or below. `notes`, MIDI notes or silence, and `tonic`, the
    scale of a Context, are int arrays that broadcast together.
    """
    mates = _MATES[(notes - tonic) % OCTAVE]
    exists = (mates != NO_TONE) & (tonic != NO_TONE) & (notes != SILENCE)
    return np.where(exists, (mates + tonic) % OCTAVE, NO_TONE)


def chromatic_clashes(context: Context, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that sound with another accidental on the same letter.

    Source: simultaneous cross relations in Piston, Harmony, and in Kostka & Payne.
    """
    mates = letter_mates(notes, _tonic(context, notes))
    clashes = np.zeros(notes.shape, np.bool_)
    for each in context.written:
        note = context.now[:, each, np.newaxis]
        clashes |= (note % OCTAVE == mates) & (note != SILENCE)
    yield Fault("chromatic-clash", (voice,), clashes)


def false_relations(context: Context, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that make a false relation with a voice already written.

    One voice leaves a note, and another moves to its letter with another accidental
    that it did not have before. It is no fault if any voice has the chromatic semitone
    itself, or may still have it; nor if the voice that leaves moves on by step as its
    accidental wants, the higher of the two notes up, the lower down; nor from phrase to
    phrase.

    Source: cross relations in Aldwell & Schachter, Piston, and Kostka & Payne, with
    their exceptions.
    """
    attacks, leaves = np.zeros((2, *notes.shape), np.bool_)
    for each in context.written:
        attacks |= _is_false(context, voice, notes, left=each, attacked=voice)
        leaves |= _is_false(context, voice, notes, left=voice, attacked=each)
    yield Fault("false-relation", (voice,), attacks)
    yield Fault("false-relation", (voice,), leaves)


def _is_false(
    context: Context, voice: int, notes: IntArray, *, left: int, attacked: int
) -> BoolArray:
    """Return where one voice attacks what the other has left, (batch, notes)."""
    before = [context.before[:, [each]] for each in range(VOICES)]
    now = [notes if each == voice else context.now[:, [each]] for each in range(VOICES)]
    note, origin, goal = before[left], before[attacked], now[attacked]
    mate = letter_mates(note, _tonic(context, notes))
    is_false = np.broadcast_to(mate != NO_TONE, notes.shape)
    is_false = is_false & ~context.phrase_start[:, np.newaxis]
    is_false &= (now[left] != SILENCE) & (now[left] != note)
    is_false &= (goal != SILENCE) & (goal % OCTAVE == mate)
    is_false &= (origin != SILENCE) & (origin % OCTAVE != mate)
    shift = np.where((note + 1) % OCTAVE == mate, 1, -1)
    steps = (note - now[left]) * shift
    is_false &= (steps <= 0) | (steps > LARGEST_STEP)
    for each in range(VOICES):
        has_note = (before[each] != SILENCE) & ((before[each] - note) % OCTAVE == 0)
        # A voice not yet written may take the semitone.
        takes = np.ones_like(is_false)
        if each == voice:
            takes = now[each] % OCTAVE == mate
        elif each in context.written:
            takes &= (now[each] % OCTAVE == mate) | (now[each] == SILENCE)
        is_false &= ~(has_note & takes)
    return is_false


def _tonic(context: Context, notes: IntArray) -> IntArray:
    """Return the scale of a context, int array (batch, 1)."""
    return np.broadcast_to(context.scale, len(notes))[:, np.newaxis]

"""Faults of the notes that a voice may choose next, by the rules that they would break.

Samplers write one voice at a time. The chord a step before is known, and the notes of
the voices already written at this step. A fault of two voices is counted for the voice
that chooses later, so that the faults of all voices together are those of `checking`.
These are the definitions; samplers read what faults cost from tables that are made from
them, see `chorale.voice_leading.costs`.

Sevenths and leading tones are approximated from the chord before and the key, because
whether a chord is a dominant depends on the next one. Ranges are left to the samplers.
All functions that find faults take the arguments of `exact_faults`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from chorale.music.keys import Key
from chorale.music.voices import ALTO, SILENCE, TENOR, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP, OCTAVE, Dyads
from chorale.voice_leading.leaps import is_large_leap
from chorale.voice_leading.rule import NEIGHBORS
from chorale.voice_leading.rules import RULES
from chorale.voice_leading.spacing import crossing

# Definitions of a fault of two voices by the name of the rule, in the order of RULES.
PAIR_RULES = {
    rule.name: rule.dyad_fault for rule in RULES.values() if rule.dyad_fault is not None
}
# The rules whose faults are those of `checking`, not approximations; of overlaps also
# those that `checking` excuses, of a neighbor that leaps an octave.
EXACT_RULES = (*PAIR_RULES, "large-leap")

NO_TONE = -1  # no pitch class

# Where a step is. HELD is a step of a phrase end after its first one.
PLACES = OFF_BEAT, ON_BEAT, PHRASE_END, HELD = range(4)

# Semitones above the root of a dominant seventh: its tones.
_THIRD, _SEVENTH = 4, 10
_IN_DOMINANT = np.isin(np.arange(OCTAVE), (0, _THIRD, FIFTH, _SEVENTH))
# Semitones above the leading tone: the tones of the tonic, in major and minor.
_IN_TONIC = np.isin(np.arange(OCTAVE), (1, 4, 5, 8))


class Context(NamedTuple):
    """What is known when a voice chooses its next note, in a batch of pieces.

    Attributes:
        before: int array (batch, 4), MIDI notes a step before, 0 = silence.
        now: int array (batch, 4), MIDI notes of the voices already written.
        written: the voices already written.
        phrase_start: bool array (batch,), whether a phrase begins at this step, see
            `chorale.music.phrases.phrase_starts`.
        leading: int array (batch,), see `leading_tone`.
        place: int array (batch,), one of PLACES; one number if it is the same for all.
        scale: int array (batch,), or one number, see
            `chorale.voice_leading.cross_relations.scale`.
    """

    before: IntArray
    now: IntArray
    written: tuple[int, ...]
    phrase_start: BoolArray
    leading: IntArray
    place: IntArray | int = OFF_BEAT
    scale: IntArray | int = NO_TONE


class Fault(NamedTuple):
    """Notes that would break a rule."""

    rule: str  # its name
    voices: tuple[int, ...]  # that would break it, the upper voice first
    notes: BoolArray  # (batch, notes)


def leading_tone(key: Key | None) -> int:
    """Return the pitch class of the leading tone, NO_TONE if the key is unknown."""
    return NO_TONE if key is None else (key.tonic_class - 1) % OCTAVE


def exact_faults(context: Context, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that would break a rule alone or with a voice already written.

    Args:
        context: what is known.
        voice: that chooses, not in `context.written`.
        notes: int array (batch, notes), MIDI notes that it may choose, 0 = silence.

    Yields:
        A fault for every rule of EXACT_RULES and each voice or pair of voices.
    """
    before = context.before[:, voice, None]
    yield from _dyad_faults(context, voice, notes, before)
    leaps = _large_leaps(before, notes, context.phrase_start)
    yield Fault("large-leap", (voice,), leaps)


def forced_overlaps(context: Context, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that force a neighbor not yet written to overlap or cross.

    They are beyond the note of the neighbor a step before. The neighbor itself would
    be too late to avoid the fault.
    """
    unwritten = set(range(VOICES)) - {voice, *context.written}
    for pair in NEIGHBORS:
        if voice in pair and (other := sum(pair) - voice) in unwritten:
            held = context.before[:, other, None]
            dyads = _dyads(
                voice < other,
                (notes, context.before[:, voice, None]),
                (held, held),
                context.phrase_start,
            )
            yield Fault("overlap", pair, forced_overlap(dyads))


def forced_overlap(dyads: Dyads) -> BoolArray:
    """Find notes beyond that of a neighbor, which stays where it was."""
    return crossing(dyads) & dyads.continues


def unresolved_sevenths(
    context: Context, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes that would not resolve the seventh of a dominant seventh.

    In the chord before, only the fifth may be missing, and this voice has the seventh.
    It may stay, fall by step, or move to another tone of the chord while no voice has
    left the chord.
    """
    # Semitones of each voice above each pitch class, array (batch, 4, 12).
    above = (context.before[..., None] - np.arange(OCTAVE)) % OCTAVE
    is_root = _IN_DOMINANT[above].all(axis=1)
    for tone in (0, _THIRD, _SEVENTH):
        is_root &= (above == tone).any(axis=1)
    continues = (context.before != SILENCE).all(axis=1) & ~context.phrase_start
    is_root &= continues[:, None]
    has_seventh = (is_root & (above[:, voice] == _SEVENTH)).any(axis=1)
    root = is_root.argmax(axis=1)[:, None]
    now = context.now[:, list(context.written)]
    chord_lasts = _is_within(_IN_DOMINANT, now, root)[:, None]
    is_tone = _IN_DOMINANT[(notes - root) % OCTAVE]
    falls = context.before[:, voice, None] - notes
    resolves = (falls >= 0) & (falls <= LARGEST_STEP)
    faults = has_seventh[:, None] & (notes != SILENCE) & ~resolves
    faults &= ~(is_tone & chord_lasts)
    yield Fault("unresolved-seventh", (voice,), faults)


def doubled_leading_tones(
    context: Context, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes that would double the leading tone of the key.

    It is a fault if all notes already written belong to the dominant of the key, unless
    the same two voices had it a step before.
    """
    written = list(context.written)
    leading = context.leading[:, None]
    now = context.now[:, written]
    has_tone = (now % OCTAVE == leading) & (now != SILENCE)
    had_tone = context.before % OCTAVE == leading
    had_tone &= context.before != SILENCE
    is_new = (has_tone & ~(had_tone[:, written] & had_tone[:, [voice]])).any(axis=1)
    is_new &= _is_within(_IN_DOMINANT, now, leading - _THIRD)
    doubles = (notes % OCTAVE == leading) & (notes != SILENCE)
    yield Fault("doubled-leading-tone", (voice,), doubles & is_new[:, None])


def unresolved_leading_tones(
    context: Context, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes that would not resolve the leading tone of the key.

    The chord before is the key's dominant with its root, this voice has the leading
    tone, and all notes already written belong to the tonic. It may stay, rise by a
    semitone, fall by a semitone to the next seventh, and in an inner voice fall to the
    fifth, which is the rule `leading-tone-leap`.
    """
    leading = context.leading[:, None]
    root = leading - _THIRD
    now = context.now[:, list(context.written)]
    above = (context.before - root) % OCTAVE
    leaves = (context.before != SILENCE).all(axis=1) & ~context.phrase_start
    leaves &= _IN_DOMINANT[above].all(axis=1) & (above == 0).any(axis=1)
    leaves &= (above[:, voice] == _THIRD) & (context.leading != NO_TONE)
    leaves &= _is_within(_IN_TONIC, now, leading) & ~_is_within(_IN_DOMINANT, now, root)
    allowed = (-1, 0, 1, *((-_THIRD,) if voice in (ALTO, TENOR) else ()))
    resolves = np.isin(notes - context.before[:, voice, None], allowed)
    faults = leaves[:, None] & (notes != SILENCE) & ~resolves
    yield Fault("unresolved-leading-tone", (voice,), faults)


def _dyad_faults(
    context: Context, voice: int, notes: IntArray, before: IntArray
) -> Iterator[Fault]:
    """Find the faults of a voice with each voice already written.

    `notes` and `before`, its MIDI notes at the step and a step before, are int arrays
    that broadcast to (batch, notes).
    """
    for written in context.written:
        pair = (min(voice, written), max(voice, written))
        others = context.now[:, written, None], context.before[:, written, None]
        dyads = _dyads(voice < written, (notes, before), others, context.phrase_start)
        for rule, is_fault in PAIR_RULES.items():
            if pair in RULES[rule].voices:
                yield Fault(rule, pair, is_fault(dyads))


def _dyads(
    is_upper: bool,
    voice: tuple[IntArray, IntArray],
    other: tuple[IntArray, IntArray],
    phrase_start: BoolArray,
) -> Dyads:
    """Return the dyads of two voices, each with its notes at the step and before."""
    (upper, upper_before), (lower, lower_before) = (
        (voice, other) if is_upper else (other, voice)
    )
    return Dyads(
        upper=upper,
        lower=lower,
        upper_before=upper_before,
        lower_before=lower_before,
        phrase_start=phrase_start[:, None],
    )


def _large_leaps(
    before: IntArray, notes: IntArray, phrase_start: BoolArray
) -> BoolArray:
    """Return which motions are large leaps, bool array (batch, notes)."""
    continues = (before != SILENCE) & (notes != SILENCE) & ~phrase_start[:, None]
    return is_large_leap(np.where(continues, notes - before, 0))


def _is_within(chord: BoolArray, now: IntArray, root: IntArray) -> BoolArray:
    """Return where all notes belong to a chord or are silent, bool array (batch,).

    `chord` is a bool array (12,), its tones in semitones above `root`, (batch, 1).
    """
    belongs = chord[(now - root) % OCTAVE] | (now == SILENCE)
    within: BoolArray = belongs.all(axis=1)
    return within

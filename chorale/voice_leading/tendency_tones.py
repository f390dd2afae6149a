"""Rules about tones of a dominant that have a way to go: leading tone and seventh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.score import STEPS_PER_QUARTER
from chorale.music.voices import ALTO, BASS, TENOR
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.piece import PAIRS, Judged, Piece

# Semitones above the root of the dominant.
_THIRD, _SEVENTH = 4, 10
_STEPS = (1, 2)  # semitones of a step
# Semitones from the third down to the root, which is the fifth of the tonic.
_TO_FIFTH = -_THIRD


class _Leavings(NamedTuple):
    """Where voices leave a tone that has a way to go, arrays (leavings,).

    Attributes:
        voices: who leaves it.
        sung: the last step of it within the dominant.
        left: the step at which the voice sings something else.
        moves: semitones to that.
        ends: the step at which the chord of resolution begins.
        later: semitones from the tone to what the voice sings at that step.
        tonics: pitch class of the root of that chord.
    """

    voices: IntArray
    sung: IntArray
    left: IntArray
    moves: IntArray
    ends: IntArray
    later: IntArray
    tonics: IntArray


def doubled_leading_tone(piece: Piece) -> Judged:
    """Find two voices that sing the third of a dominant at once.

    A dominant is a major triad or dominant seventh that resolves by fifth, see
    `find_dominants`. Found once a dominant and pair of voices; an opportunity is a
    dominant. Source: doubling in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    dominants = piece.dominants
    upper, lower = np.array(PAIRS).T
    sings = _sings(piece, _THIRD)
    doubled = sings[:, upper] & sings[:, lower]
    faults = np.zeros_like(doubled)
    opportunities = np.zeros(len(doubled), np.int64)
    resolved = zip(dominants.starts, dominants.ends, dominants.by_fifth, strict=True)
    for start, end, by_fifth in resolved:
        if not by_fifth:
            continue
        pairs = np.flatnonzero(doubled[start:end].any(axis=0))
        firsts = start + doubled[start:end, pairs].argmax(axis=0)
        faults[firsts, pairs] = True
        opportunities[firsts.min(initial=end - 1)] += 1
    return Judged(faults, opportunities)


def unresolved_leading_tone(piece: Piece) -> Judged:
    """Find leading tones that do not go up a semitone.

    A leading tone is the third of a dominant that resolves by fifth, in the voice that
    last sings it there. It may go up at any time, with a decoration between too; stay
    in the next chord; go down a semitone to be the seventh of the next dominant; and in
    an inner voice go down to the fifth of the tonic, through a passing note or by leap,
    which is a rule of its own. An opportunity is a leading tone that its voice leaves.
    Source: Aldwell & Schachter, Piston, and Kostka & Payne on V and on applied chords.
    """
    leavings, resolved = _leading_tones(piece)
    frustrated = _is_inner(leavings) & (leavings.later == _TO_FIFTH)
    return _judge(piece, leavings, ~resolved & ~frustrated)


def leading_tone_leap(piece: Piece) -> Judged:
    """Find leading tones of inner voices that leap down to the fifth of the tonic.

    It gives the tonic its fifth, so textbooks allow it where it is not heard as much:
    a lenient rule. Opportunities are those of unresolved leading tones, in the inner
    voices. Source: the frustrated leading tone in Kostka & Payne.
    """
    leavings, resolved = _leading_tones(piece)
    is_inner = _is_inner(leavings)
    leaps = is_inner & (leavings.moves == _TO_FIFTH) & (leavings.later == _TO_FIFTH)
    return _judge(piece, leavings, ~resolved & leaps, is_inner)


def unresolved_seventh(piece: Piece) -> Judged:
    """Find sevenths of a dominant that do not go down by step.

    The voice that last sings it has to. It may stay in the next chord, come to the note
    of resolution after a decoration, and go up by step if the bass takes that note, or
    in passing: shorter than a quarter, and reached by step from below. An opportunity
    is a seventh that its voice leaves, of a dominant seventh that resolves by fifth or
    deceptively. Source: V7 and its inversions in Aldwell & Schachter, Piston, and
    Kostka & Payne.
    """
    leavings = _leavings(piece, _SEVENTH)
    resolved = (
        (leavings.left > leavings.ends)
        | np.isin(-leavings.moves, _STEPS)
        | np.isin(-leavings.later, _STEPS)
    )
    bass = piece.pitches[leavings.ends, BASS]
    sevenths = piece.pitches[leavings.sung, leavings.voices]
    taken = np.isin((sevenths - bass) % 12, _STEPS) & (bass > 0)
    rises = np.isin(leavings.moves, _STEPS)
    begun = _beginnings(piece.pitches)[leavings.sung, leavings.voices]
    passes = np.isin(piece.moves[begun, leavings.voices], _STEPS)
    passes &= leavings.left - begun < STEPS_PER_QUARTER
    return _judge(piece, leavings, ~(resolved | (rises & (taken | passes))))


def say_doubled(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    upper, lower = voices
    return (
        f"both sing the leading tone, {piece.name(step, lower)} "
        f"and {piece.name(step, upper)}"
    )


def say_leading_tone(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    (voice,) = voices
    return (
        f"leading tone {piece.name(step - 1, voice)} goes to "
        f"{piece.name(step, voice)}, not up a semitone"
    )


def say_leap(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    (voice,) = voices
    return (
        f"leading tone {piece.name(step - 1, voice)} leaps down to "
        f"{piece.name(step, voice)}, the fifth of the tonic"
    )


def say_seventh(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    (voice,) = voices
    return (
        f"seventh {piece.name(step - 1, voice)} goes to {piece.name(step, voice)}, "
        "not down by step"
    )


def _sings(piece: Piece, interval: int) -> BoolArray:
    """Return where voices sing a tone of the dominant that governs the step.

    Args:
        interval: semitones above the root.

    Returns:
        bool array (steps, 4).
    """
    dominants = piece.dominants
    if not len(dominants.roots):
        return np.zeros(piece.pitches.shape, np.bool_)
    tones = (dominants.roots[dominants.at] + interval) % 12
    sings: BoolArray = piece.pitches % 12 == tones[:, None]
    return sings & piece.sounding & (dominants.at >= 0)[:, None]


def _leavings(piece: Piece, interval: int) -> _Leavings:
    """Return where the voices that last sing a tone of a dominant leave it.

    Where a voice rests or a phrase ends instead, nobody leaves anything.
    """
    pitches, dominants = piece.pitches, piece.dominants
    sings = _sings(piece, interval)
    last = np.full(len(dominants.roots), -1)
    steps = np.flatnonzero(sings.any(axis=1))
    np.maximum.at(last, dominants.at[steps], steps)
    last[~(dominants.sevenths if interval == _SEVENTH else dominants.by_fifth)] = -1
    chosen = np.flatnonzero(last >= 0)
    places, voices = np.nonzero(sings[last[chosen]])
    chosen = chosen[places]
    sung, ends = last[chosen], dominants.ends[chosen]
    left = _next_changes(pitches)[sung, voices]
    there = left < len(pitches)
    left = np.where(there, left, 0)
    there &= piece.moves[left, voices] != 0
    return _Leavings(
        voices=voices[there],
        sung=sung[there],
        left=left[there],
        moves=piece.moves[left, voices][there],
        ends=ends[there],
        later=(pitches[ends, voices] - pitches[sung, voices])[there],
        tonics=((dominants.roots[chosen] + 5) % 12)[there],
    )


def _next_changes(pitches: IntArray) -> IntArray:
    """Return, for each step and voice, the next step of another pitch, or `steps`."""
    steps = len(pitches)
    changes = np.full(pitches.shape, steps)
    numbers = np.arange(1, steps)[:, None]
    changes[:-1] = np.where(pitches[1:] != pitches[:-1], numbers, steps)
    following: IntArray = np.minimum.accumulate(changes[::-1], axis=0)[::-1]
    return following


def _beginnings(pitches: IntArray) -> IntArray:
    """Return, for each step and voice, the step since which it has had its pitch."""
    begun = np.zeros_like(pitches)
    numbers = np.arange(1, len(pitches))[:, None]
    begun[1:] = np.where(pitches[1:] != pitches[:-1], numbers, 0)
    since: IntArray = np.maximum.accumulate(begun, axis=0)
    return since


def _leading_tones(piece: Piece) -> tuple[_Leavings, BoolArray]:
    """Return where leading tones are left, and which of them are resolved."""
    leavings = _leavings(piece, _THIRD)
    arrivals = piece.pitches[leavings.left, leavings.voices] % 12
    becomes_seventh = arrivals == (leavings.tonics + _SEVENTH) % 12
    resolved = (
        (leavings.left > leavings.ends)
        | (leavings.moves == 1)
        | (leavings.later == 1)
        | ((leavings.moves == -1) & becomes_seventh)
    )
    return leavings, resolved


def _is_inner(leavings: _Leavings) -> BoolArray:
    is_inner: BoolArray = (leavings.voices == ALTO) | (leavings.voices == TENOR)
    return is_inner


def _judge(
    piece: Piece,
    leavings: _Leavings,
    wrong: BoolArray,
    counted: BoolArray | None = None,
) -> Judged:
    """Put faults and opportunities where the voices leave their tones.

    Args:
        wrong: bool array (leavings,).
        counted: bool array (leavings,), which are opportunities; None: all.
    """
    faults = np.zeros(piece.pitches.shape, np.bool_)
    faults[leavings.left[wrong], leavings.voices[wrong]] = True
    steps = leavings.left if counted is None else leavings.left[counted]
    return Judged(faults, np.bincount(steps, minlength=len(faults)))

"""Rules about tendency tones: the leading tone and the seventh of a dominant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import ALTO, BASS, SILENCE, TENOR
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Rule, RuleResult

# Semitones above the root of the dominant.
_THIRD, _SEVENTH = 4, 10
_STEPS = (1, 2)  # semitones of a melodic step
# Semitones from the leading tone down to the fifth of the tonic.
_TO_FIFTH = -_THIRD


class _Departures(NamedTuple):
    """Where voices leave a tendency tone, arrays (departures,)."""

    voices: IntArray  # which voice leaves the tone
    last_steps: IntArray  # the last step of the tone within the dominant
    steps: IntArray  # the step at which the voice has its next pitch
    moves: IntArray  # semitones to that pitch
    ends: IntArray  # the step at which the chord of resolution begins
    chord_moves: IntArray  # semitones from the tone to the pitch in that chord
    tonics: IntArray  # pitch class of the root of that chord


def doubled_leading_tone(piece: Piece) -> RuleResult:
    """Find two voices that have the third of a dominant at the same time.

    A dominant is a major triad or dominant seventh that resolves by fifth, see
    `find_dominants`. A pair of voices is found once per dominant; an opportunity is a
    dominant.

    Source: doubling in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    dominants = piece.dominants
    upper, lower = np.array(PAIRS).T
    has_third = _has_tone(piece, _THIRD)
    doubled = has_third[:, upper] & has_third[:, lower]
    faults = np.zeros_like(doubled)
    opportunities = np.zeros(len(doubled), np.int64)
    spans = np.stack([dominants.starts, dominants.ends], axis=1)[dominants.by_fifth]
    for start, end in spans.tolist():
        pairs = np.flatnonzero(doubled[start:end].any(axis=0))
        firsts = start + doubled[start:end, pairs].argmax(axis=0)
        faults[firsts, pairs] = True
        opportunities[firsts.min(initial=end - 1)] += 1
    return RuleResult(faults, opportunities)


def unresolved_leading_tone(piece: Piece) -> RuleResult:
    """Find leading tones that do not rise by a semitone.

    A leading tone is the third of a dominant that resolves by fifth, in the voice that
    has it last. It may rise at any time, also after a decoration; stay in the next
    chord; fall by a semitone to the seventh of the next dominant; and in an inner voice
    fall to the fifth of the tonic, through a passing note or by leap, which is a rule
    of its own. An opportunity is a leading tone that its voice leaves.

    Source: Aldwell & Schachter, Piston, and Kostka & Payne on V and applied chords.
    """
    departures, resolved = _leading_tones(piece)
    frustrated = _is_inner(departures) & (departures.chord_moves == _TO_FIFTH)
    return _result(piece, departures, ~resolved & ~frustrated)


def leading_tone_leap(piece: Piece) -> RuleResult:
    """Find leading tones of inner voices that leap down to the fifth of the tonic.

    The tonic then has its fifth, so textbooks allow it in inner voices, where it is
    less noticeable: a lenient rule. Opportunities are those of unresolved leading
    tones, in the inner voices.

    Source: the frustrated leading tone in Kostka & Payne.
    """
    departures, resolved = _leading_tones(piece)
    is_inner = _is_inner(departures)
    leaps = (departures.moves == _TO_FIFTH) & (departures.chord_moves == _TO_FIFTH)
    return _result(piece, departures, is_inner & ~resolved & leaps, is_inner)


def unresolved_seventh(piece: Piece) -> RuleResult:
    """Find sevenths of a dominant that do not fall by step.

    The voice that has the seventh last has to resolve it. It may stay in the next
    chord, reach the note of resolution after a decoration, and rise by step if the bass
    takes that note, or in passing: shorter than a quarter and reached by step from
    below. An opportunity is a seventh that its voice leaves, of a dominant seventh that
    resolves by fifth or deceptively.

    Source: V7 and its inversions in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    departures = _departures(piece, _SEVENTH)
    voices, last_steps = departures.voices, departures.last_steps
    resolved = (
        (departures.steps > departures.ends)
        | np.isin(-departures.moves, _STEPS)
        | np.isin(-departures.chord_moves, _STEPS)
    )
    bass = piece.pitches[departures.ends, BASS]
    sevenths = piece.pitches[last_steps, voices]
    taken = np.isin((sevenths - bass) % 12, _STEPS) & (bass != SILENCE)
    starts = _pitch_starts(piece.pitches)[last_steps, voices]
    passing = np.isin(piece.moves[starts, voices], _STEPS)
    passing &= departures.steps - starts < STEPS_PER_QUARTER
    rises = np.isin(departures.moves, _STEPS) & (taken | passing)
    return _result(piece, departures, ~resolved & ~rises)


def _has_tone(piece: Piece, interval: int) -> BoolArray:
    """Return where voices have a tone by its semitones above the root, (steps, 4)."""
    dominants = piece.dominants
    # Index -1, no dominant, takes the appended root and is excluded below.
    roots = np.append(dominants.roots, 0)[dominants.at]
    has_tone: BoolArray = piece.pitches % 12 == (roots[:, None] + interval) % 12
    has_tone &= (piece.pitches != SILENCE) & (dominants.at >= 0)[:, None]
    return has_tone


def _departures(piece: Piece, interval: int) -> _Departures:
    """Return where the voices that have a tone of a dominant last leave it.

    A rest or the end of the phrase is no departure.
    """
    pitches, dominants = piece.pitches, piece.dominants
    has_tone = _has_tone(piece, interval)
    last = np.full(len(dominants.roots), -1)
    steps = np.flatnonzero(has_tone.any(axis=1))
    np.maximum.at(last, dominants.at[steps], steps)
    last[~(dominants.sevenths if interval == _SEVENTH else dominants.by_fifth)] = -1
    chosen = np.flatnonzero(last >= 0)
    rows, voices = np.nonzero(has_tone[last[chosen]])
    chosen = chosen[rows]
    last_steps, ends = last[chosen], dominants.ends[chosen]
    steps = _next_changes(pitches)[last_steps, voices]
    exists = steps < len(pitches)
    steps = np.where(exists, steps, 0)
    exists &= piece.moves[steps, voices] != 0
    return _Departures(
        voices=voices[exists],
        last_steps=last_steps[exists],
        steps=steps[exists],
        moves=piece.moves[steps, voices][exists],
        ends=ends[exists],
        chord_moves=(pitches[ends, voices] - pitches[last_steps, voices])[exists],
        tonics=((dominants.roots[chosen] + 5) % 12)[exists],
    )


def _next_changes(pitches: IntArray) -> IntArray:
    """Return, for each step and voice, the next step of another pitch, or `steps`."""
    steps = np.arange(1, len(pitches) + 1)[:, None]
    is_last = np.diff(pitches, axis=0, append=-1) != 0
    ends = np.where(is_last, steps, len(pitches))
    following: IntArray = np.minimum.accumulate(ends[::-1], axis=0)[::-1]
    return following


def _pitch_starts(pitches: IntArray) -> IntArray:
    """Return, for each step and voice, the first step of the present pitch."""
    steps = np.arange(len(pitches))[:, None]
    is_first = np.diff(pitches, axis=0, prepend=-1) != 0
    latest: IntArray = np.maximum.accumulate(np.where(is_first, steps, 0), axis=0)
    return latest


def _leading_tones(piece: Piece) -> tuple[_Departures, BoolArray]:
    """Return where leading tones are left, and which of them are resolved."""
    departures = _departures(piece, _THIRD)
    arrivals = piece.pitches[departures.steps, departures.voices] % 12
    becomes_seventh = arrivals == (departures.tonics + _SEVENTH) % 12
    resolved = (
        (departures.steps > departures.ends)
        | (departures.moves == 1)
        | (departures.chord_moves == 1)
        | ((departures.moves == -1) & becomes_seventh)
    )
    return departures, resolved


def _is_inner(departures: _Departures) -> BoolArray:
    return np.isin(departures.voices, (ALTO, TENOR))


def _result(
    piece: Piece,
    departures: _Departures,
    is_fault: BoolArray,
    is_opportunity: BoolArray | None = None,
) -> RuleResult:
    """Return faults and opportunities, by default all departures, at their steps."""
    faults = np.zeros(piece.pitches.shape, np.bool_)
    faults[departures.steps[is_fault], departures.voices[is_fault]] = True
    steps = departures.steps
    if is_opportunity is not None:
        steps = steps[is_opportunity]
    return RuleResult(faults, np.bincount(steps, minlength=len(faults)))


RULES = (
    Rule(
        name="doubled-leading-tone",
        summary="two voices have the third of a dominant that resolves by fifth",
        voices=PAIRS,
        find=doubled_leading_tone,
        message="both have the leading tone, {lower} and {upper}",
        is_motion=False,
        bach_per_thousand=11.87,
        level="beginner",
    ),
    Rule(
        name="unresolved-leading-tone",
        summary="the third of a dominant that resolves by fifth does not rise",
        find=unresolved_leading_tone,
        message="leading tone {before} goes to {note}, not up a semitone",
        bach_per_thousand=39.14,
        level="beginner",
    ),
    Rule(
        name="leading-tone-leap",
        summary="lenient: an inner leading tone leaps to the fifth of the tonic",
        find=leading_tone_leap,
        message="leading tone {before} leaps down to {note}, the fifth of the tonic",
        level="strict",
    ),
    Rule(
        name="unresolved-seventh",
        summary="the seventh of a resolving dominant does not step down",
        find=unresolved_seventh,
        message="seventh {before} goes to {note}, not down by step",
        bach_per_thousand=8.44,
        level="beginner",
    ),
)

"""Rules about the places of voices: crossing, overlap, spacing, range."""

from __future__ import annotations

import numpy as np

from chorale.music.keys import pitch_name
from chorale.music.voices import ALL_VOICES, BASS
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import OCTAVE, Dyads
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import NEIGHBORS, Rule, RuleResult, Voices, pair_rule

# Between tenor and bass any distance is allowed.
_UPPER_NEIGHBORS = tuple(pair for pair in NEIGHBORS if BASS not in pair)


def crossing(dyads: Dyads) -> BoolArray:
    """Find voices that cross below their lower neighbor, until they return.

    An opportunity is a pair of neighbors of which at least one attacks.

    Source: voice crossing in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    crossed_before = dyads.sounding_before & (dyads.upper_before < dyads.lower_before)
    return dyads.sounding & (dyads.upper < dyads.lower) & ~crossed_before


def overlap(dyads: Dyads) -> BoolArray:
    """Find voices that move beyond the note that a neighbor has just left.

    A voice moves above the previous note of its upper neighbor, or below that of its
    lower neighbor. If the two are crossed before or after, it is a crossing instead.
    Opportunities and an exception are those of `overlaps`.

    Source: overlapping voices in Aldwell & Schachter and in Kostka & Payne.
    """
    in_order = (dyads.upper_before >= dyads.lower_before) & (dyads.upper >= dyads.lower)
    above, below = dyads.lower > dyads.upper_before, dyads.upper < dyads.lower_before
    return dyads.continues & in_order & (above | below)


def overlaps(piece: Piece) -> RuleResult:
    """Find overlaps, see `overlap`, but where the neighbor keeps its pitch class.

    A neighbor that leaps an octave away, as the bass in cadences, is heard to keep its
    note. An opportunity is a pair of neighbors of which at least one moves.

    Source: that of `overlap`.
    """
    dyads = piece.dyads(NEIGHBORS)
    upper, lower = dyads.moves
    is_octave = (upper == OCTAVE) | (lower == -OCTAVE)
    return RuleResult(overlap(dyads) & ~is_octave, _moves(piece, NEIGHBORS))


def wide_spacing(dyads: Dyads) -> BoolArray:
    """Find two of the upper voices over an octave apart, until they are closer again.

    An opportunity is a pair of neighbors of which at least one attacks.

    Source: spacing in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    distance_before = dyads.upper_before - dyads.lower_before
    wide_before = dyads.sounding_before & (distance_before > OCTAVE)
    return dyads.sounding & (dyads.upper - dyads.lower > OCTAVE) & ~wide_before


def out_of_range(piece: Piece) -> RuleResult:
    """Find notes outside the range of their voice, see `chorale.music.voices`.

    An opportunity is a note.

    Source: the ranges in Aldwell & Schachter.
    """
    lowest = np.array([voice.lowest for voice in ALL_VOICES])
    highest = np.array([voice.highest for voice in ALL_VOICES])
    onsets = piece.chorale.onsets
    outside = (piece.pitches < lowest) | (piece.pitches > highest)
    return RuleResult(onsets & outside, onsets.sum(axis=1))


def attacks(piece: Piece, voices: tuple[Voices, ...]) -> IntArray:
    """Return how many pairs of voices have an attack at each step."""
    attacked = (
        piece.chorale.onsets[:, voices].any(axis=2) & piece.dyads(voices).sounding
    )
    count: IntArray = attacked.sum(axis=1)
    return count


def _moves(piece: Piece, voices: tuple[Voices, ...]) -> IntArray:
    """Return how many pairs of voices have a motion at each step."""
    upper, lower = piece.dyads(voices).moves
    moves: IntArray = ((upper != 0) | (lower != 0)).sum(axis=1)
    return moves


def _describe_overlap(piece: Piece, step: int, voices: Voices) -> str:
    upper, lower = voices
    if piece.pitches[step, lower] > piece.pitches[step - 1, upper]:
        note, left = piece.note_name(step, lower), piece.note_name(step - 1, upper)
        return f"{note} is above {left}, which the upper voice has just left"
    note, left = piece.note_name(step, upper), piece.note_name(step - 1, lower)
    return f"{note} is below {left}, which the lower voice has just left"


def _describe_range(piece: Piece, step: int, voices: Voices) -> str:
    (voice,) = voices
    name, limits = piece.note_name(step, voice), ALL_VOICES[voice]
    if piece.pitches[step, voice] > limits.highest:
        return f"{name} is above {pitch_name(limits.highest)}"
    return f"{name} is below {pitch_name(limits.lowest)}"


RULES = (
    pair_rule(
        name="crossing",
        summary="a voice is below its lower neighbor",
        voices=NEIGHBORS,
        fault=crossing,
        opportunities=attacks,
        message="{upper} lies below {lower}",
        is_motion=False,
        bach_per_thousand=5.59,
        level="beginner",
    ),
    Rule(
        name="overlap",
        summary="a voice moves beyond the note that its neighbor has just left",
        voices=NEIGHBORS,
        find=overlaps,
        dyad_fault=overlap,
        message=_describe_overlap,
        bach_per_thousand=7.02,
    ),
    pair_rule(
        name="spacing",
        summary="soprano and alto, or alto and tenor, are over an octave apart",
        voices=_UPPER_NEIGHBORS,
        fault=wide_spacing,
        opportunities=attacks,
        message="{lower} and {upper} are more than an octave apart",
        is_motion=False,
        bach_per_thousand=5.29,
        level="beginner",
    ),
    Rule(
        name="range",
        summary="a note is outside the range of its voice",
        find=out_of_range,
        message=_describe_range,
        is_motion=False,
        bach_per_thousand=5.17,
        level="beginner",
    ),
)

"""Rules about the relative motion of two voices: parallels and hidden intervals."""

from __future__ import annotations

from functools import partial

import numpy as np

from chorale.music.voices import BASS, SOPRANO
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP, OCTAVE, UNISON, Dyads
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Voices, pair_rule

_OUTER: tuple[Voices, ...] = ((SOPRANO, BASS),)


def parallels(dyads: Dyads, interval: int) -> BoolArray:
    """Find voices that move in the same direction from a perfect interval to its like.

    Compound intervals are like simple ones, but unisons are not octaves. Diminished
    fifths do not count, nor do sixths that sound like fifths if notes are spelled.
    Repeated intervals do not count; contrary motion is a rule of its own. Only
    successive steps are compared, not fifths on successive beats with other notes
    between. An opportunity is a pair of voices that both move.

    Source: the first rule of every textbook, such as Aldwell & Schachter, Harmony and
    Voice Leading; Piston, Harmony; Kostka & Payne, Tonal Harmony.

    Args:
        dyads: of any shape.
        interval: UNISON, FIFTH or OCTAVE.
    """
    upper, lower = dyads.moves
    is_similar: BoolArray = upper * lower > 0
    return is_similar & dyads.perfect_before[interval] & dyads.perfect[interval]


def contrary(dyads: Dyads, interval: int) -> BoolArray:
    """Find voices that move in contrary motion from fifth to fifth or octave to octave.

    A unison counts as an octave. Stricter textbooks count these among the parallels;
    Bach writes about as many. Exceptions, opportunities and sources are those of
    `parallels`.

    Args:
        dyads: of any shape.
        interval: FIFTH or OCTAVE.
    """
    upper, lower = dyads.moves
    before, now = dyads.perfect_before[interval], dyads.perfect[interval]
    if interval == OCTAVE:
        before, now = before | dyads.perfect_before[UNISON], now | dyads.perfect[UNISON]
    is_contrary: BoolArray = upper * lower < 0
    return is_contrary & before & now


def direct(dyads: Dyads, interval: int) -> BoolArray:
    """Find similar motion to a perfect interval in which the upper voice leaps.

    From the same interval it is a parallel instead. An opportunity is a step at which
    both voices move.

    Source: hidden or direct fifths and octaves in Aldwell & Schachter and in Kostka &
    Payne, who restrict them as here to the outer voices and to leaps of the soprano.

    Args:
        dyads: of any shape.
        interval: FIFTH or OCTAVE.
    """
    upper, lower = dyads.moves
    leaps: BoolArray = (upper * lower > 0) & (np.abs(upper) > LARGEST_STEP)
    return leaps & dyads.perfect[interval] & ~dyads.perfect_before[interval]


def _both_move(piece: Piece, voices: tuple[Voices, ...]) -> IntArray:
    """Return how many pairs of voices both move at each step, int array (steps,)."""
    upper, lower = piece.dyads(voices).moves
    both: IntArray = ((upper != 0) & (lower != 0)).sum(axis=1)
    return both


_motion_rule = partial(pair_rule, opportunities=_both_move, is_motion=True)
_parallel_rule = partial(_motion_rule, voices=PAIRS)
RULES = (
    _parallel_rule(
        "parallel-fifths",
        summary="two voices move in the same direction from fifth to fifth",
        fault=partial(parallels, interval=FIFTH),
        message="fifth {lower}-{upper} follows fifth {lower_before}-{upper_before}",
        bach_per_thousand=0.55,
    ),
    _parallel_rule(
        "parallel-octaves",
        summary="two voices move in the same direction from octave to octave",
        fault=partial(parallels, interval=OCTAVE),
        message="octave {lower}-{upper} follows octave {lower_before}-{upper_before}",
        bach_per_thousand=0.31,
    ),
    _parallel_rule(
        "parallel-unisons",
        summary="two voices move from unison to unison",
        fault=partial(parallels, interval=UNISON),
        message="unison {lower}-{upper} follows unison {lower_before}-{upper_before}",
        bach_per_thousand=0.01,  # there are none, which counts as half of one
    ),
    _parallel_rule(
        "contrary-fifths",
        summary="two voices move in contrary motion from fifth to fifth",
        fault=partial(contrary, interval=FIFTH),
        message="fifth {lower}-{upper} follows fifth {lower_before}-{upper_before}",
        bach_per_thousand=0.64,
    ),
    _parallel_rule(
        "contrary-octaves",
        summary="two voices move in contrary motion from octave to octave",
        fault=partial(contrary, interval=OCTAVE),
        message="octave {lower}-{upper} follows octave {lower_before}-{upper_before}",
        bach_per_thousand=0.26,
    ),
    _motion_rule(
        "direct-fifths",
        summary="the outer voices move in similar motion to a fifth, soprano by leap",
        voices=_OUTER,
        fault=partial(direct, interval=FIFTH),
        message="fifth {lower}-{upper} is reached in similar motion "
        "from {lower_before}-{upper_before}",
        bach_per_thousand=3.43,
    ),
    _motion_rule(
        "direct-octaves",
        summary="the outer voices move in similar motion to an octave, soprano by leap",
        voices=_OUTER,
        fault=partial(direct, interval=OCTAVE),
        message="octave {lower}-{upper} is reached in similar motion "
        "from {lower_before}-{upper_before}",
        bach_per_thousand=3.09,
    ),
)

"""Rules about the relative motion of two voices: parallels and hidden intervals.

An interval is FIFTH or OCTAVE, of parallels also UNISON.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from chorale.music.voices import BASS, SOPRANO
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP, OCTAVE, UNISON, Dyads
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Rule, RuleResult, Voices, pair_rule

_OUTER: tuple[Voices, ...] = ((SOPRANO, BASS),)
_WITH_BASS: tuple[Voices, ...] = tuple(pair for pair in PAIRS if BASS in pair)
_TRITONE = 6  # semitones


def parallels(dyads: Dyads, interval: int) -> BoolArray:
    """Find voices that move in the same direction from a perfect interval to its like.

    Compound intervals are like simple ones, but unisons are not octaves. Diminished
    fifths do not count, nor do sixths that sound like fifths if notes are spelled.
    Repeated intervals do not count; contrary motion is a rule of its own. Only
    successive steps are compared, not fifths on successive beats with other notes
    between. An opportunity is a pair of voices that both move.

    Source: the first rule of every textbook, such as Aldwell & Schachter, Harmony and
    Voice Leading; Piston, Harmony; Kostka & Payne, Tonal Harmony.
    """
    upper, lower = dyads.moves
    is_similar: BoolArray = upper * lower > 0
    return is_similar & dyads.perfect_before[interval] & dyads.perfect[interval]


def contrary(dyads: Dyads, interval: int) -> BoolArray:
    """Find voices that move in contrary motion from fifth to fifth or octave to octave.

    A unison counts as an octave. Stricter textbooks count these among the parallels;
    Bach writes about as many. Exceptions, opportunities and sources are those of
    `parallels`.
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
    """
    upper, lower = dyads.moves
    leaps: BoolArray = (upper * lower > 0) & (np.abs(upper) > LARGEST_STEP)
    return leaps & dyads.perfect[interval] & ~dyads.perfect_before[interval]


def unequal_fifths(piece: Piece) -> RuleResult:
    """Find a voice and the bass in similar motion from a diminished to a perfect fifth.

    Between upper voices it is allowed, as is motion from the perfect to the diminished
    fifth. Notes without spelling are spelled by key and context. An opportunity is a
    voice that moves together with the bass.

    Source: unequal fifths in Aldwell & Schachter and in Kostka & Payne.
    """
    dyads = piece.dyads(_WITH_BASS)
    upper, lower = dyads.moves
    voices = np.array(_WITH_BASS).T
    letters = piece.spelling[:, voices[0]] - piece.spelling[:, voices[1]]
    is_fifth = letters % 7 == 4
    diminished = is_fifth & ((dyads.upper - dyads.lower) % OCTAVE == _TRITONE)
    faults = (upper * lower > 0) & is_fifth & dyads.perfect[FIFTH]
    faults[0] = False
    faults[1:] &= diminished[:-1]
    return RuleResult(faults, both_move(piece, _WITH_BASS))


def both_move(piece: Piece, voices: tuple[Voices, ...]) -> IntArray:
    """Return how many pairs of voices both move at each step, int array (steps,)."""
    upper, lower = piece.dyads(voices).moves
    both: IntArray = ((upper != 0) & (lower != 0)).sum(axis=1)
    return both


def _repeated_interval(
    name: str, fault: Callable[..., BoolArray], interval: int, bach: float
) -> Rule:
    kind, _, intervals = name.partition("-")
    size = intervals.removesuffix("s")
    motion = "in the same direction" if kind == "parallel" else "in contrary motion"
    return pair_rule(
        name=name,
        summary=f"two voices move {motion} from {size} to {size}",
        voices=PAIRS,
        fault=partial(fault, interval=interval),
        opportunities=both_move,
        message=f"{size} {{lower}}-{{upper}} follows "
        f"{size} {{lower_before}}-{{upper_before}}",
        bach_per_thousand=bach,
        level="beginner" if kind == "parallel" else "standard",
    )


def _direct_interval(name: str, interval: int, bach: float) -> Rule:
    size = name.removeprefix("direct-").removesuffix("s")
    return pair_rule(
        name=name,
        summary=f"the outer voices move in similar motion to {size}s, soprano by leap",
        voices=_OUTER,
        fault=partial(direct, interval=interval),
        opportunities=both_move,
        message=f"{size} {{lower}}-{{upper}} is reached in similar motion "
        "from {lower_before}-{upper_before}",
        bach_per_thousand=bach,
    )


RULES = (
    _repeated_interval("parallel-fifths", parallels, FIFTH, 0.55),
    _repeated_interval("parallel-octaves", parallels, OCTAVE, 0.31),
    # There are no parallel unisons, which counts as half of one.
    _repeated_interval("parallel-unisons", parallels, UNISON, 0.01),
    _repeated_interval("contrary-fifths", contrary, FIFTH, 0.64),
    _repeated_interval("contrary-octaves", contrary, OCTAVE, 0.26),
    _direct_interval("direct-fifths", FIFTH, 3.43),
    _direct_interval("direct-octaves", OCTAVE, 3.09),
    Rule(
        name="unequal-fifths",
        summary="a voice moves with the bass from a diminished to a perfect fifth",
        voices=_WITH_BASS,
        find=unequal_fifths,
        message="fifth {lower}-{upper} follows "
        "diminished fifth {lower_before}-{upper_before}",
        # There are none, which counts as half of one.
        bach_per_thousand=0.02,
    ),
)

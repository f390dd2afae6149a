"""The rules by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from chorale.errors import UsageError
from chorale.voice_leading import leaps, motion, spacing, tendency_tones
from chorale.voice_leading.piece import NEIGHBOURS, PAIRS, SINGLE, Judged, Piece


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of part-writing.

    Attributes:
        name: in kebab-case.
        summary: what it forbids, in a line.
        judge: says where a piece breaks it and how often it could; its docstring has
            the definition and the source.
        voices: those of each column of what `judge` returns, the upper one first.
        say: a sentence about the fault of some voices at a step.
        motion: whether a fault lies in the motion from the step before.
    """

    name: str
    summary: str
    judge: Callable[[Piece], Judged]
    voices: tuple[tuple[int, ...], ...]
    say: Callable[[Piece, int, tuple[int, ...]], str]
    motion: bool


_ALL_RULES = (
    Rule(
        name="parallel-fifths",
        summary="two voices move in the same direction from fifth to fifth",
        judge=motion.parallel_fifths,
        voices=PAIRS,
        say=partial(motion.say_parallel, "fifth"),
        motion=True,
    ),
    Rule(
        name="parallel-octaves",
        summary="two voices move in the same direction from octave to octave",
        judge=motion.parallel_octaves,
        voices=PAIRS,
        say=partial(motion.say_parallel, "octave"),
        motion=True,
    ),
    Rule(
        name="parallel-unisons",
        summary="two voices move from unison to unison",
        judge=motion.parallel_unisons,
        voices=PAIRS,
        say=partial(motion.say_parallel, "unison"),
        motion=True,
    ),
    Rule(
        name="contrary-fifths",
        summary="two voices move in contrary motion from fifth to fifth",
        judge=motion.contrary_fifths,
        voices=PAIRS,
        say=partial(motion.say_parallel, "fifth"),
        motion=True,
    ),
    Rule(
        name="contrary-octaves",
        summary="two voices move in contrary motion from octave to octave",
        judge=motion.contrary_octaves,
        voices=PAIRS,
        say=partial(motion.say_parallel, "octave"),
        motion=True,
    ),
    Rule(
        name="direct-fifths",
        summary="the outer voices go the same way to a fifth, the soprano by leap",
        judge=motion.direct_fifths,
        voices=motion.OUTER,
        say=partial(motion.say_direct, "fifth"),
        motion=True,
    ),
    Rule(
        name="direct-octaves",
        summary="the outer voices go the same way to an octave, the soprano by leap",
        judge=motion.direct_octaves,
        voices=motion.OUTER,
        say=partial(motion.say_direct, "octave"),
        motion=True,
    ),
    Rule(
        name="crossing",
        summary="a voice sings below its lower neighbour",
        judge=spacing.crossing,
        voices=NEIGHBOURS,
        say=spacing.say_crossing,
        motion=False,
    ),
    Rule(
        name="overlap",
        summary="a voice moves beyond the note that its neighbour has just left",
        judge=motion.overlap,
        voices=NEIGHBOURS,
        say=motion.say_overlap,
        motion=True,
    ),
    Rule(
        name="spacing",
        summary="soprano and alto, or alto and tenor, are over an octave apart",
        judge=spacing.spacing,
        voices=spacing.UPPER_NEIGHBOURS,
        say=spacing.say_spacing,
        motion=False,
    ),
    Rule(
        name="range",
        summary="a note lies outside the range of its voice",
        judge=spacing.range_,
        voices=SINGLE,
        say=spacing.say_range,
        motion=False,
    ),
    Rule(
        name="doubled-leading-tone",
        summary="two voices sing the third of a dominant that resolves by fifth",
        judge=tendency_tones.doubled_leading_tone,
        voices=PAIRS,
        say=tendency_tones.say_doubled,
        motion=False,
    ),
    Rule(
        name="unresolved-leading-tone",
        summary="the third of a dominant that resolves by fifth does not go up",
        judge=tendency_tones.unresolved_leading_tone,
        voices=SINGLE,
        say=tendency_tones.say_leading_tone,
        motion=True,
    ),
    Rule(
        name="leading-tone-leap",
        summary="lenient: an inner leading tone leaps to the fifth of the tonic",
        judge=tendency_tones.leading_tone_leap,
        voices=SINGLE,
        say=tendency_tones.say_leap,
        motion=True,
    ),
    Rule(
        name="unresolved-seventh",
        summary="the seventh of a dominant that goes on does not step down",
        judge=tendency_tones.unresolved_seventh,
        voices=SINGLE,
        say=tendency_tones.say_seventh,
        motion=True,
    ),
    Rule(
        name="large-leap",
        summary="a voice leaps a seventh or more than an octave",
        judge=leaps.large_leap,
        voices=SINGLE,
        say=leaps.say_large_leap,
        motion=True,
    ),
    Rule(
        name="augmented-leap",
        summary="a voice moves by an augmented interval; only in scores",
        judge=leaps.augmented_leap,
        voices=SINGLE,
        say=leaps.say_augmented_leap,
        motion=True,
    ),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL_RULES}

# What Bach breaks, per 1,000 opportunities in the chorales of train, as `chorale check
# --rates data/chorales/train` counts it; inner leading tones that leap, as common as
# others, are left out. Parallel unisons, of which there are none, count as half of one.
BACH_PER_THOUSAND: Mapping[str, float] = {
    "parallel-fifths": 0.55,
    "parallel-octaves": 0.31,
    "parallel-unisons": 0.01,
    "contrary-fifths": 0.64,
    "contrary-octaves": 0.26,
    "direct-fifths": 3.43,
    "direct-octaves": 3.09,
    "crossing": 5.59,
    "overlap": 7.44,
    "spacing": 5.29,
    "range": 5.17,
    "doubled-leading-tone": 11.87,
    "unresolved-leading-tone": 39.14,
    "unresolved-seventh": 8.44,
    "large-leap": 0.81,
}


def choose_rules(names: Iterable[str] | None = None) -> list[Rule]:
    """Return the rules of some names, in the order of RULES; of None, all.

    Raises:
        UsageError: there is no rule of a name.
    """
    if names is None:
        return list(RULES.values())
    wanted = {names} if isinstance(names, str) else set(names)
    if unknown := wanted - set(RULES):
        raise UsageError(
            f"expected rules among {', '.join(RULES)}, got {min(unknown)!r}"
        )
    return [rule for rule in RULES.values() if rule.name in wanted]


def surprise(rule: str) -> float:
    """Return the nats by which a finding would surprise in Bach: -ln of its rate.

    Args:
        rule: one of BACH_PER_THOUSAND.
    """
    return -math.log(BACH_PER_THOUSAND[rule] / 1000)

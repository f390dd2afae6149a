"""Part-writing check: findings of a chorale, and rates of a set of chorales."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES
from chorale.utils.arrays import IntArray
from chorale.utils.text import listed
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.rules import choose_rules


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A broken rule.

    Attributes:
        rule: its name.
        voices: that break it, the upper voice first.
        step: at which the fault is complete: the second chord of a motion, or the first
            step of a lasting fault.
        bar: number of the bar; a pickup is bar 0.
        beat: 1 at the barline, in units of the time signature, so 6/8 has six; a pickup
            is the end of a full bar.
        pitches: MIDI notes of each voice: one, or those before and after a motion.
        message: a sentence for musicians.
    """

    rule: str
    voices: Voices
    step: int
    bar: int
    beat: float
    pitches: tuple[tuple[int, ...], ...]
    message: str


@dataclass(frozen=True)
class Tally:
    """How often a rule is broken, and how often it could have been."""

    findings: int = 0
    opportunities: int = 0

    @classmethod
    def of(cls, result: RuleResult, start: int = 0) -> Tally:
        """Count the faults and opportunities of a piece from a step on."""
        return cls(
            int(result.faults[start:].sum()), int(result.opportunities[start:].sum())
        )

    @property
    def per_thousand(self) -> float | None:
        """Findings per 1,000 opportunities; None without opportunities."""
        if not self.opportunities:
            return None
        return 1000 * self.findings / self.opportunities

    def to_json(self) -> dict[str, Any]:
        """Return findings, opportunities and their rate."""
        return asdict(self) | {"per_thousand": self.per_thousand}

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.findings + other.findings, self.opportunities + other.opportunities
        )


def check(
    chorale: Chorale,
    *,
    rules: Iterable[str] | None = None,
    level: str = "standard",
    spelling: IntArray | None = None,
) -> list[Finding]:
    """Find where a chorale breaks rules.

    Args:
        rules: names of RULES, of any level; None: those of the level.
        level: "beginner": what is marked first in an exercise of plain chords;
            "standard": what every harmony book teaches; "strict": all, also what only
            strict style forbids. Each includes those before it.
        spelling: int array (steps, 4), from `chorale.formats.files.read_spelled`; None:
            notes are spelled by key and context.

    Returns:
        The findings by step, then in the order of RULES.

    Raises:
        UsageError: there is no rule of a name, or no such level.
        DataError: the spelling has another shape than the pitches.
    """
    names = [rule.name for rule in choose_rules(rules, level=level)]
    return check_and_count(chorale, rules=names, spelling=spelling)[0]


def check_and_count(
    chorale: Chorale,
    *,
    rules: Iterable[str] | None = None,
    spelling: IntArray | None = None,
) -> tuple[list[Finding], dict[str, Tally]]:
    """Return what `check` and `count` return for some rules, or all, in one pass."""
    piece = Piece(chorale, spelling)
    results = list(_apply(piece, rules))
    findings = [
        _finding(piece, rule, int(step), rule.voices[column])
        for rule, result in results
        for step, column in np.argwhere(result.faults)
    ]
    tallies = {rule.name: Tally.of(result) for rule, result in results}
    return sorted(findings, key=lambda finding: finding.step), tallies


def count(
    chorale: Chorale,
    *,
    rules: Iterable[str] | None = None,
    spelling: IntArray | None = None,
    start: int = 0,
) -> dict[str, Tally]:
    """Count the findings of `check` and the opportunities from a step on, by rule.

    Raises:
        UsageError, DataError: as `check`.
    """
    return {
        rule.name: Tally.of(result, start)
        for rule, result in _apply(Piece(chorale, spelling), rules)
    }


def rates(
    chorales: Sequence[Chorale],
    *,
    rules: Iterable[str] | None = None,
    start: int | Sequence[int] = 0,
) -> dict[str, Tally]:
    """Count findings and opportunities of a set of chorales, by rule.

    Args:
        rules: names of RULES; None: all of them.
        start: the step from which a chorale counts: one for all, or one for each.

    Raises:
        UsageError: there is no rule of a name.
        DataError: the numbers of starts and chorales differ.
    """
    starts = [start] * len(chorales) if isinstance(start, int) else list(start)
    if len(starts) != len(chorales):
        raise DataError(f"expected {len(chorales)} starts, got {len(starts)}")
    names = [rule.name for rule in choose_rules(rules)]
    counts = (
        count(chorale, rules=names, start=first)
        for chorale, first in zip(chorales, starts, strict=True)
    )
    return total([dict.fromkeys(names, Tally()), *counts])


def total(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """Add up the counts of several chorales, by rule."""
    sums: dict[str, Tally] = {}
    for counts in tallies:
        for name, tally in counts.items():
            sums[name] = sums.get(name, Tally()) + tally
    return sums


def _apply(
    piece: Piece, names: Iterable[str] | None
) -> Iterator[tuple[Rule, RuleResult]]:
    for rule in choose_rules(names):
        yield rule, rule.find(piece)


def _finding(piece: Piece, rule: Rule, step: int, voices: Voices) -> Finding:
    chorale = piece.chorale
    steps = [step - 1, step] if rule.is_motion else [step]
    return Finding(
        rule=rule.name,
        voices=voices,
        step=step,
        bar=int(chorale.bars[step]),
        beat=chorale.beat_at(step),
        pitches=tuple(
            tuple(chorale.pitches[steps, voice].tolist()) for voice in voices
        ),
        message=message_of(piece, rule, step, voices),
    )


def message_of(piece: Piece, rule: Rule, step: int, voices: Voices) -> str:
    """Return a sentence about a fault, with its voices."""
    who = "all voices"
    if len(voices) < len(VOICE_NAMES):
        who = listed(VOICE_NAMES[voice] for voice in voices)
    return f"{who}: {rule.describe(piece, step, voices)}"

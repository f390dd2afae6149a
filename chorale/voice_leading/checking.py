"""Rules applied: what they find, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chorale.errors import DataError
from chorale.music.score import STEPS_PER_WHOLE, Chorale
from chorale.music.voices import VOICE_NAMES
from chorale.utils.arrays import IntArray
from chorale.voice_leading.piece import Judged, Piece
from chorale.voice_leading.rules import Rule, choose_rules


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule broken somewhere.

    Attributes:
        rule: its name.
        voices: who breaks it, the upper voice first.
        step: where the fault is complete: the second chord of a motion, or the first
            step of what goes on for a while.
        bar: number of the bar; a pickup is bar 0.
        beat: 1 at the barline, counted in the metre's own unit, so that 6/8 has six; a
            pickup is the end of a full bar.
        pitches: MIDI notes of each of the voices there: one, or the one before and the
            one after if the fault lies in a motion.
        message: a sentence for musicians.
    """

    rule: str
    voices: tuple[int, ...]
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

    @property
    def per_thousand(self) -> float | None:
        """Findings in 1,000 opportunities; None if there was none."""
        if not self.opportunities:
            return None
        return 1000 * self.findings / self.opportunities


def check(
    chorale: Chorale,
    *,
    rules: Iterable[str] | None = None,
    spelling: IntArray | None = None,
) -> list[Finding]:
    """Find where a chorale breaks rules.

    Args:
        rules: names of RULES; None: all of them.
        spelling: int array (steps, 4), as of `chorale.formats.files.read_spelled`;
            None:
            notes are named by the key, and no augmented leaps are looked for.

    Returns:
        The findings by step, then in the order of RULES.

    Raises:
        UsageError: there is no rule of a name.
        DataError: the spelling is of another shape than the chorale.
    """
    piece = Piece.of(chorale, spelling)
    findings = [
        _finding(piece, rule, int(step), rule.voices[column])
        for rule, judged in _judge(piece, rules)
        for step, column in np.argwhere(judged.faults)
    ]
    return sorted(findings, key=lambda finding: finding.step)


def count(
    chorale: Chorale,
    *,
    rules: Iterable[str] | None = None,
    spelling: IntArray | None = None,
    start: int = 0,
) -> dict[str, Tally]:
    """Count what `check` would find, and the opportunities, by rule.

    Args:
        rules, spelling: as for `check`.
        start: the step from which findings and opportunities count.

    Raises:
        UsageError, DataError: as `check`.
    """
    return {
        rule.name: Tally(
            int(judged.faults[start:].sum()), int(judged.opportunities[start:].sum())
        )
        for rule, judged in _judge(Piece.of(chorale, spelling), rules)
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
        DataError: there is another number of starts than of chorales.
    """
    starts = [start] * len(chorales) if isinstance(start, int) else list(start)
    if len(starts) != len(chorales):
        raise DataError(f"expected {len(chorales)} starts, got {len(starts)}")
    names = [rule.name for rule in choose_rules(rules)]
    return total(
        [
            {name: Tally() for name in names},
            *(
                count(chorale, rules=names, start=first)
                for chorale, first in zip(chorales, starts, strict=True)
            ),
        ]
    )


def total(tallies: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    """Add up what was counted in several chorales, by rule."""
    sums: dict[str, Tally] = {}
    for counted in tallies:
        for name, tally in counted.items():
            before = sums.get(name, Tally())
            sums[name] = Tally(
                before.findings + tally.findings,
                before.opportunities + tally.opportunities,
            )
    return sums


def _judge(piece: Piece, names: Iterable[str] | None) -> Iterator[tuple[Rule, Judged]]:
    for rule in choose_rules(names):
        yield rule, rule.judge(piece)


def _finding(piece: Piece, rule: Rule, step: int, voices: tuple[int, ...]) -> Finding:
    chorale = piece.chorale
    steps = (step - 1, step) if rule.motion else (step,)
    who = " and ".join(VOICE_NAMES[voice] for voice in voices)
    return Finding(
        rule=rule.name,
        voices=voices,
        step=step,
        bar=int(chorale.bars[step]),
        beat=_beat(chorale, step),
        pitches=tuple(
            tuple(int(chorale.pitches[at, voice]) for at in steps) for voice in voices
        ),
        message=f"{who}: {rule.say(piece, step, voices)}",
    )


def _beat(chorale: Chorale, step: int) -> float:
    metre = [one for one in chorale.metres if one.step <= step][-1]
    return 1 + int(chorale.positions[step]) * metre.denominator / STEPS_PER_WHOLE

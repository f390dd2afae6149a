"""What a rule of part-writing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import Dyads
from chorale.voice_leading.piece import Piece

Voices = tuple[int, ...]

# Groups of rules as textbooks teach them; each level includes the levels before it.
# Beginner is for a first-year exercise, standard for any, a chorale of Bach's included;
# what only strict finds, Bach writes too often to be called a fault.
LEVELS = {
    "beginner": "what is marked first in an exercise of plain chords",
    "standard": "what every harmony book teaches",
    "strict": "what only strict style forbids",
}

# Combinations of voices that a rule may look at, the upper voice first.
SINGLE: tuple[Voices, ...] = tuple((voice,) for voice in range(VOICES))
PAIRS: tuple[Voices, ...] = tuple(combinations(range(VOICES), 2))
NEIGHBORS: tuple[Voices, ...] = tuple(pairwise(range(VOICES)))


class RuleResult(NamedTuple):
    """The faults of a piece by one rule, and how often it could have been broken."""

    faults: BoolArray  # (steps, combinations of voices), True where one is complete
    opportunities: IntArray  # (steps,)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of part-writing.

    Attributes:
        name: in kebab-case.
        summary: what it forbids, in one line.
        find: applies the rule to a piece. Its docstring, or that of `dyad_fault`, has
            the definition, the opportunities and the source.
        message: describes a fault at a step. Either a format string with the names of
            the notes: `note` and `before` (a step earlier) for single voices, `upper`,
            `lower`, `upper_before` and `lower_before` for pairs; or a function.
        voices: the combinations of voices that it looks at, columns of its faults.
        is_motion: whether a fault lies in the motion from the step before.
        bach_per_thousand: findings per 1,000 opportunities in Bach's chorales of train,
            measured by `chorale check --rates --level strict data/chorales/train`; None
            if the rule does not count when music is judged or written.
        dyad_fault: for rules about two voices, the definition of a fault.
        level: the first of LEVELS at which it is checked.
    """

    name: str
    summary: str
    find: Callable[[Piece], RuleResult]
    message: str | Callable[[Piece, int, Voices], str]
    voices: tuple[Voices, ...] = SINGLE
    is_motion: bool = True
    bach_per_thousand: float | None = None
    dyad_fault: Callable[[Dyads], BoolArray] | None = None
    level: str = "standard"

    def describe(self, piece: Piece, step: int, voices: Voices) -> str:
        """Return a sentence about the fault of some voices at a step."""
        if not isinstance(self.message, str):
            return self.message(piece, step, voices)
        names = {}
        for key, voice in (("upper", voices[0]), ("lower", voices[-1])):
            names[key] = piece.note_name(step, voice)
            names[f"{key}_before"] = piece.note_name(step - 1, voice)
        return self.message.format(
            **names, note=names["upper"], before=names["upper_before"]
        )


def pair_rule(
    *,
    voices: tuple[Voices, ...],
    fault: Callable[[Dyads], BoolArray],
    opportunities: Callable[[Piece, tuple[Voices, ...]], IntArray],
    **fields: Any,
) -> Rule:
    """Return a rule about pairs of voices, with the other fields of a Rule.

    `fault` is its definition; `opportunities` counts them, int array (steps,).
    """

    def find(piece: Piece) -> RuleResult:
        return RuleResult(fault(piece.dyads(voices)), opportunities(piece, voices))

    return Rule(voices=voices, find=find, dyad_fault=fault, **fields)

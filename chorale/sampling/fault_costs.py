"""What the faults of a draft cost: findings of part-writing beyond Bach's rates.

Each finding beyond those that Bach would have at as many opportunities costs -ln of the
rate of such findings in his chorales, in nats: rarer violations cost more, and nothing
lowers the cost.
"""

from __future__ import annotations

from collections.abc import Mapping

from chorale.voice_leading.checking import Tally
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rules import BACH_PER_THOUSAND, RULES, surprisal

# A rule about the last chord of a piece, which says nothing about one that goes on.
_OF_ENDS = "missing-cadence"


def tally_rules(
    piece: Piece, *, start: int = 0, goes_on: bool = False
) -> dict[str, Tally]:
    """Count findings and opportunities of the rules that count, from a step on.

    Args:
        piece: a chorale, or its beginning.
        start: the first step that counts.
        goes_on: whether the piece has more notes, so that its last chord is no end.
    """
    return {
        name: Tally.of(RULES[name].find(piece), start)
        for name in BACH_PER_THOUSAND
        if not (goes_on and name == _OF_ENDS)
    }


def fault_cost(tallies: Mapping[str, Tally]) -> float:
    """Return the cost in nats of the findings beyond Bach's rates."""
    return sum(
        max(tally.findings - tally.opportunities * BACH_PER_THOUSAND[name] / 1000, 0)
        * surprisal(name)
        for name, tally in tallies.items()
    )

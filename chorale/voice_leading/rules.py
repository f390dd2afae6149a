"""All rules of part-writing by name.

To add a rule, add it to the RULES of the file about its subject.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from chorale.utils.checks import check_choice
from chorale.voice_leading import (
    bass_lines,
    clashes,
    dissonances,
    endings,
    leaps,
    motion,
    phrase_ends,
    rhythm,
    six_fours,
    sonorities,
    spacing,
    tendency_tones,
)
from chorale.voice_leading.rule import LEVELS, Rule

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        *motion.RULES,
        *spacing.RULES,
        *tendency_tones.RULES,
        *leaps.RULES,
        *clashes.RULES,
        *dissonances.RULES,
        *sonorities.RULES,
        *six_fours.RULES,
        *phrase_ends.RULES,
        *endings.RULES,
        *bass_lines.RULES,
        *rhythm.RULES,
    )
}
# Findings per 1,000 opportunities in Bach's chorales, see `Rule.bach_per_thousand`.
BACH_PER_THOUSAND: dict[str, float] = {
    name: rule.bach_per_thousand
    for name, rule in RULES.items()
    if rule.bach_per_thousand is not None
}


def choose_rules(
    names: Iterable[str] | None = None, *, level: str = "strict"
) -> list[Rule]:
    """Return the rules with some names, in the order of RULES.

    Args:
        names: of rules of any level; None: all rules of the level.
        level: one of LEVELS, which includes those before it; the last has all rules.

    Raises:
        UsageError: there is no rule with one of the names, or no such level.
    """
    check_choice("a level", level, LEVELS)
    if names is None:
        levels = list(LEVELS)
        checked = levels[: levels.index(level) + 1]
        return [rule for rule in RULES.values() if rule.level in checked]
    wanted = sorted(names)
    for name in wanted:
        check_choice("a rule", name, RULES)
    return [rule for rule in RULES.values() if rule.name in wanted]


def surprisal(rule: str) -> float:
    """Return the surprisal of a finding in Bach, in nats: -ln of its rate.

    The rule is a name in BACH_PER_THOUSAND.
    """
    return -math.log(BACH_PER_THOUSAND[rule] / 1000)

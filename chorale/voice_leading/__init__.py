"""Part-writing rules: where four voices break what harmony textbooks teach.

A rule looks at a whole piece at once, as arrays, and says two things of it: where it is
broken, and how often it could have been. So pieces of any length compare, and Bach's
own chorales, which break every rule now and then, give the measure.
"""

from chorale.voice_leading.checking import Finding, Tally, check, count, rates, total
from chorale.voice_leading.rules import (
    BACH_PER_THOUSAND,
    RULES,
    Rule,
    choose_rules,
    surprise,
)

__all__ = [
    "BACH_PER_THOUSAND",
    "RULES",
    "Finding",
    "Rule",
    "Tally",
    "check",
    "choose_rules",
    "count",
    "rates",
    "surprise",
    "total",
]

"""Credits: one line on who wrote what in a piece, for the credits of files."""

from __future__ import annotations

import re

from chorale.music.score import Chorale

PROGRAM = "chorale"
_BACH = "Johann Sebastian Bach"
_HARMONIZED = f"; harmonization by {PROGRAM}"
_HARMONIZED_ONLY = f"Harmonization by {PROGRAM}"  # of a melody without a name
_REWRITTEN = f"; rewritten in part by {PROGRAM}"


def catalogue_number(chorale: Chorale) -> str:
    """Return the number of a chorale by Bach, such as `BWV 253`; empty for others."""
    found = re.fullmatch(r"bwv(\d[\w.-]*)", chorale.source)
    return f"BWV {found[1]}" if found else ""


def opening_credit(opening: Chorale | None) -> str:
    """Return the credit of a new piece that continues an opening, or has none."""
    if opening is None:
        return f"Written by {PROGRAM}"
    first, last = max(int(opening.bars[0]), 1), int(opening.bars[-1])
    bars = f"bars {first}-{last}" if last > first else f"bar {first}"
    name = opening.title or opening.source
    if number := catalogue_number(opening):
        source = f"by {_BACH} ({number})"
    else:
        source = f"from {name}" if name else "given"
    return f"Opening {source}, {bars}; continuation by {PROGRAM}"


def harmonization_credit(melody: Chorale) -> str:
    """Return the credit of the harmonization of a melody."""
    credit = melody.credit
    while credit.endswith((_HARMONIZED, _REWRITTEN)):  # of the other voices before
        credit = credit.removesuffix(_HARMONIZED).removesuffix(_REWRITTEN)
    number, name = catalogue_number(melody), melody.title or melody.source
    if credit == _HARMONIZED_ONLY:
        return credit
    if credit.startswith("Melody"):  # harmonized before
        return credit + _HARMONIZED
    if credit:
        return f"Melody: {credit}{_HARMONIZED}"
    if not name:
        return _HARMONIZED_ONLY
    if number and melody.title:
        name = f"{melody.title} ({number})"
    return f"Melody: {number if number and not melody.title else name}{_HARMONIZED}"


def rewriting_credit(chorale: Chorale) -> str:
    """Return the credit of a piece of which a passage is rewritten."""
    credit, number = chorale.credit.removesuffix(_REWRITTEN), catalogue_number(chorale)
    if not credit:
        name = chorale.title or chorale.source or "Piece given"
        credit = f"{_BACH} ({number})" if number else name
    return credit + _REWRITTEN

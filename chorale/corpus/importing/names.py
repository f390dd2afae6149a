"""File names of imported pieces: readable, unique, and safe on every system."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import PurePath

from chorale.utils.text import to_ascii

_LONGEST = 80  # letters
# Names that Windows keeps for devices, and those of the files of a corpus.
_TAKEN = {
    *("con", "prn", "aux", "nul", "index", "manifest", "report"),
    *(f"{device}{number}" for device in ("com", "lpt") for number in range(10)),
}


def unique_names(pieces: Sequence[tuple[Sequence[str], str]]) -> list[str]:
    """Return a name for each piece, without ending; none differ in case alone.

    A name is that of the file. If several have it, the folder is put in front, and if
    that does not help a number is appended, in the given order.

    Args:
        pieces: for each the parts of the path of its file, and its label in the file.
    """
    short = [_name(parts[-1:], label) for parts, label in pieces]
    counts = Counter(name.casefold() for name in short)
    names = [
        name if counts[name.casefold()] == 1 else _name(parts[-2:], label)
        for name, (parts, label) in zip(short, pieces, strict=True)
    ]
    taken: set[str] = set()
    unique = []
    for name in names:
        numbered = (f"{name}-{number}" for number in count(2))
        while name.casefold() in taken:
            name = next(numbered)
        taken.add(name.casefold())
        unique.append(name)
    return unique


def _name(parts: Sequence[str], label: str) -> str:
    """Return a safe name from the parts of a path and a label."""
    words = [*parts[:-1], PurePath(parts[-1]).stem, label]
    safe = [re.sub(r"[^A-Za-z0-9_]+", "-", to_ascii(word)).strip("-") for word in words]
    *first, last = [word for word in safe if word] or ["piece"]
    # Of a long name the end is kept: labels distinguish the pieces of a book.
    name = "-".join([*first, last])
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 21]}-{name[-20:]}"
    return f"{name}-piece" if name.lower() in _TAKEN else name

"""Sections of a Humdrum file, and the order in which they are played.

A label such as `*>A` begins a section; `*>[A,A,B]` is the order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chorale.formats.scores.written_score import WrittenBar

_ORDER = re.compile(r"\*>\[([^\]]*)\]$")
_LABEL = re.compile(r"\*>(\w[^\[\]]*)$")
_MOST_SECTIONS = 100


class Sections:
    """The labels and the order of the sections of a piece."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._starts: dict[str, int] = {}

    def interpret(self, tokens: Sequence[str], bar: int) -> bool:
        """Read a row of interpretations; `bar` is the index of the bar to come.

        Returns:
            Whether a section begins.
        """
        for token in tokens:
            if order := _ORDER.match(token):
                self._order = [name.strip() for name in order[1].split(",")]
            elif label := _LABEL.match(token):
                self._starts.setdefault(label[1], bar)
                return True
        return False

    def mark_repeats(self, bars: Sequence[WrittenBar]) -> tuple[list[WrittenBar], str]:
        """Return the bars with signs for the repeats of the sections.

        The signs that are written stay. If the order cannot be written with repeat
        signs, as after a da capo, the bars stay as they are, and a sentence says so.
        """
        marked = list(bars)
        names = [name for name, bar in self._starts.items() if bar < len(bars)]
        order = [name for name in self._order if name in names]
        if not order or order == names:
            return marked, ""
        starts = [self._starts[name] for name in names] + [len(bars)]
        repeats = _find_repeats(order, names)
        if repeats is None:
            listed = ", ".join(self._order)[:80]
            return marked, (
                f"the sections are played in the order {listed}: they are read in the "
                "order of the file"
            )
        for first, end, endings in repeats:
            start, stop = starts[first], starts[end] - 1
            marked[start] = replace(marked[start], repeat_start=True)
            marked[stop] = replace(marked[stop], repeat_end=True)
            for section in range(end - 1, end - 1 + 2) if endings else ():
                number = frozenset({section - end + 2})
                for bar in range(starts[section], starts[section + 1]):
                    marked[bar] = replace(marked[bar], endings=number)
        return marked, ""


def _find_repeats(
    order: Sequence[str], names: Sequence[str]
) -> list[tuple[int, int, bool]] | None:
    """Return the repeats that play sections in an order.

    Args:
        order: the sections as played.
        names: the sections as written, each once.

    Returns:
        For each repeat the first section, the section after the repeat sign, and
        whether the last section before it is a first ending and the one after it a
        second ending. None if no repeats give the order.
    """
    if len(order) > _MOST_SECTIONS:
        return None
    repeats = []
    played = written = 0
    while played < len(order):
        for count in range(1, (len(order) - played) // 2 + 1):
            body = list(names[written : written + count])
            once = order[played : played + count]
            if once != body:
                continue
            if once == order[played + count : played + 2 * count]:
                repeats.append((written, written + count, False))
                written, played = written + count, played + 2 * count
                break
            endings = list(names[written + count : written + count + 2])
            both = [*body, *endings[:1], *body, *endings[1:]]
            if len(endings) == 2 and both == order[played : played + len(both)]:
                repeats.append((written, written + count + 1, True))
                written, played = written + count + 2, played + len(both)
                break
        else:
            if names[written : written + 1] != order[played : played + 1]:
                return None
            written, played = written + 1, played + 1
    return repeats if written == len(names) else None

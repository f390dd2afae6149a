"""Words for messages, and text for programs that know ASCII only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Letters that Unicode does not decompose, and German umlauts.
_LETTERS = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss",
        "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
        "Æ": "Ae", "Œ": "Oe", "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "Th", "Ł": "L",
        "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
        "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u266d": "b", "\u266f": "#",
    }
)  # fmt: skip


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, such as `1 note` or `1,200 notes`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """Return a share, 0 to 1, such as `46 %`."""
    return f"{100 * share:.0f} %"


def listed(items: Iterable[object], last: str = "and") -> str:
    """Return items as a list in a sentence: `2`, `2 and 5` or `2, 5 and 7`.

    Args:
        items: one or more.
        last: the word before the last one.
    """
    *before, final = map(str, items)
    return f"{', '.join(before)} {last} {final}" if before else final


def to_ascii(text: str, ends: str = " ,;:-") -> str:
    """Return text in printable ASCII: ä becomes ae, é becomes e.

    Letters of other scripts are left out, and the signs `ends` at both ends.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = decomposed.encode("ascii", "ignore").decode()
    words = re.sub(r"[\x00-\x1f\x7f]+", " ", plain).split()
    return " ".join(words).strip(ends)

"""ABC, read through music21, which knows no fermatas and loses the notes below them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# A note that a decoration stands before, with its accidental and more decorations.
_NOTE = r"(?=(?:![^!\n]*!|[h-wH-W~.])*[\^_=]*[A-Ga-g])"
_PARTS = re.compile(
    # What is no music: comments, texts, fields of a line or within one.
    r'(?P<other>%.*|"[^"\n]*"|^[A-Za-z]:.*|\[[A-Za-z]:[^\]\n]*\])'
    rf"|(?P<fermata>!fermata!\s*|\+fermata\+\s*|H{_NOTE})"
    rf"|(?P<decoration>![^!\n]*!\s*|[h-wI-W~.]{_NOTE})",
    re.MULTILINE,
)
# Music21 keeps this sign; no other is left when it stands for a fermata.
_SIGN, _MEANS = "k", "StrongAccent"


def open_abc(path: Path, tune: int | None) -> Any:
    """Return a music21 Score of a tune, or an Opus of all that a book holds.

    Raises:
        Exception: whatever music21 raises of what it cannot read.
    """
    from music21 import converter, expressions

    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    score = converter.parse(
        _with_signs(text), format="abc", number=tune, forceSource=True
    )
    for note in score.recurse().notes:
        if any(_MEANS in mark.classes for mark in note.articulations):
            note.expressions.append(expressions.Fermata())
    return score


def _with_signs(text: str) -> str:
    """Return ABC with a sign for each fermata and without other decorations."""

    def replaced(match: re.Match[str]) -> str:
        if match["other"] is not None:
            return match[0]
        return _SIGN if match["fermata"] is not None else ""

    return _PARTS.sub(replaced, text)

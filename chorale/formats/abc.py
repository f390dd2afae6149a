"""ABC notation, read with music21.

music21 ignores fermatas in ABC and loses the notes after some decorations. Fermatas are
therefore replaced with a sign that it keeps, and other decorations are removed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# Ahead of a decoration: more decorations, an accidental, the letter of the note.
_NOTE = r"(?=(?:![^!\n]*!|[h-wH-W~.])*[\^_=]*[A-Ga-g])"
_TOKENS = re.compile(
    # Not music: comments, quoted text, information fields, also inline.
    r'(?P<text>%.*|"[^"\n]*"|^[A-Za-z]:.*|\[[A-Za-z]:[^\]\n]*\])'
    rf"|(?P<fermata>!fermata!\s*|\+fermata\+\s*|H{_NOTE})"
    rf"|(?P<decoration>![^!\n]*!\s*|[h-wI-W~.]{_NOTE})",
    re.MULTILINE,
)
# music21 reads this sign as a strong accent. As other decorations are removed, every
# strong accent is a fermata.
_SIGN, _CLASS = "k", "StrongAccent"


def open_abc(path: Path, tune: int | None) -> Any:
    """Return a music21 Score of a tune, or an Opus of all tunes of a book.

    Raises:
        Exception: anything that music21 raises for a file that it cannot read.
    """
    from music21 import converter, expressions

    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    score = converter.parse(
        _TOKENS.sub(_replacement, text), format="abc", number=tune, forceSource=True
    )
    for note in score.recurse().notes:
        if any(_CLASS in mark.classes for mark in note.articulations):
            note.expressions.append(expressions.Fermata())
    return score


def _replacement(token: re.Match[str]) -> str:
    if token["text"] is not None:
        return token[0]
    return _SIGN if token["fermata"] is not None else ""

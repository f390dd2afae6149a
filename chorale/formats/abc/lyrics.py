"""Lyrics of ABC notation: the syllables of w: lines, aligned with notes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chorale.formats.abc.events import Event
from chorale.formats.abc.text import unescape_text

_PARTS = re.compile(r"(?P<word>(?:\\-|[^\s\-_*|])+)|(?P<sign>[-_*|])|\s+")


def align_lyrics(events: Sequence[Event], text: str, verse: int) -> bool:
    """Add the syllables of a line to the notes above it.

    Args:
        events: notes and chords of the line of music, without rests.
        text: of the w: field.
        verse: counted from 1.

    Returns:
        Whether there is a note for each syllable.
    """
    index = 0
    after_word = False
    for part in _PARTS.finditer(text):
        sign = part["sign"]
        if part["word"]:
            if index >= len(events):
                return False
            syllable = unescape_text(part["word"].replace("\\-", "-").replace("~", " "))
            if syllable:
                events[index].syllables.append((verse, syllable, False))
            index += 1
        elif sign == "-" and after_word:
            sung = events[index - 1].syllables
            if sung and sung[-1][0] == verse:
                sung[-1] = (verse, sung[-1][1], True)
        elif sign == "|" and 0 < index < len(events):
            bar = events[index - 1].bar
            while index < len(events) and events[index].bar == bar:
                index += 1
        elif sign and sign != "|":
            index += 1
        after_word = part["word"] is not None
    return True

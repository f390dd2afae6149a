"""Lyrics: the syllables that are sung to the notes of a chorale."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lyric:
    """A syllable.

    Attributes:
        step: where its note begins.
        voice: that sings it.
        text: without a hyphen.
        verse: counted from 1.
        joined: whether a hyphen joins it to the next syllable of its word.
    """

    step: int
    voice: int
    text: str
    verse: int = 1
    joined: bool = False

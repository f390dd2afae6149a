"""Lyrics: the syllables that are sung to the notes of a chorale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chorale.utils.arrays import BoolArray


@dataclass(frozen=True, kw_only=True, order=True)
class Lyric:
    """A syllable.

    Attributes:
        step: where its note begins.
        voice: that sings it.
        verse: counted from 1.
        text: without a hyphen.
        joined: whether a hyphen joins it to the next syllable of its word.
    """

    step: int
    voice: int
    verse: int = 1
    text: str
    joined: bool = False


def sung(lyrics: Iterable[Lyric], onsets: BoolArray) -> tuple[Lyric, ...]:
    """Return the lyrics at which a note begins; `onsets` is a bool array (steps, 4)."""
    steps = len(onsets)
    return tuple(
        lyric
        for lyric in lyrics
        if lyric.step < steps and onsets[lyric.step, lyric.voice]
    )


def syllabics(lyrics: Iterable[Lyric]) -> list[tuple[Lyric, str]]:
    """Return lyrics in order, each with its place in its word.

    That is `single`, `begin`, `middle` or `end`.
    """
    is_inside: dict[tuple[int, int], bool] = {}  # by voice and verse
    placed = []
    for lyric in sorted(lyrics):
        line = lyric.voice, lyric.verse
        if is_inside.get(line, False):
            place = "middle" if lyric.joined else "end"
        else:
            place = "begin" if lyric.joined else "single"
        is_inside[line] = lyric.joined
        placed.append((lyric, place))
    return placed

"""Tunes in ABC notation for tests, and what is read of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from chorale.formats.abc.reader import read_abc
from chorale.formats.scores.written_score import WrittenScore

HEADER = "X:1\nT:Own\nM:4/4\nL:1/4\nK:"


def read(
    tmp_path: Path, text: str | bytes, tune: int | None = None, name: str = "t.abc"
) -> WrittenScore:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_abc(path, tune)


def body(tmp_path: Path, music: str, key: str = "C") -> WrittenScore:
    return read(tmp_path, f"{HEADER}{key}\n{music}\n")


def melody(score: WrittenScore, staff: int = 0, layer: int = 0) -> list[list[int]]:
    """Return the pitches of each bar of a voice, 0 for a rest."""
    return [
        [note.pitches[0] if note.pitches else 0 for note in bar[layer]]
        for bar in score.staves[staff].bars
    ]


def lengths(score: WrittenScore, staff: int = 0) -> list[list[Fraction]]:
    return [
        [note.end - note.start for note in bar[0]] for bar in score.staves[staff].bars
    ]

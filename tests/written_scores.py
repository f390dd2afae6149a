"""Small written scores from text, for tests."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.written_score import Staff, WrittenBar, WrittenScore
from chorale.music.keys import KeySignature
from chorale.music.metre import Metre

METRE = Metre(4, 4)
KEY = KeySignature(fifths=0, mode="major", certain=True)


def line(text: str, bar: int) -> list[ScoreNote]:
    """Return a voice from pitches and lengths in steps, as `72:8 0:4 72+67:4`."""
    notes, start = [], Fraction(0)
    for word in text.split():
        names, length = word.split(":")
        pitches = tuple(int(name) for name in names.split("+") if name != "0")
        notes.append(
            ScoreNote(
                pitches=pitches,
                tied=(False,) * len(pitches),
                start=start,
                end=start + int(length),
                fermata=False,
                bar=bar,
                spelling=pitches,
            )
        )
        start += int(length)
    return notes


def staff(text: str, name: str = "") -> Staff:
    """Return a staff; `|` separates bars, `&` the voices of a bar."""
    bars = [
        [line(voice, number) for voice in bar.split("&")]
        for number, bar in enumerate(text.split("|"), start=1)
    ]
    return Staff(name=name, bars=bars)


def score(
    *staves: Staff, bars: dict[int, dict[str, Any]] | None = None
) -> WrittenScore:
    """Return a score in 4/4; `bars` gives fields of bars by their number."""
    written = []
    for number in range(1, len(staves[0].bars) + 1):
        lines = [line for part in staves for line in part.bars[number - 1]]
        length = max((note.end for line in lines for note in line), default=Fraction(0))
        fields: dict[str, Any] = {"metre": METRE, "key": KEY} if number == 1 else {}
        fields |= (bars or {}).get(number, {})
        written.append(WrittenBar(**{"number": number, "length": length, **fields}))
    return WrittenScore(bars=written, staves=list(staves))

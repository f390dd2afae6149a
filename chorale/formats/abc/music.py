"""Lines of music in ABC notation, read into a voice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from chorale.errors import DataError
from chorale.formats.abc.remarks import Remarks
from chorale.formats.abc.tokens import (
    FERMATAS,
    NoteToken,
    doubtful_decoration,
    read_length,
    read_note,
    read_numbers,
    tokens,
)
from chorale.formats.abc.voices import VoiceReader

_MOST_IN_A_CHORD = 16
_IN_A_CHORD = frozenset(
    [
        "space",
        "note",
        "rest",
        "tie",
        "slur",
        "text",
        "decoration",
        "shorthand",
        "spacer",
    ]
)


class MusicReader:
    """Reads lines of music.

    Args:
        remarks: takes what is left out.
        symbols: the decorations that single letters stand for, by U: fields.
        read_field: reads an inline field, and returns the voice that goes on.
    """

    def __init__(
        self,
        remarks: Remarks,
        symbols: Mapping[str, str],
        read_field: Callable[[str, str], VoiceReader],
    ) -> None:
        self._remarks = remarks
        self._symbols = symbols
        self._read_field = read_field

    def read(self, text: str, voice: VoiceReader, row: int) -> None:
        """Read a line of music, which may change to another voice.

        Raises:
            DataError: the line is damaged.
        """
        for kind, match in tokens(text):
            voice.row = row
            if kind == "field":
                voice = self._read_field(match["letter"], match["value"].strip())
            elif kind == "note":
                note = read_note(match)
                voice.add([(note, False)], note.length)
            elif kind == "bar":
                self._bar(match, voice)
            elif kind == "rest":
                rest = voice.add([], read_length(match["rest_length"]))
                rest.hidden = match[0].startswith("x")
            elif kind == "chord":
                self._chord(match, voice)
            elif kind == "ending":
                voice.begin_ending(read_numbers(match["numbers"]))
            elif kind not in ("space", "slur", "spacer", "linebreak"):
                self._other(kind, match, voice)

    def _other(self, kind: str, match: re.Match[str], voice: VoiceReader) -> None:
        """Read what is rarer."""
        if kind == "tie":
            voice.tie()
        elif kind == "broken":
            voice.break_rhythm(match[0])
        elif kind == "tuplet":
            p, q, r = (_number(match[group]) for group in ("p", "q", "r"))
            voice.begin_tuplet(p or 0, q, r)
        elif kind == "bar_rest":
            voice.add_bar_rest(_number(match["count"]) or 1)
        elif kind == "overlay":
            voice.begin_overlay()
        elif kind == "grace":
            self._grace(match["graced"], voice)
        elif kind in ("decoration", "shorthand"):
            self._decorate(match, voice)
        elif kind == "text":
            if not match[0].endswith('"') or len(match[0]) == 1:
                self._remarks.add(
                    'text after " without an end is left out', f"row {voice.row}"
                )
            elif re.match('"[A-G]', match[0]):
                self._remarks.add("chord symbols are left out")
            elif doubtful_decoration(match[0].strip('"').lstrip("^_<>@")):
                self._remarks.add(f"{match[0][:20]} is not played out", voice.spot)
        elif kind == "named_ending":
            number = re.match(r"\d", match["label"])
            voice.begin_ending(frozenset([int(number[0])] if number else []))
        elif kind == "accidental_alone":
            raise DataError(f"expected a note after {match[0]} in {voice.place}")
        elif kind == "microtone":
            raise DataError(f"expected semitones, got a microtone in {voice.place}")
        elif kind == "long_overlay":
            raise DataError(
                f"expected an overlay (&) of one bar, got {match[0]} in {voice.place}: "
                "write it as a voice of its own, with V:"
            )
        elif match[0] in "[{":
            raise DataError(f"expected {match[0]} to be closed in {voice.place}")
        else:
            self._leave_out(match[0], voice)

    def _leave_out(self, text: str, voice: VoiceReader) -> None:
        self._remarks.add(
            f"{text!r} has no meaning here and is left out", f"row {voice.row}"
        )

    def _bar(self, match: re.Match[str], voice: VoiceReader) -> None:
        line = match["line"]
        if line in (":", "]"):
            self._leave_out(line, voice)
            return
        voice.barline(line)
        if match["first"]:
            voice.begin_ending(read_numbers(match["first"]))

    def _chord(self, match: re.Match[str], voice: VoiceReader) -> None:
        """Read a chord; its length is that of its first note."""
        notes: list[tuple[NoteToken, bool]] = []
        for kind, token in tokens(match["inner"]):
            if kind == "note":
                notes.append((read_note(token), False))
            elif kind == "tie" and notes:
                notes[-1] = notes[-1][0], True
            elif kind in ("decoration", "shorthand"):
                self._decorate(token, voice)
            elif kind == "rest":
                self._remarks.add("a rest in a chord is left out", voice.spot)
            elif kind not in _IN_A_CHORD:
                raise DataError(
                    f"expected a chord, got {match[0][:20]} in {voice.place}"
                )
        if not 1 <= len(notes) <= _MOST_IN_A_CHORD:
            raise DataError(
                f"expected a chord of 1 to {_MOST_IN_A_CHORD} notes, "
                f"got {match[0][:20]} in {voice.place}"
            )
        first = notes[0][0].length
        if any(note.length != first for note, _ in notes):
            self._remarks.add(
                "the notes of a chord all take the length of the first", voice.spot
            )
        voice.add(notes, first * read_length(match["chord_length"]))

    def _grace(self, text: str, voice: VoiceReader) -> None:
        for kind, match in tokens(text):
            if kind == "note":
                voice.add_grace_accidental(read_note(match))
        self._remarks.add("grace notes are left out")

    def _decorate(self, match: re.Match[str], voice: VoiceReader) -> None:
        """Set a fermata, or say what another decoration might change."""
        symbol = match[0]
        name = self._symbols.get(symbol) if len(symbol) == 1 else symbol[1:-1]
        if name is None:
            return
        if name in FERMATAS:
            voice.fermata()
        elif clause := doubtful_decoration(name):
            if symbol.startswith("+"):
                raise DataError(
                    f"expected a chord such as [CE], got {symbol[:20]} in {voice.place}"
                )
            self._remarks.add(f"{symbol} {clause}", voice.spot)


def _number(digits: str | None) -> int | None:
    """Return a number, at most 10⁶; None if there are no digits."""
    if not digits:
        return None
    return int(digits) if len(digits) < 7 else 10**6

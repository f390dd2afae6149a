"""Humdrum **kern, see https://www.humdrum.org/rep/kern.

A file is a table: a column is a spine, a row is a moment. The first spine is the lowest
staff. A spine that is split holds two voices of one staff, the upper voice first.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from chorale.errors import DataError, located
from chorale.formats.humdrum.bars import ScoreBuilder
from chorale.formats.humdrum.spines import (
    KERN,
    LYRICS,
    PATH_SIGNS,
    Spine,
    StaffBuilder,
    change_paths,
)
from chorale.formats.limits import HUMDRUM_BYTES
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.scores.assembly import read_score
from chorale.formats.scores.written_score import WrittenScore
from chorale.music.credits import PROGRAM
from chorale.utils.files import read_file

_RECORD = re.compile(r"!!!\s*([A-Z]{3})(@{0,2})([A-Z]{2,3})?\d*\s*:\s*(\S.*)")


def read_humdrum(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a score in **kern, see `scores.assembly.read_score`.

    Raises:
        DataError: the file is damaged, has no **kern, or does not hold the voices.
    """
    return read_score(path, open_humdrum, voice, options)


def open_humdrum(path: Path) -> WrittenScore:
    """Return the score in a **kern file.

    Spines of other kinds and grace notes are left out; the notes of the score say so.

    Raises:
        DataError: the file is damaged, or has no **kern; the error names the line.
    """
    lines = _lines(_decode(read_file(path, HUMDRUM_BYTES, "a file of **kern")))
    reader = _Reader()
    for row, line in enumerate(lines, start=1):
        with located(path, row=row):
            reader.read_row(line)
    with located(path):
        return reader.finish(lines)


def _decode(raw: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or Latin-1."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _lines(text: str) -> list[str]:
    """Return the lines; a carriage return among line feeds is a space in a name."""
    if "\n" not in text:
        return text.split("\r")
    return [line.removesuffix("\r").replace("\r", " ") for line in text.split("\n")]


class _Reader:
    """The state of reading: which spines there are, and the score so far."""

    def __init__(self) -> None:
        self.builder = ScoreBuilder()
        self.spines: list[Spine] = []
        self.has_begun = False
        self.left_out: set[str] = set()
        self.joined_staves = False

    def read_row(self, line: str) -> None:
        """Read a row."""
        if not line.strip() or line.startswith("!"):
            return
        tokens = line.split("\t")
        if not self.has_begun:
            if not all(token.startswith("**") for token in tokens):
                raise DataError(
                    "expected the kinds of the spines first, such as **kern, "
                    f"got {line[:20]!r}"
                )
            self.has_begun = True
            self.spines = [Spine() for _ in tokens]
        elif not self.spines:
            raise DataError(
                "expected nothing after the end of all spines, got another piece: "
                "put each piece into a file of its own"
            )
        if len(tokens) != len(self.spines):
            # Columns are sometimes aligned with several tabs.
            tokens = [token for token in tokens if token]
        if len(tokens) != len(self.spines):
            raise DataError(
                f"expected {len(self.spines)} columns with a tab between two, "
                f"got {len(tokens)}"
            )
        if tokens[0].startswith("*"):
            self._interpret(tokens)
        elif tokens[0].startswith("="):
            self.builder.read_barline(tokens, self.spines)
        else:
            self.builder.read_notes(tokens, self.spines)

    def _interpret(self, tokens: Sequence[str]) -> None:
        if not all(token.startswith("*") for token in tokens):
            raise DataError("expected interpretations, with a * first, in every column")
        if any(token.startswith("**") for token in tokens):
            self._begin_spines(tokens)
        self.joined_staves |= any(_joins_staves(tokens, self.spines))
        if any(token in PATH_SIGNS for token in tokens):
            self.spines = change_paths(tokens, self.spines)
        else:
            self.builder.interpret(tokens, self.spines)

    def _begin_spines(self, tokens: Sequence[str]) -> None:
        """Read a row of kinds of spines; lyrics belong to the staff on their left."""
        staff: StaffBuilder | None = None
        verse = 0
        for token, spine in zip(tokens, self.spines, strict=True):
            if token.startswith("**"):
                spine.kind = token[2:]
                spine.staff = None
                if spine.kind == KERN:
                    spine.staff, spine.voice = self.builder.add_staff()
                elif spine.kind not in LYRICS:
                    self.left_out.add(token)
            if spine.staff is not None:
                staff, verse = spine.staff, 0
            elif spine.kind in LYRICS:
                verse += 1
                spine.sung, spine.verse = staff, verse

    def finish(self, lines: Sequence[str]) -> WrittenScore:
        """Return the score; `lines` are those of the file."""
        if not self.has_begun:
            raise DataError("expected **kern, it is empty or has only comments")
        notes = []
        if self.spines:
            notes.append("the file ends before its spines end: it may be incomplete")
        if self.left_out:
            kinds = ", ".join(sorted(self.left_out))
            notes.append(f"spines of other kinds are left out: {kinds}")
        if self.joined_staves:
            notes.append(
                "spines of different staves are joined in one row with *v: each staff "
                "is joined for itself"
            )
        bars, staves = self.builder.finish(self.spines)
        if bars[0].key is not None and _record(lines, "ENC") == PROGRAM:
            bars[0] = replace(bars[0], key=replace(bars[0].key, certain=True))
        return WrittenScore(
            bars=bars,
            staves=staves,
            title=_record(lines, "OTL"),
            composer=_first_name_first(_record(lines, "COM")),
            notes=(*notes, *self.builder.remarks()),
        )


def _joins_staves(tokens: Sequence[str], spines: Sequence[Spine]) -> Iterator[bool]:
    """Yield for each two neighbours whether they join with *v but are two staves."""
    for signs, (left, right) in zip(pairwise(tokens), pairwise(spines), strict=True):
        yield signs == ("*v", "*v") and left.staff is not right.staff


def _record(lines: Sequence[str], name: str) -> str:
    """Return a reference record, in the original language if there are several."""
    found: dict[int, str] = {}
    for line in lines:
        match = _RECORD.match(line)
        if match is not None and match[1] == name:
            # OTL is plain, OTL@@DE the original language, OTL@EN a translation.
            rank = {"": 0, "@@": 1, "@": 2}[match[2]]
            found.setdefault(rank, html.unescape(match[4]).strip())
    return found[min(found)] if found else ""


def _first_name_first(name: str) -> str:
    """Turn `Bach, Johann Sebastian` around; a sentence stays as it is."""
    if not re.fullmatch(r"[^\d;:()]*", name):
        return name
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and "," not in first else name

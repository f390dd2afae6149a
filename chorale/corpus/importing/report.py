"""The report of an import: what became of each piece, and counts."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chorale.corpus.importing.pieces import ACCEPTED, REFUSED, REPAIRED, STATUSES
from chorale.corpus.importing.sources import REPORT_FILE
from chorale.corpus.loading import SPLITS
from chorale.errors import printable
from chorale.utils.files import write_text
from chorale.utils.text import counted

COMMAND = "chorale corpus import"
_MOST_KINDS = 12  # kinds of reasons and of changes that are printed
_MOST_REFUSED = 20  # pieces that are printed one by one
_WIDTH = 72  # letters of a kind
# Sentences that begin with a list, and what they say.
_KINDS = {
    "left out: part": "parts are left out",
    "voices are: ": "parts are taken for voices",
    "voices are by their height: ": "parts are taken for voices by their height",
}
# The part or the row at the start of a sentence.
_PLACE = r"^(?!cannot |the \w+ leaves its range)[^:]{1,60}: (?=expected )"
# A name in quotation marks, or in those of Python, but no apostrophe in a word.
_QUOTED = re.compile(r'"[^"]*"|(?<!\w)\'(?:[^\'\\]|\\.)*\'(?!\w)')
# What stands before the details of a sentence.
_DETAILS = re.compile(
    r": |; |, (?=(?:got )?\d|got [^a-z]|got [a-z]:)"
    r"|,? (?:first )?(?:in|from|after) (?:bars?|rows?) \d"
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of a piece, or of a source without pieces.

    Attributes:
        source: its name, see `sources.Source`.
        piece: which of several pieces of the source; empty for the only one.
        status: accepted, repaired or refused.
        reason: why it is refused, else empty.
        changes: sentences on what was changed.
        notes: sentences on how the key was decided.
        estimated: `key`, `metre` or both, if they are not those of the file.
        off_grid: share of its notes that are off the grid.
        file: of the corpus, or the one it would be in a corpus without shards; empty
            if it is refused.
        split: of the corpus; empty if it is refused.
        group: number of its group; 0 if it is refused.
        same_as: file of the first piece with the same notes; empty if there is none.
    """

    source: str
    piece: str = ""
    status: str
    reason: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimated: str = ""
    off_grid: float = 0.0
    file: str = ""
    split: str = ""
    group: int = 0
    same_as: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The result of an import.

    Attributes:
        options: of the import.
        sources: name of each source, and what identifies its content; empty if it could
            not be read.
        hidden: number of hidden files that were left out.
        spanning_groups: number of groups in more than one split, as sources fix them.
        rows: in order of the sources.
        command: that wrote it.
    """

    options: Mapping[str, Any]
    sources: Mapping[str, str]
    hidden: int
    spanning_groups: int
    rows: tuple[Row, ...]
    command: str = COMMAND

    @property
    def kept(self) -> int:
        """The number of pieces in the corpus."""
        return sum(row.status != REFUSED for row in self.rows)

    def answer(self) -> dict[str, Any]:
        """Return the report with its counts, ready for JSON."""
        counts = Counter(row.status for row in self.rows)
        splits = Counter(row.split for row in self.rows if row.split)
        return {
            "command": self.command,
            "options": dict(self.options),
            "pieces": {status: counts[status] for status in STATUSES},
            "refused": _numbers(_by_kind(_refusals(self.rows))),
            "changes": _numbers(_by_kind(_changes(self.rows))),
            "estimated": {
                name: sum(name in row.estimated.split() for row in self.rows)
                for name in ("key", "metre")
            },
            "splits": {split: splits[split] for split in SPLITS},
            "groups": len({row.group for row in self.rows if row.group}),
            "spanning_groups": self.spanning_groups,
            "same_notes": sum(bool(row.same_as) for row in self.rows),
            "hidden": self.hidden,
            "sources": dict(self.sources),
            "rows": [asdict(row) for row in self.rows],
        }


def write_report(report: Report, folder: Path) -> None:
    """Write the report of a corpus into its folder."""
    text = json.dumps(report.answer(), indent=1, ensure_ascii=False)
    write_text(folder / REPORT_FILE, f"{text}\n")


def read_report(folder: Path) -> Report | None:
    """Return the report in the folder of an imported corpus; None in other folders."""
    try:
        values = json.loads((folder / REPORT_FILE).read_text(encoding="utf-8"))
        if values["command"] != COMMAND:
            return None
        rows = (
            {
                **row,
                "changes": tuple(row["changes"]),
                "notes": tuple(row["notes"]),
            }
            for row in values["rows"]
        )
        return Report(
            options=values["options"],
            sources=values["sources"],
            hidden=values["hidden"],
            spanning_groups=values["spanning_groups"],
            rows=tuple(Row(**row) for row in rows),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def summary(report: Report) -> Iterator[str]:
    """Yield the lines of a printed report.

    Similar sentences on changes are counted, and the first is printed with its source;
    so are reasons, if more pieces are refused than can be listed.
    """
    answer = report.answer()
    pieces, splits = answer["pieces"], answer["splits"]
    sources = len(report.sources)
    yield f"{counted(sources, 'file')}, {counted(len(report.rows), 'piece')}"
    yield f"accepted {pieces[ACCEPTED]:>7,}"
    yield _count("repaired", pieces[REPAIRED])
    yield from _kinds(_changes(report.rows))
    yield _count("refused", pieces[REFUSED])
    if pieces[REFUSED] > _MOST_REFUSED:
        yield from _kinds(_refusals(report.rows))
    else:
        for row, reason in _refusals(report.rows):
            yield f"          {_name(row)}: {printable(reason)}"
    if not report.kept:
        return
    estimated = answer["estimated"]
    keys, metres = (counted(estimated[name], name) for name in ("key", "metre"))
    yield f"estimated from the notes: {keys}, {metres}"
    yield f"groups of similar pieces: {answer['groups']:,}"
    if answer["same_notes"]:
        yield f"pieces with the notes of another one: {answer['same_notes']:,}"
    if report.spanning_groups:
        yield (
            f"groups in several splits, as the sources have them: "
            f"{report.spanning_groups:,}"
        )
    yield ", ".join(f"{split} {number:,}" for split, number in splits.items())


# === Kinds of sentences ===

_Said = tuple[Row, str]  # a piece, and a sentence on it


def _count(label: str, number: int) -> str:
    return f"{label:<8} {number:>7,}"


def _kinds(said: Iterable[_Said]) -> Iterator[str]:
    """Yield how many pieces each kind of sentence is on, with the first as it is."""
    kinds = list(_by_kind(said).values())
    for members in kinds[:_MOST_KINDS]:
        row, sentence = members[0]
        first = "first: " if len(members) > 1 else ""
        yield f"  {len(members):>6,}  {printable(sentence)} ({first}{_name(row)})"
    more = sum(map(len, kinds[_MOST_KINDS:]))
    if more:
        yield f"  {more:>6,}  for other reasons, see {REPORT_FILE}"


def _name(row: Row) -> str:
    return printable(f"{row.source}, {row.piece}" if row.piece else row.source)


def _refusals(rows: Sequence[Row]) -> Iterator[_Said]:
    for row in rows:
        if row.status == REFUSED:
            yield row, row.reason


def _changes(rows: Sequence[Row]) -> Iterator[_Said]:
    """Yield the changes of each piece, one of each kind."""
    for row in rows:
        first = {kind_of(change): change for change in reversed(row.changes)}
        for change in reversed(first.values()):
            yield row, change


def _by_kind(said: Iterable[_Said]) -> dict[str, list[_Said]]:
    """Return similar sentences by what they share, the most frequent first."""
    kinds: defaultdict[str, list[_Said]] = defaultdict(list)
    for row, sentence in said:
        kinds[kind_of(sentence)].append((row, sentence))
    return dict(sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])))


def _numbers(kinds: Mapping[str, Sequence[_Said]]) -> dict[str, int]:
    return {kind: len(members) for kind, members in kinds.items()}


def kind_of(sentence: str) -> str:
    """Return what similar sentences have in common: no names, places and numbers."""
    for start, kind in _KINDS.items():
        if sentence.startswith(start):
            return kind
    sentence = re.sub(_PLACE, "", _QUOTED.sub('"…"', sentence))
    start = _DETAILS.split(re.sub(r"\*\S+", "*…", sentence))[0]
    plain = re.sub(r"\d+(?:[.,]\d+)*", "…", start)
    plain = " ".join(plain.split())
    return plain if len(plain) <= _WIDTH else f"{plain[: _WIDTH - 1]}…"

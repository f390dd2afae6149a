"""MEI, the XML format of the Music Encoding Initiative, read into a written score.

MuseScore, Verovio and converter21 write it, and libraries publish in it.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

from chorale.errors import DataError, located
from chorale.formats.mei import values
from chorale.formats.mei.definitions import Definitions
from chorale.formats.mei.editorial import content
from chorale.formats.mei.measures import MeasureReader
from chorale.formats.musicxml.file import read_root
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.remarks import on_transposition
from chorale.formats.scores.assembly import read_score
from chorale.formats.scores.measures import staff_bars, written_bars
from chorale.formats.scores.written_score import Staff, WrittenScore
from chorale.utils.text import listed

_DEEPEST = 32  # sections in one another


def read_mei(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a score in MEI, see `scores.assembly.read_score`.

    Raises:
        DataError: the file is damaged, is no score, or does not hold the voices.
    """
    return read_score(path, open_mei, voice, options)


def open_mei(path: Path) -> WrittenScore:
    """Return the score in a file of MEI; of several movements the first.

    Grace notes are left out; the notes of the score say so. Files that never state the
    accidentals of the key take them from its signature.

    Raises:
        DataError: the file is damaged, or is no score.
    """
    root = read_root(path)
    with located(path):
        if root.tag not in ("mei", "music"):
            raise DataError(f"expected MEI, got {root.tag[:40]}")
        return score_of(root)


def score_of(root: Element) -> WrittenScore:
    """Return the score in a document.

    Raises:
        DataError: it is no score.
    """
    music = root if root.tag == "music" else root.find("music")
    scores = [  # those of the header are incipits
        score
        for score in (() if music is None else music.iter("score"))
        if score.find("section") is not None
    ]
    if not scores:
        raise DataError("expected a score with a section in MEI, got none")
    score = scores[0]
    explicit = any(
        note.get("accid.ges") for name in ("note", "accid") for note in score.iter(name)
    )
    definitions = Definitions(explicit)
    reader = MeasureReader(definitions)
    _read_section(score, definitions, reader, frozenset(), 0)
    reader.resolve_ties()
    if not reader.measures:
        raise DataError("expected measures in MEI, got none")
    bars = written_bars(reader.measures)
    staves = [
        Staff(
            name=staff.name,
            abbreviation=staff.abbreviation,
            clef=staff.clef,
            program=staff.program,
            key=staff.key,
            bars=list(staff_bars(number, reader.measures, bars)),
            remarks=_on_transposition(
                staff.name or number, staff.pitching.semitones, staff.pitching.letters
            ),
        )
        for number, staff in definitions.staves.items()
    ]
    known = definitions.staves.values()
    notes = []
    if len(scores) > 1:
        notes.append("of several movements the first is read")
    if reader.left_out:
        notes.append(f"{listed(sorted(reader.left_out))} are left out")
    if not explicit and any(staff.key and staff.key.fifths for staff in known):
        notes.append("the notes state no accidentals of the key: its signature holds")
    return WrittenScore(
        bars=bars,
        staves=staves,
        title=_title(root),
        composer=_composer(root),
        notes=tuple(notes),
    )


def _read_section(
    section: Element,
    definitions: Definitions,
    reader: MeasureReader,
    endings: frozenset[int],
    depth: int,
) -> None:
    """Read measures and definitions in order, those of inner sections too."""
    if depth > _DEEPEST:
        raise DataError(f"expected at most {_DEEPEST} sections in one another")
    for child in content(section, reader.left_out):
        match child.tag:
            case "scoreDef" | "staffDef" | "keySig" | "meterSig":
                definitions.read(child)
            case "measure":
                try:
                    reader.read(child, endings)
                except DataError as error:
                    number = child.get("n") or len(reader.measures)
                    raise DataError(f"{error}, in bar {number}") from None
            case "ending":
                numbers = {
                    int(each) for each in re.findall(r"\d{1,2}", child.get("n", ""))
                }
                _read_section(child, definitions, reader, frozenset(numbers), depth + 1)
            case "section":
                _read_section(child, definitions, reader, endings, depth + 1)


def _on_transposition(name: str, semitones: int, letters: int) -> tuple[str, ...]:
    if not semitones % 12:
        return ()
    return (on_transposition(f'the staff "{name}"', semitones, letters),)


# === Title and composer ===


def _title(root: Element) -> str:
    """Return the main title of the work, else of the file."""
    for path in (".//work/title/titlePart", ".//work/title", ".//titleStmt/title"):
        found = [each for each in root.findall(path) if _is_main(each)]
        for title in map(values.words, found):
            if title and not re.search(r"\.(mei|musicxml|xml|mxl|mscz|krn)$", title):
                return title
    return ""


def _is_main(title: Element) -> bool:
    return title.get("type", "main") in ("main", "uniform", "proper")


def _composer(root: Element) -> str:
    """Return the composer of the work or of the file."""
    found = [*root.findall(".//composer")]
    for name in ("persName", "name"):
        found += [
            each
            for each in root.iter(name)
            if each.get("role", "").lower() in ("composer", "cmp", "creator")
        ]
    return next(filter(None, map(values.words, found)), "")

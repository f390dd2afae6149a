"""Files of MuseScore 3 and 4, plain (.mscx) or compressed (.mscz)."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.etree.ElementTree import Element

from chorale.errors import DataError, located, translated
from chorale.formats.limits import MOST_STAVES, MUSICXML_BYTES
from chorale.formats.musescore.measures import ScoreMeasures
from chorale.formats.musicxml.file import parse
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.scores.assembly import read_score
from chorale.formats.scores.measures import staff_bars, written_bars
from chorale.formats.scores.written_score import Line, Staff, WrittenScore
from chorale.utils.files import read_bounded, read_file
from chorale.utils.text import listed

_KIND = "a file of MuseScore"
_ADVICE = "export it as MusicXML from MuseScore: File > Export"


def read_musescore(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a score of MuseScore, see `scores.assembly.read_score`.

    Raises:
        DataError: the file is damaged, is of MuseScore 1 or 2, or does not hold the
            voices.
    """
    return read_score(path, open_musescore, voice, options)


def open_musescore(path: Path) -> WrittenScore:
    """Return the score in a file of MuseScore 3 or 4.

    Grace notes are left out; the notes of the score say so.

    Raises:
        DataError: the file is damaged, or of an older version.
    """
    content = read_file(path, MUSICXML_BYTES, _KIND)
    with (
        located(path),
        translated(
            lambda reason: DataError(f"expected {_KIND}, it is damaged: {reason}")
        ),
    ):
        if not content:
            raise DataError("expected a score, it is empty")
        root = parse(_unpack(content) if content.startswith(b"PK") else content)
        return score_of(root)


def _unpack(content: bytes) -> bytes:
    """Return the score in a compressed file; those of single parts are in folders."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".mscx")]
        scores = [name for name in names if "/" not in name]
        if len(scores) != 1:
            found = ", ".join(names[:4]) or "none"
            raise DataError(f"expected one .mscx in {_KIND}, got {found}")
        with archive.open(scores[0]) as file:
            return read_bounded(file, MUSICXML_BYTES, _KIND)


def score_of(root: Element) -> WrittenScore:
    """Return the score in a document.

    Raises:
        DataError: it is no score of MuseScore 3 or 4.
    """
    score = root.find("Score")
    version = re.match(r"\d{1,3}", root.get("version", ""))
    if root.tag != "museScore":
        raise DataError(f"expected {_KIND}, got {root.tag[:40]}")
    if version is None or int(version[0]) < 3 or score is None:
        raise DataError(
            f"expected {_KIND} 3 or 4, got version {root.get('version', '')[:10]!r}: "
            f"open it there and save it, or {_ADVICE}"
        )
    parts = {
        staff.get("id", str(number)): part
        for number, (staff, part) in enumerate(
            (
                (staff, part)
                for part in score.findall("Part")
                for staff in part.findall("Staff")
            ),
            start=1,
        )
    }
    measures = ScoreMeasures()
    found = score.findall("Staff")
    if len(found) > MOST_STAVES:
        raise DataError(f"expected at most {MOST_STAVES} staves")
    for staff in found:
        measures.read_staff(staff.get("id", ""), staff.findall("Measure"))
    if not measures.measures:
        raise DataError(f"expected measures in {_KIND}, got none")
    bars = written_bars(measures.measures)
    staves = [
        _staff(
            number,
            parts.get(number),
            measures,
            list(staff_bars(number, measures.measures, bars)),
        )
        for number in (staff.get("id", "") for staff in found)
    ]
    left_out = sorted(measures.left_out)
    return WrittenScore(
        bars=bars,
        staves=staves,
        title=_tag(score, "workTitle") or _text(score, "title"),
        composer=_tag(score, "composer") or _text(score, "composer"),
        notes=(f"{listed(left_out)} are left out",) if left_out else (),
    )


def _staff(
    number: str, part: Element | None, measures: ScoreMeasures, bars: list[list[Line]]
) -> Staff:
    """Return a staff with the names of its part."""
    instrument = None if part is None else part.find("Instrument")
    program = None if instrument is None else instrument.find("Channel/program")
    value = "" if program is None else program.get("value", "")
    name = _words(instrument, "longName") or _words(part, "trackName")
    percussion = instrument is not None and instrument.find("useDrumset") is not None
    return Staff(
        name=name,
        abbreviation=_words(instrument, "shortName"),
        clef=measures.clefs.get(number, ""),
        program=int(value) if re.fullmatch(r"\d{1,3}", value) else None,
        key=measures.keys.get(number),
        bars=bars,
        percussion=1 if percussion else None,
    )


def _words(element: Element | None, name: str) -> str:
    """Return the text of a child, on one line; empty without it."""
    child = None if element is None else element.find(name)
    return "" if child is None else " ".join("".join(child.itertext()).split())


def _tag(score: Element, name: str) -> str:
    """Return a property of the score; empty if it is not filled in."""
    tags = (tag for tag in score.findall("metaTag") if tag.get("name") == name)
    return next((" ".join((tag.text or "").split()) for tag in tags), "")


def _text(score: Element, style: str) -> str:
    """Return the text of a style above the score; empty without."""
    for text in score.findall("Staff/VBox/Text"):
        if (text.findtext("style") or "").strip().lower() == style:
            return _words(text, "text")
    return ""

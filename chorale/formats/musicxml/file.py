"""MusicXML files as trees of elements: plain or compressed, of any encoding.

Entities are refused, external DTDs are not fetched, sizes are bounded.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from chorale.errors import DataError
from chorale.formats.limits import MUSICXML_BYTES, MUSICXML_DEPTH, MUSICXML_ELEMENTS
from chorale.utils.files import read_bounded, read_file

_KIND = "a score"
_CONTAINER = "META-INF/container.xml"
SCORE_ENDINGS = (".musicxml", ".xml")


def read_root(path: Path) -> Element:
    """Return the root element of a MusicXML file; names have no namespace.

    Raises:
        DataError: the file is empty, too large, damaged, not XML, or declares entities.
    """
    try:
        content = read_file(path, MUSICXML_BYTES, _KIND)
        if not content:
            raise DataError("expected a score, it is empty")
        if content.startswith(b"PK"):
            content = _unpack(content)
        return parse(content)
    except DataError:
        raise
    except Exception as error:  # zipfile and expat raise many kinds for damaged files
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(f"expected a score, cannot read it: {reason}") from error


def parse(content: bytes) -> Element:
    """Return the root element of an XML document; names have no namespace.

    Raises:
        DataError: it declares entities or is too large.
        expat.ExpatError: it is not well-formed.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    elements = depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth
        elements, depth = elements + 1, depth + 1
        if elements > MUSICXML_ELEMENTS or depth > MUSICXML_DEPTH:
            raise DataError(
                f"expected a score of at most {MUSICXML_ELEMENTS} elements, nested at "
                f"most {MUSICXML_DEPTH} deep"
            )
        builder.start(_local(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def refuse(*_: object) -> None:
        raise DataError("expected a score, it declares entities, which are not read")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    parser.Parse(content.lstrip(b" \t\r\n"), True)
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


# === Compressed files ===


def _unpack(content: bytes) -> bytes:
    """Return the score in a compressed file, which its container names."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        name = ""
        if _CONTAINER in names:
            with archive.open(_CONTAINER) as file:
                name = _root_file(parse(read_bounded(file, MUSICXML_BYTES, _KIND)))
        if name not in names:
            name = _only_score(names)
        with archive.open(name) as file:
            return read_bounded(file, MUSICXML_BYTES, _KIND)


def _root_file(container: Element) -> str:
    """Return the name of the first root file; empty if there is none."""
    files = [file for file in container.iter("rootfile") if file.get("full-path")]
    scores = [
        file
        for file in files
        if "musicxml" in file.get("media-type", "musicxml")
        or str(file.get("full-path")).lower().endswith(SCORE_ENDINGS)
    ]
    return next((str(file.get("full-path")) for file in scores), "")


def _only_score(names: list[str]) -> str:
    """Return the only score in a file without a container, or with a wrong one."""
    scores = [
        name
        for name in names
        if name.lower().endswith(SCORE_ENDINGS)
        and not re.search(r"(^|/)(META-INF|__MACOSX|\.)", name)
    ]
    if len(scores) != 1:
        raise DataError(
            f"expected one score in the compressed file, or {_CONTAINER} that names "
            f"it, got {', '.join(scores[:4]) or 'none'}"
        )
    return scores[0]

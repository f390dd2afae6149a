"""Drawings as SVG: each subpath is a stroke."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.strokes import Sketch, check_stroke
from chorale.utils.arrays import Float64Array

# Line segments per curve: a circle in one arc is off by 0.5 % of the radius at most.
_SEGMENTS = 32
_PATH = re.compile(r"\s*[Mm][MLHVCSQTAZmlhvcsqtazEe0-9+\-.,\s]*")
_EXPECTED_PATH = "expected an SVG path such as 'M 10 20 L 30 40'"
# Their content is shown elsewhere or not at all.
_HIDDEN = frozenset(
    "defs symbol clipPath mask marker pattern metadata foreignObject".split()
)


def read_svg(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the one drawing of an SVG file.

    Paths and shapes are drawn by their outlines. Each subpath is a stroke, in the order
    of the file; curves become points. Transformations and the view box are applied.
    Hidden parts, text and images are omitted, and so is a background: a rectangle
    without outline behind everything else.

    Raises:
        DataError: the file cannot be read, is not SVG, has nothing to draw, or declares
            entities or has `<use>`, with which a small file can grow without limit.
    """
    with open_binary(path, options) as file:
        content = file.read()
    with located(path):
        strokes = tuple(_strokes(content))
        if not strokes:
            raise DataError("expected a path or a shape in the SVG, got none")
    yield Sketch(strokes=strokes)


def read_svg_path(d: str) -> Sketch:
    """Read a drawing from the attribute `d` of an SVG path.

    Raises:
        DataError: it is not a valid path.
    """
    import svgelements

    _check_path(d)
    try:
        path = svgelements.Path(d)
    except Exception:  # svgelements documents no errors
        raise DataError(f"{_EXPECTED_PATH}, got one that is broken") from None
    return Sketch(strokes=tuple(_sample(path)))


def _check_path(d: str) -> None:
    """Refuse a path with unknown commands, which svgelements would truncate there."""
    if not _PATH.fullmatch(d):
        shown = d.strip() if len(d) <= 40 else f"{d.strip()[:39]}…"
        raise DataError(f"{_EXPECTED_PATH}, got {shown!r}")


def _strokes(content: bytes) -> Iterator[Float64Array]:
    """Yield the strokes of an SVG document."""
    import svgelements

    root = _parse_xml(content)
    for element in root.iter():
        if _name(element) == "path":
            _check_path(element.attrib["d"])
    try:
        document = svgelements.SVG.parse(
            io.BytesIO(ElementTree.tostring(root)), on_error="raise"
        )
        shapes = [
            (shape, [*_sample(svgelements.Path(shape))])
            for shape in document.elements()
            if isinstance(shape, svgelements.Shape)
            and shape.values.get("visibility") not in ("hidden", "collapse")
        ]
    except DataError:
        raise
    except Exception as error:  # svgelements documents no errors
        reason = " ".join(str(error).split()) or "a path is broken"
        raise DataError(f"expected an SVG drawing, it is damaged: {reason}") from None
    for index, (shape, strokes) in enumerate(shapes):
        above = [stroke for _, later in shapes[index + 1 :] for stroke in later]
        has_outline = shape.stroke is not None and shape.stroke.value is not None
        is_paper = isinstance(shape, svgelements.Rect) and not has_outline
        if not (is_paper and above and _encloses(strokes, above)):
            yield from strokes


def _encloses(outer: Sequence[Float64Array], inner: Sequence[Float64Array]) -> bool:
    """Return whether the bounding box of strokes contains all other strokes."""
    points, others = np.concatenate(outer), np.concatenate(inner)
    return bool(
        (points.min(axis=0) <= others.min(axis=0)).all()
        and (points.max(axis=0) >= others.max(axis=0)).all()
    )


def _parse_xml(content: bytes) -> ElementTree.Element:
    """Return an SVG document without its hidden parts."""
    try:
        _refuse_entities(content)
        root = ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise DataError(f"expected an SVG file, it is no XML: {error}") from None
    if _name(root) != "svg":
        raise DataError(f"expected an SVG file, got XML of <{_name(root)}>")
    for parent in list(root.iter()):
        for child in list(parent):
            is_empty = _name(child) == "path" and not child.get("d", "").strip()
            if is_empty or _name(child) in _HIDDEN:
                parent.remove(child)
    if any(_name(element) == "use" for element in root.iter()):
        raise DataError(
            "expected every path in its place, got <use>: unlink the copies in the "
            "program that drew it"
        )
    return root


def _refuse_entities(content: bytes) -> None:
    """Raise a DataError if the document declares entities, before any is expanded."""

    def refuse(name: str, *_: object) -> None:
        raise DataError(
            f"expected an SVG file without entities, got <!ENTITY {name}>: save it as "
            "plain SVG"
        )

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = refuse
    parser.Parse(content, True)


def _name(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def _sample(path: Any) -> Iterator[Float64Array]:
    """Yield the subpaths of a path of svgelements as strokes (points, 2)."""
    import svgelements

    along = np.linspace(0, 1, _SEGMENTS + 1)[1:-1]
    subpaths: list[list[Any]] = []
    for segment in path:
        if isinstance(segment, svgelements.Move):
            subpaths.append([])
        elif not isinstance(segment, svgelements.Line | svgelements.Close):
            subpaths[-1].extend(segment.npoint(along))
        subpaths[-1].append((segment.end.x, segment.end.y))
    for points in subpaths:
        if len(points) > 1:  # a move alone draws nothing
            yield check_stroke(np.array(points, np.float64))

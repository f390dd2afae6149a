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

from chorale.errors import DataError
from chorale.sketches.formats.shared import Watch, opened, placed
from chorale.sketches.strokes import Floats, Sketch, check_stroke

# Pieces that a curve is cut into: of a circle in one arc, 0.5 % of the radius is lost.
_PIECES = 32
_PATH = re.compile(r"\s*[Mm][MLHVCSQTAZmlhvcsqtazEe0-9+\-.,\s]*")
_PATH_FORM = "expected an SVG path such as 'M 10 20 L 30 40'"
# What lies in these is shown elsewhere or not at all.
_HIDDEN = frozenset(
    "defs symbol clipPath mask marker pattern metadata foreignObject".split()
)


def read_svg(path: Path, watch: Watch | None = None) -> Sketch:
    """Read a drawing from an SVG file.

    Paths and shapes are drawn by their outlines, and each subpath is a stroke, in the
    order of the file; curves become points. Transformations and the view box are
    followed. Left out are hidden parts, text, pictures, and paper: a rectangle without
    a stroke of its own behind everything else.

    Raises:
        DataError: the file cannot be read, is no SVG, declares entities (with which a
            small file can grow without end, or fetch others; so can `<use>`), or has
            nothing to draw.
    """
    with opened(path, watch) as file:
        content = file.read()
    with placed(path):
        strokes = tuple(_strokes_of(content))
        if not strokes:
            raise DataError("expected a path or a shape in the SVG, got none")
    return Sketch(strokes=strokes)


def read_svg_path(d: str) -> Sketch:
    """Read a drawing from what the attribute `d` of an SVG path holds.

    Raises:
        DataError: it is no such path.
    """
    return Sketch(strokes=tuple(_sampled(_parse_path(d))))


def _parse_path(d: str) -> Any:
    import svgelements

    _check_path(d)
    try:
        return svgelements.Path(d)
    except Exception:
        # It documents no errors of its own.
        raise DataError(f"{_PATH_FORM}, got one that is broken") from None


def _check_path(d: str) -> None:
    """Refuse what svgelements passes over: it takes a path up to there for the whole.

    Raises:
        DataError: it begins otherwise, or holds a letter that is no command.
    """
    if not _PATH.fullmatch(d):
        shown = d.strip() if len(d) <= 40 else f"{d.strip()[:39]}…"
        raise DataError(f"{_PATH_FORM}, got {shown!r}")


def _strokes_of(content: bytes) -> Iterator[Floats]:
    """Yield the strokes of an SVG document."""
    import svgelements

    root = _parse_xml(content)
    for element in root.iter():
        if _name(element) == "path":
            _check_path(element.attrib["d"])
    try:
        drawn = svgelements.SVG.parse(
            io.BytesIO(ElementTree.tostring(root)), on_error="raise"
        )
        shapes = [
            (shape, [*_sampled(svgelements.Path(shape))])
            for shape in drawn.elements()
            if isinstance(shape, svgelements.Shape)
            and shape.values.get("visibility") not in ("hidden", "collapse")
        ]
    except DataError:
        raise
    except Exception as error:
        # It documents no errors of its own.
        reason = " ".join(str(error).split()) or "a path is broken"
        raise DataError(f"expected an SVG drawing, it is damaged: {reason}") from None
    for place, (shape, strokes) in enumerate(shapes):
        others = [stroke for _, more in shapes[place + 1 :] for stroke in more]
        if not (_has_no_outline(shape) and others and _is_behind(strokes, others)):
            yield from strokes


def _has_no_outline(shape: Any) -> bool:
    is_rectangle = type(shape).__name__ == "Rect"
    return is_rectangle and (shape.stroke is None or shape.stroke.value is None)


def _is_behind(strokes: Sequence[Floats], others: Sequence[Floats]) -> bool:
    """Return whether strokes go around all others that are drawn after them."""
    here, there = np.concatenate(strokes), np.concatenate(others)
    goes_around = (here.min(axis=0) <= there.min(axis=0)) & (
        here.max(axis=0) >= there.max(axis=0)
    )
    return bool(goes_around.all())


def _parse_xml(content: bytes) -> ElementTree.Element:
    """Return an SVG document without its hidden parts."""
    _refuse_entities(content)
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
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
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"expected an SVG file, it is no XML: {error}") from None


def _name(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def _sampled(path: Any) -> Iterator[Floats]:
    """Yield the subpaths of a path of svgelements as strokes (points, 2)."""
    import svgelements

    along = np.linspace(0, 1, _PIECES + 1)[1:-1]
    stroke: list[Any] = []
    is_drawn = False
    for segment in path:
        if isinstance(segment, svgelements.Move):
            if is_drawn:
                yield check_stroke(np.array(stroke, np.float64))
            stroke, is_drawn = [], False
            stroke.append((segment.end.x, segment.end.y))
            continue
        is_drawn = True
        if not isinstance(segment, svgelements.Line | svgelements.Close):
            stroke.extend(segment.npoint(along))
        stroke.append((segment.end.x, segment.end.y))
    # To move the pen alone draws nothing.
    if is_drawn:
        yield check_stroke(np.array(stroke, np.float64))

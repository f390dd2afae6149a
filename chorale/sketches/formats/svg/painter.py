"""The shapes that an SVG document draws, in order, with their style and place."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.svg.document import MAX_ELEMENTS, Element
from chorale.sketches.formats.svg.paint import Color, Paints, background_of
from chorale.sketches.formats.svg.shapes import (
    MAX_POINTS,
    Size,
    Subpath,
    length_of,
    parse_length,
    parse_transform,
    trace_shape,
)
from chorale.sketches.formats.svg.style import Style, StyleSheet, inherit
from chorale.sketches.formats.svg.viewport import (
    apply,
    bounding_box,
    corners_of,
    intersection,
    translation,
    viewport_of,
)
from chorale.sketches.strokes import check_stroke
from chorale.utils.arrays import Float64Array

_SHAPES = frozenset("path rect circle ellipse line polyline polygon".split())
_GROUPS = frozenset("svg g a switch use symbol".split())
# What is seen in the picture but is no stroke, with a word for it.
_NO_STROKES = {"text": "text", "image": "picture", "foreignObject": "foreign object"}
_ANIMATIONS = frozenset("animate animateTransform animateMotion set".split())
_CONDITIONS = {"requiredExtensions", "requiredFeatures", "systemLanguage"}
_MAX_USES = 32  # nested


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shape:
    """A shape as it is painted.

    Attributes:
        element: where it comes from.
        subpaths: its outline, in the units of the whole picture.
        fill, stroke: colors; None if there is none.
        is_plain: whether neither a fill nor a stroke is given, only the default fill.
        clip: corners (2, 2) of the box outside of which nothing is seen, None for none.
    """

    element: Element
    subpaths: tuple[Subpath, ...]
    fill: Color | None
    stroke: Color | None
    is_plain: bool
    clip: Float64Array | None


@dataclass(kw_only=True, eq=False)
class Picture:
    """What an SVG document draws.

    Attributes:
        shapes: from the lowest to the highest.
        box: corners (2, 2) of what is shown; None if it is unknown.
        background: the color of the page if the document gives one.
        left_out: number of parts that are no strokes or not displayed, by kind.
        ignored: sentences on what is not followed.
    """

    shapes: list[Shape] = field(default_factory=list)
    box: Float64Array | None = None
    background: Color | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    ignored: list[str] = field(default_factory=list)


class _Visit(NamedTuple):
    """An element to be drawn, and what it is drawn in."""

    element: Element
    style: Style
    matrix: Float64Array
    size: Size
    clip: Float64Array | None
    uses: tuple[Element, ...]  # the elements that `<use>` led to


def draw(root: Element) -> Picture:
    """Return the shapes of a document.

    Raises:
        DataError: an element is damaged; it is named. Or `<use>` leads to itself, or
            draws more than MAX_ELEMENTS elements.
    """
    painter = _Painter(root)
    painter.run()
    return painter.picture


class _Painter:
    """Visits the elements in the order in which they are painted."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.picture = Picture()
        self.by_id: dict[str, Element] = {}
        animations = 0
        for element in cast("Iterator[Element]", root.iter()):
            self.by_id.setdefault(element.get("id", ""), element)
            animations += element.tag in _ANIMATIONS
        self.sheet = StyleSheet(root)
        self.paints = Paints(by_id=self.by_id, sheet=self.sheet)
        self.stack: list[_Visit] = []
        self.external: list[str] = []
        self.not_followed: Counter[str] = +Counter(animations=animations)
        self.clips: dict[str, Float64Array | None] = {}
        self.points = MAX_POINTS
        self.visits = 0

    def run(self) -> None:
        width, height = (_root_length(self.root, name) for name in ("width", "height"))
        with _named(self.root):
            viewport = viewport_of(self.root, width, height)
        box = viewport.box
        self.picture.box = None if box is None else apply(viewport.matrix, box)
        self.picture.background = background_of(self.sheet.declarations(self.root))
        root = _Visit(self.root, Style(), viewport.matrix, viewport.size, None, ())
        self.stack = [root]
        while self.stack:
            visit = self.stack.pop()
            self.visits += 1
            if self.visits > MAX_ELEMENTS:
                raise DataError(
                    f"expected <use> to draw at most {MAX_ELEMENTS} elements, got more"
                )
            with _named(visit.element):
                self._visit(visit)
        self._remark()

    def _remark(self) -> None:
        """Say what is not followed."""
        sentences = self.picture.ignored
        if self.external:
            names = ", ".join(self.external[:3])
            more = f" and {len(self.external) - 3} more" * (len(self.external) > 3)
            sentences.append(f"other files are not opened: {names}{more}")
        if self.sheet.ignored:
            sentences.append(
                f"{self.sheet.ignored} rules of the style sheet have selectors or "
                "media that are not supported: ignored"
            )
        if self.paints.unknown:
            sentences.append(
                f"unknown colors are taken as black ({self.paints.unknown})"
            )
        for what, count in sorted(self.not_followed.items()):
            sentences.append(f"{what} are not followed ({count})")

    # === Elements ===

    def _visit(self, visit: _Visit) -> None:
        element, picture = visit.element, self.picture
        name = element.tag
        if name in _NO_STROKES:
            picture.left_out[_NO_STROKES[name]] += 1
            if name == "image":
                self._local(element)
        if name not in _SHAPES and name not in _GROUPS:
            return
        declarations = self.sheet.declarations(element)
        if declarations.get("display") == "none":
            picture.left_out["hidden element"] += 1
            return
        style = inherit(visit.style, declarations)
        inner = visit.matrix @ parse_transform(declarations.get("transform", ""))
        visit = visit._replace(style=style, matrix=inner)
        if declarations.get("mask", "none") != "none":
            self.not_followed["masks"] += 1
        if "clip-path" in declarations:
            visit = visit._replace(clip=self._clip(declarations["clip-path"], visit))
        if name in _SHAPES:
            self._add_shape(visit)
        elif name == "use":
            self._push_use(visit)
        elif name == "svg" and element is not self.root:
            self._push_viewport(visit, element)
        elif name == "switch":
            self._push_children(visit, [*_chosen(element)])
        elif name != "symbol":
            self._push_children(visit)

    def _push_children(
        self, visit: _Visit, children: list[Element] | None = None
    ) -> None:
        for child in reversed(
            visit.element.children() if children is None else children
        ):
            self.stack.append(visit._replace(element=child))

    def _push_viewport(self, visit: _Visit, shown: Element) -> None:
        """Draw the children of an inner `<svg>`, or of a `<symbol>` by its `<use>`."""
        element = visit.element
        size = visit.size
        width = length_of(shown, "width", size, size.width or -1)
        height = length_of(shown, "height", size, size.height or -1)
        viewport = viewport_of(
            element, width if width >= 0 else None, height if height >= 0 else None
        )
        matrix = visit.matrix
        if shown.tag == "svg":
            matrix = matrix @ _offset(shown, size)
        matrix = matrix @ viewport.matrix
        clip = visit.clip
        if viewport.box is not None:
            clip = intersection(
                clip, bounding_box(apply(matrix, corners_of(viewport.box)))
            )
        self._push_children(
            visit._replace(matrix=matrix, size=viewport.size, clip=clip)
        )

    def _push_use(self, visit: _Visit) -> None:
        element = visit.element
        identifier = self._local(element)
        if identifier is None:
            return
        target = self.by_id.get(identifier)
        if target is None:
            self.not_followed["references to what is not there"] += 1
            return
        if target in visit.uses or len(visit.uses) >= _MAX_USES:
            raise DataError(
                f"expected <use> nested at most {_MAX_USES} deep and never of itself"
            )
        inner = visit._replace(
            element=target,
            matrix=visit.matrix @ _offset(element, visit.size),
            uses=(*visit.uses, target),
        )
        if target.tag == "symbol":
            style = inherit(visit.style, self.sheet.declarations(target))
            self._push_viewport(inner._replace(style=style), element)
        else:
            self.stack.append(inner)

    def _local(self, element: Element) -> str | None:
        """Return the id that an element refers to, None for something outside."""
        reference = element.get("href", "").strip()
        if reference.startswith("#"):
            return reference[1:]
        if reference and not reference.startswith("data:"):
            shown = reference if len(reference) <= 60 else f"{reference[:59]}…"
            self.external.append(" ".join(shown.split()))
        return None

    # === Shapes ===

    def _add_shape(self, visit: _Visit) -> None:
        element, style = visit.element, visit.style
        traced = trace_shape(element, visit.size, self.points)
        self.points -= sum(len(subpath.points) for subpath in traced)
        if not traced:
            return
        if style.visibility != "visible":
            self.picture.left_out["hidden element"] += 1
            return
        subpaths = tuple(
            subpath._replace(points=check_stroke(apply(visit.matrix, subpath.points)))
            for subpath in traced
        )
        self.picture.shapes.append(
            Shape(
                element=element,
                subpaths=subpaths,
                fill=self.paints.fill_of(style),
                stroke=self.paints.stroke_of(style, visit.size),
                is_plain=not style.has_fill and not style.has_stroke,
                clip=visit.clip,
            )
        )

    def _clip(self, text: str, visit: _Visit) -> Float64Array | None:
        """Return the box in which an element is seen, for its `clip-path`."""
        reference = text.strip().removeprefix("url(").rstrip(") ").strip("'\"")
        if not reference.startswith("#"):
            return visit.clip
        if reference not in self.clips:
            self.clips[reference] = self._clip_box(reference[1:], visit.size)
        box = self.clips[reference]
        if box is None:
            return visit.clip
        return intersection(
            visit.clip, bounding_box(apply(visit.matrix, corners_of(box)))
        )

    def _clip_box(self, identifier: str, size: Size) -> Float64Array | None:
        """Return the box of a `<clipPath>`, None if there is none that is known."""
        target = self.by_id.get(identifier)
        if target is None or target.tag != "clipPath" or not len(target):
            return None
        points = []
        for child in target.children():
            transform = child.get("transform", "")
            if (
                child.tag not in _SHAPES
                or target.get("clipPathUnits") == "objectBoundingBox"
            ):
                self.not_followed["clip paths of other kinds"] += 1
                return None
            with _named(child):
                for subpath in trace_shape(child, size, self.points):
                    points.append(apply(parse_transform(transform), subpath.points))
        box = bounding_box(np.concatenate(points)) if points else None
        matrix = parse_transform(target.get("transform", ""))
        return None if box is None else bounding_box(apply(matrix, corners_of(box)))


def _offset(element: Element, size: Size) -> Float64Array:
    """Return the transformation to the `x`, `y` of an element."""
    return translation(length_of(element, "x", size), length_of(element, "y", size))


def _chosen(switch: Element) -> Iterator[Element]:
    """Yield the child of a `<switch>` that is drawn: the first without conditions."""
    for child in switch.children():
        is_drawn = child.tag in _SHAPES or child.tag in _GROUPS
        if is_drawn and not child.attrib.keys() & _CONDITIONS:
            yield child
            return


def _root_length(root: Element, name: str) -> float | None:
    """Return the width or height of the picture, None if it is not given."""
    text = root.get(name, "").strip()
    if not text or text == "auto" or text.endswith("%"):
        return None
    with _named(root):
        return parse_length(text, name, None)


@contextlib.contextmanager
def _named(element: Element) -> Iterator[None]:
    """Name the element in a DataError."""
    try:
        yield
    except DataError as error:
        if str(error).startswith("<"):
            raise
        raise DataError(f"{element}: {error}") from None

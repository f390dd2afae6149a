"""Paint of SVG shapes: the color that a fill or stroke has, gradients by their mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chorale.sketches.formats.svg.document import Element
from chorale.sketches.formats.svg.shapes import Size, parse_length
from chorale.sketches.formats.svg.style import Style, StyleSheet, parse_opacity

_MAX_STOPS = 100
_MAX_REFERENCES = 32
_MIN_WIDTH = 1e-6  # of a stroke; thinner ones are not drawn


class Color(NamedTuple):
    """Red, green, blue and opacity, each from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def faded(self, opacity: float) -> Color:
        """Return the color with its opacity multiplied."""
        return self._replace(alpha=self.alpha * opacity)

    def over(self, ground: Color) -> Color:
        """Return the opaque color that is seen over an opaque ground."""
        red, green, blue = (
            self.alpha * above + (1 - self.alpha) * below
            for above, below in zip(self[:3], ground[:3], strict=True)
        )
        return Color(red, green, blue)

    def contrast(self, ground: Color) -> float:
        """Return the largest difference of a channel, 0 to 1, over an opaque ground."""
        seen = self.over(ground)
        return max(abs(a - b) for a, b in zip(seen[:3], ground[:3], strict=True))


WHITE = Color(1, 1, 1)
BLACK = Color(0, 0, 0)
_PATTERN = Color(0.85, 0.85, 0.85)  # what a pattern is taken for


@lru_cache(1024)
def parse_color(text: str) -> Color | None:
    """Return a color as CSS writes it, None if it is none that is known."""
    from tinycss2 import color4

    try:
        color = color4.parse_color(text)
        if color is None or isinstance(color, str):  # currentcolor
            return None
        channels = [min(max(float(value), 0.0), 1.0) for value in color.to("srgb")]
    except (NotImplementedError, TypeError, RecursionError):
        return None
    return Color(*channels)


@dataclass(kw_only=True, eq=False)
class Paints:
    """Finds the colors of paints in a document.

    Attributes:
        by_id: the elements of the document, for gradients.
        unknown: number of colors that are not known and taken for black.
    """

    by_id: Mapping[str, Element]
    sheet: StyleSheet
    unknown: int = 0

    def fill_of(self, style: Style) -> Color | None:
        """Return the color of the fill with its opacity, None if there is none."""
        color = self._color(style.fill, style)
        return color and color.faded(style.fill_opacity * style.opacity)

    def stroke_of(self, style: Style, size: Size) -> Color | None:
        """Return the color of the outline with its opacity, None if there is none.

        `size` is what percentages of its width refer to.

        Raises:
            DataError: the width is no length.
        """
        width = parse_length(style.stroke_width, "stroke-width", size.whole(""))
        color = self._color(style.stroke, style) if width > _MIN_WIDTH else None
        return color and color.faded(style.stroke_opacity * style.opacity)

    def _color(self, text: str, style: Style) -> Color | None:
        text = text.strip()
        if text.lower() in ("", "none", "context-fill", "context-stroke"):
            return None
        if text.lower().startswith("url("):
            reference, _, fallback = text[4:].partition(")")
            target = self.by_id.get(reference.strip(" '\"").removeprefix("#"))
            if target is None:
                return self._color(fallback, style)
            return self._mean_color(target)
        color = parse_color(style.color if text.lower() == "currentcolor" else text)
        self.unknown += color is None
        return color or BLACK

    def _mean_color(self, gradient: Element) -> Color:
        """Return the mean of the stops of a gradient."""
        for _ in range(_MAX_REFERENCES):
            inherited = self.by_id.get(gradient.get("href", "")[1:])
            if len(gradient) or inherited is None:
                break
            gradient = inherited
        stops = []
        for stop in gradient.children()[:_MAX_STOPS]:
            values = self.sheet.declarations(stop)
            color = parse_color(values.get("stop-color", "black"))
            if stop.tag == "stop" and color is not None:
                stops.append(
                    color.faded(parse_opacity(values.get("stop-opacity", "1")))
                )
        if not gradient.tag.endswith("Gradient") or not stops:
            return _PATTERN
        return Color(*(sum(values) / len(stops) for values in zip(*stops, strict=True)))


def background_of(declarations: Mapping[str, str]) -> Color | None:
    """Return the color of the page that the style of the root gives, None for none."""
    for name in ("background-color", "background"):
        words = declarations.get(name, "")
        for color in map(parse_color, [words, *words.split()]):
            if color is not None and color.alpha > 0:
                return color
    return None

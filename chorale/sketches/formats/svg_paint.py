"""Paint of SVG shapes: the color that a fill or stroke has, gradients by their mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chorale.sketches.formats.svg_colors import BLACK, Color, parse_color
from chorale.sketches.formats.svg_document import Element
from chorale.sketches.formats.svg_geometry import Size, parse_length
from chorale.sketches.formats.svg_style import Style, inherit

_GRADIENTS = frozenset(("linearGradient", "radialGradient"))
_PATTERN = Color(0.85, 0.85, 0.85)  # what a pattern is taken for
_MAX_STOPS = 100
_MAX_REFERENCES = 32
_MIN_WIDTH = 1e-6  # of a stroke; thinner ones are not drawn


@dataclass(kw_only=True, eq=False)
class Paints:
    """Finds the colors of paints in a document.

    Attributes:
        by_id: the elements of the document, for gradients.
        unknown: number of colors that are not known and taken for black.
    """

    by_id: Mapping[str, Element]
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
        if text.lower() == "currentcolor":
            text = style.color
        color = parse_color(text)
        if color is None:
            self.unknown += 1
            return BLACK
        return color

    def _mean_color(self, gradient: Element) -> Color:
        """Return the mean of the stops of a gradient."""
        for _ in range(_MAX_REFERENCES):
            inherited = self.by_id.get(gradient.attributes.get("href", "")[1:])
            if gradient.children or inherited is None:
                break
            gradient = inherited
        stops = []
        for stop in gradient.children[:_MAX_STOPS]:
            values = dict(stop.attributes)
            for declaration in stop.attributes.get("style", "").split(";"):
                name, _, value = declaration.partition(":")
                values[name.strip()] = value.strip()
            color = parse_color(values.get("stop-color", "black"))
            if stop.name == "stop" and color is not None:
                opacity = inherit(
                    Style(), {"opacity": values.get("stop-opacity", "1")}
                ).opacity
                stops.append(color.faded(opacity))
        if gradient.name not in _GRADIENTS or not stops:
            return _PATTERN
        return Color(*(sum(values) / len(stops) for values in zip(*stops, strict=True)))


def background_of(declarations: Mapping[str, str]) -> Color | None:
    """Return the color of the page that the style of the root gives, None for none."""
    for name in ("background-color", "background"):
        words = declarations.get(name, "")
        color = parse_color(words) or next(
            filter(None, map(parse_color, words.split())), None
        )
        if color is not None and color.alpha > 0:
            return color
    return None

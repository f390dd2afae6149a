"""Style of SVG elements: attributes, style sheets, inheritance."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from chorale.errors import DataError
from chorale.sketches.formats.svg_document import Element
from chorale.sketches.formats.svg_geometry import NUMBER

# The properties that decide whether and where something is seen.
PROPERTIES = frozenset(
    "fill stroke stroke-width opacity fill-opacity stroke-opacity display visibility "
    "color transform clip-path mask background background-color".split()
)
_MAX_SELECTORS = 200  # of several parts, which take time at every element
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_COMPOUND = re.compile(r"\*|[#.]?[\w-]+")
_STEP = re.compile(r"\s*>\s*|\s+")
_UNSUPPORTED = re.compile(r"[:\[\]+~\\]")

Rank = tuple[bool, int, int]  # whether important, specificity, place in the sheet


class Ancestry(NamedTuple):
    """An element and those that it lies in."""

    element: Element
    parent: Ancestry | None


class _Selector(NamedTuple):
    """Compounds such as `g.pen`, the last for the element itself."""

    compounds: tuple[tuple[str, ...], ...]
    is_child: tuple[bool, ...]  # whether the compound before must be its parent


class StyleSheet:
    """The rules of the `<style>` elements of a document.

    Selectors may have names, classes, ids, descendants and children. Others, and rules
    of a medium, are counted in `ignored`.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.ignored = 0
        self._simple: dict[str, dict[str, tuple[Rank, str]]] = defaultdict(dict)
        self._nested: list[tuple[_Selector, dict[str, tuple[Rank, str]]]] = []
        order = 0
        for text in texts:
            for selectors, body in self._rules(_COMMENT.sub(" ", text)):
                declarations = parse_declarations(body)
                for selector in selectors.split(","):
                    order += 1
                    if declarations:
                        self._add(selector.strip(), declarations, order)

    def _rules(self, text: str) -> Iterable[tuple[str, str]]:
        """Yield the selectors and the body of each rule outside of blocks of media."""
        depth, head, is_media = 0, "", False
        for part in re.split(r"([{}])", text):
            if part == "{":
                depth += 1
                if depth == 1:
                    is_media = head.strip().startswith("@")
                    self.ignored += is_media and not head.strip().startswith("@font")
            elif part == "}":
                depth = max(depth - 1, 0)
            elif depth == 0:
                head = part.rpartition(";")[2]
            elif depth == 1 and not is_media:
                yield head, part

    def _add(
        self, text: str, declarations: Mapping[str, tuple[bool, str]], order: int
    ) -> None:
        steps = _STEP.findall(text)
        compounds = []
        for compound in _STEP.split(text):
            parts = _COMPOUND.findall(compound)
            if "".join(parts) != compound or not parts or _UNSUPPORTED.search(compound):
                self.ignored += 1
                return
            compounds.append(tuple(part for part in parts if part != "*"))
        weights = {"#": 10_000, ".": 100}
        specificity = sum(
            weights.get(part[0], 1) for compound in compounds for part in compound
        )
        ranked = {
            name: ((is_important, specificity, order), value)
            for name, (is_important, value) in declarations.items()
        }
        if len(compounds) == 1 and len(compounds[0]) <= 1:
            bucket = self._simple[compounds[0][0] if compounds[0] else "*"]
            _merge(bucket, ranked)
            return
        is_child = tuple(">" in step for step in steps)
        self._nested.append((_Selector(tuple(compounds), is_child), ranked))
        if len(self._nested) > _MAX_SELECTORS:
            raise DataError(
                f"expected at most {_MAX_SELECTORS} selectors of several parts in the "
                "style sheets, got more"
            )

    def declarations(self, place: Ancestry) -> dict[str, str]:
        """Return the values of PROPERTIES that are given at an element itself.

        A style sheet overrides attributes, and an attribute `style` overrides both.
        """
        element = place.element
        found: dict[str, tuple[Rank, str]] = {
            name: ((False, -1, 0), value.strip())
            for name, value in element.attributes.items()
            if name in PROPERTIES
        }
        for key in ("*", *_parts(element)):
            if key in self._simple:
                _merge(found, self._simple[key])
        for selector, ranked in self._nested:
            if _matches(selector, place):
                _merge(found, ranked)
        own = parse_declarations(element.attributes.get("style", ""))
        for name, (is_important, value) in own.items():
            _merge(found, {name: ((is_important, 1 << 40, 0), value)})
        return {name: value for name, (_, value) in found.items()}


def parse_declarations(text: str) -> dict[str, tuple[bool, str]]:
    """Return for PROPERTIES in a style whether they are important, and the value."""
    found = {}
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        is_important = value.lower().endswith("!important")
        if is_important:
            value = value[: -len("!important")].strip()
        if name in PROPERTIES and value:
            found[name] = (is_important, value)
    return found


def _merge(
    found: dict[str, tuple[Rank, str]], others: Mapping[str, tuple[Rank, str]]
) -> None:
    """Keep for each property the value of the highest rank."""
    for name, ranked in others.items():
        if name not in found or ranked[0] >= found[name][0]:
            found[name] = ranked


def _parts(element: Element) -> list[str]:
    """Return what selectors may call an element: its name, classes and id."""
    classes = element.attributes.get("class", "").split()
    parts = [element.name, *(f".{name}" for name in classes)]
    if "id" in element.attributes:
        parts.append(f"#{element.attributes['id']}")
    return parts


def _matches(selector: _Selector, place: Ancestry) -> bool:
    """Return whether a selector matches an element."""
    *outer, last = selector.compounds
    if not set(last) <= set(_parts(place.element)):
        return False
    above = place.parent
    for compound, is_child in zip(
        reversed(outer), reversed(selector.is_child), strict=True
    ):
        while above is not None and not set(compound) <= set(_parts(above.element)):
            if is_child:
                return False
            above = above.parent
        if above is None:
            return False
        above = above.parent
    return True


# === Inheritance ===


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """Values of an element, inherited where it gives none.

    Attributes:
        opacity: that of the element times those of all elements that it lies in.
        has_fill: whether a fill is given, not only the default.
        has_stroke: whether a stroke is given.
    """

    fill: str = "black"
    stroke: str = "none"
    color: str = "black"
    fill_opacity: float = 1.0
    stroke_opacity: float = 1.0
    stroke_width: str = "1"
    visibility: str = "visible"
    opacity: float = 1.0
    has_fill: bool = False
    has_stroke: bool = False


def inherit(parent: Style, declarations: Mapping[str, str]) -> Style:
    """Return the style of an element within a parent."""
    changes: dict[str, object] = {}
    for name in ("fill", "stroke", "color", "stroke-width", "visibility"):
        value = declarations.get(name, "inherit")
        if value.lower() != "inherit":
            changes[name.replace("-", "_")] = value
    if str(changes.get("color", "")).lower() == "currentcolor":
        del changes["color"]
    for name in ("fill-opacity", "stroke-opacity"):
        if name in declarations:
            changes[name.replace("-", "_")] = _opacity(declarations[name])
    if "opacity" in declarations:
        changes["opacity"] = parent.opacity * _opacity(declarations["opacity"])
    if "fill" in changes:
        changes["has_fill"] = True
    if "stroke" in changes:
        changes["has_stroke"] = True
    return replace(parent, **changes) if changes else parent  # type: ignore[arg-type]


def _opacity(text: str) -> float:
    """Return an opacity from 0 to 1; 1 if it is no number, as browsers do."""
    number = text.strip().removesuffix("%")
    if not NUMBER.fullmatch(number):
        return 1.0
    value = float(number) / (100 if text.strip().endswith("%") else 1)
    return min(max(value, 0.0), 1.0)

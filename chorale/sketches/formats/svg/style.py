"""Style of SVG elements: attributes, style sheets, inheritance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from chorale.errors import DataError
from chorale.sketches.formats.svg.document import Element

# The properties that decide whether and where something is seen.
PROPERTIES = frozenset(
    "fill stroke stroke-width opacity fill-opacity stroke-opacity display visibility "
    "color transform clip-path mask background background-color stop-color "
    "stop-opacity".split()
)
# Of elements with selectors for their name, class or id, and of outer elements.
_MAX_COMPARISONS = 20_000_000


class Declarations(NamedTuple):
    """Values of PROPERTIES that are declared, and those with `!important`."""

    normal: dict[str, str]
    important: dict[str, str]


class StyleSheet:
    """The rules of the `<style>` elements of a document.

    Rules of a medium, and selectors with pseudo-classes or siblings, are counted in
    `ignored`.

    Raises:
        DataError: comparing all elements with all rules would take very long.
    """

    def __init__(self, root: Element) -> None:
        self.ignored = 0
        self._declared: dict[Element, list[Declarations]] = {}
        texts = [element.text or "" for element in root.iter("style")]
        if not any(texts):
            return
        import cssselect2

        matcher = cssselect2.Matcher()
        members, depth = _members(root)
        comparisons = 0
        for text in texts:
            for selector, steps, declarations in self._rules(text):
                matcher.add_selector(selector, declarations)
                key = selector.local_name or ""
                if selector.id or selector.class_name:
                    key = (
                        f"#{selector.id}" if selector.id else f".{selector.class_name}"
                    )
                comparisons += members[key] * depth**steps
        if comparisons > _MAX_COMPARISONS:
            raise DataError(
                "expected simpler style sheets, their rules for so many elements take "
                "too long: save the drawing with attributes instead"
            )
        for wrapper in cssselect2.ElementWrapper.from_xml_root(root).iter_subtree():
            if found := matcher.match(wrapper):
                self._declared[wrapper.etree_element] = [match[-1] for match in found]

    def _rules(self, text: str) -> Iterator[tuple[Any, int, Declarations]]:
        """Yield selectors, with the number of their combinators and declarations."""
        import cssselect2
        import tinycss2

        rules = tinycss2.parse_stylesheet(text, skip_comments=True)
        for rule in rules:
            if rule.type == "at-rule" and rule.content is not None:
                self.ignored += rule.lower_at_keyword != "font-face"
            if rule.type != "qualified-rule":
                continue
            try:
                prelude = tinycss2.serialize(rule.prelude)
                declarations = _declarations(rule.content)
                if any(sign in prelude for sign in ":~"):
                    raise cssselect2.SelectorError
                selectors = cssselect2.compile_selector_list(rule.prelude)
            except (cssselect2.SelectorError, NotImplementedError, RecursionError):
                self.ignored += 1
                continue
            count = max(
                len(part.replace(">", " ").split()) for part in prelude.split(",")
            )
            for selector in selectors:
                yield selector, count - 1, declarations

    def declarations(self, element: Element) -> dict[str, str]:
        """Return the values of PROPERTIES that are given at an element itself.

        A style sheet overrides attributes, and an attribute `style` overrides both.
        """
        found = {
            name: value.strip()
            for name, value in element.attrib.items()
            if name in PROPERTIES
        }
        given = list(self._declared.get(element, ()))
        if style := element.get("style"):
            given.append(parse_declarations(style))
        for declarations in given:
            found.update(declarations.normal)
        for declarations in given:
            found.update(declarations.important)
        return found


def _members(root: Element) -> tuple[Counter[str], int]:
    """Return the numbers of elements by name, .class and #id, and the depth."""
    members: Counter[str] = Counter()
    depth, level = 0, [root]
    while level:
        depth += 1
        for element in level:
            names = {f".{name}" for name in element.get("class", "").split()}
            members.update(["", element.tag, f"#{element.get('id', '')}", *names])
        level = [child for element in level for child in element.children()]
    return members, depth


@lru_cache(1024)
def parse_declarations(text: str) -> Declarations:
    """Return the declarations of an attribute `style`."""
    try:
        return _declarations(text)
    except RecursionError:
        raise DataError("expected a style with fewer brackets in brackets") from None


def _declarations(content: Any) -> Declarations:
    """Return the declarations in a text, or in the tokens of a rule."""
    import tinycss2

    found = Declarations({}, {})
    for item in tinycss2.parse_blocks_contents(content):
        if item.type == "declaration" and item.lower_name in PROPERTIES:
            value = tinycss2.serialize(item.value).strip()
            if value:
                found[item.important][item.lower_name] = value
    return found


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
    changes: dict[str, Any] = {}
    for name in ("fill", "stroke", "color", "stroke-width", "visibility"):
        value = declarations.get(name, "inherit")
        if value.lower() != "inherit":
            changes[name.replace("-", "_")] = value
    if str(changes.get("color", "")).lower() == "currentcolor":
        del changes["color"]
    for name in ("fill-opacity", "stroke-opacity"):
        if name in declarations:
            changes[name.replace("-", "_")] = parse_opacity(declarations[name])
    if "opacity" in declarations:
        changes["opacity"] = parent.opacity * parse_opacity(declarations["opacity"])
    if "fill" in changes:
        changes["has_fill"] = True
    if "stroke" in changes:
        changes["has_stroke"] = True
    return replace(parent, **changes) if changes else parent


def parse_opacity(text: str) -> float:
    """Return an opacity from 0 to 1; 1 if it is no number, as browsers do."""
    number, whole = (text[:-1], 100) if text.endswith("%") else (text, 1)
    try:
        value = float(number) / whole
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if value == value else 1.0

"""SVG without anything but shapes and text: no styles, scripts or references outside.

What Verovio writes is copied into a new tree, element by element and attribute by
attribute, as far as they are on a list; a page with a strict Content-Security-Policy
then shows it as it is. Everything is drawn in `currentColor`, so that the page chooses
the color.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
SERIF = "Times New Roman, Times, Liberation Serif, Tinos, Caladea, serif"
_SHAPES = {"path", "rect", "ellipse", "polygon", "polyline"}
# Elements, with their attributes other than `id`, `class` and `transform`.
_ALLOWED = {
    "g": (),
    "use": (),
    "path": ("d", "stroke-width", "stroke-linecap", "stroke-linejoin", "fill"),
    "rect": ("x", "y", "width", "height", "rx"),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "polygon": ("points",),
    "polyline": ("points", "stroke-width", "fill"),
    "text": ("x", "y", "dx", "dy", "font-size", "text-anchor"),
    "tspan": ("x", "y", "dx", "dy", "font-size", "text-anchor"),
}
# Plain values: no url(...), which could be a reference to a resource.
_PLAIN = re.compile(r"(?!.*url)[\w\s.,#()+-]*", re.ASCII | re.DOTALL)
_ID = re.compile(r"(?:note|rest)-\d-\d+(?:-tie-\d+)?|bar-\d+")
# Ties over the end of a system have a random identifier as a class.
_CLASS = re.compile(r"(?<!\S)(?!id-)\S+")
_INVISIBLE = {"placeholder", "systemMilestoneEnd", "pageMilestoneEnd"}
_ITALIC, _BOLD = {"mNum", "dir"}, {"tempo"}
_STAFF_LINE = re.compile(r"M(-?\d+) (-?\d+)L(-?\d+) \2")


class Page(NamedTuple):
    """A page of Verovio's, cleaned.

    Attributes:
        content: groups and shapes, in units of their own.
        glyphs: the shapes of music signs by their names.
        width, height: in pixels.
        unit: of the content, in pixels.
    """

    content: Element
    glyphs: dict[str, Element]
    width: int
    height: int
    unit: float


def clean_page(svg: str, width: int, *, named: bool = True) -> Page:
    """Return the allowed content of a page as Verovio writes it.

    Args:
        svg: the page, without indentation.
        width: of the picture, in pixels; its height is rounded to whole ones.
        named: whether elements keep identifiers and classes.
    """
    root = fromstring(svg)
    glyphs = {}
    for group in root.iterfind(f"{_SVG}defs/{_SVG}g"):
        glyph = Element("g")
        for child in group:
            _copy(child, glyph)
        glyphs[_glyph_name(group.get("id", ""))] = glyph
    inner = root.find(f"{_SVG}svg")
    assert inner is not None, "a page of Verovio has a picture in the picture"
    content = Element("g")
    for group in inner:
        _copy(group, content, named=named)
    _, _, own_width, own_height = map(float, inner.get("viewBox", "").split())
    unit = width / own_width
    return Page(content, glyphs, width, round(own_height * unit), unit)


def _glyph_name(identifier: str) -> str:
    """Return the name of a glyph, a code point, without the suffix of the document."""
    return f"glyph-{identifier.partition('-')[0]}"


def _copy(
    element: Element, parent: Element, *, named: bool = True, within: str = ""
) -> None:
    """Copy an element and what is in it, if it is allowed and not empty.

    `within` is the class of the element in which it is. Without names, groups that
    then say nothing are replaced by what is in them.
    """
    name = element.tag.removeprefix(_SVG)
    own = " ".join(_CLASS.findall(element.get("class", "")))
    if name not in _ALLOWED or _INVISIBLE & set(own.split()):
        return
    copy = Element(name)
    if named and _ID.fullmatch(element.get("id", "")):
        copy.set("id", element.get("id", ""))
    for attribute in ("class", "transform", *_ALLOWED[name]):
        value = own if attribute == "class" else element.get(attribute)
        if value and _PLAIN.fullmatch(value) and (named or attribute != "class"):
            copy.set(attribute, _shorter(value))
    if name == "use":
        reference = element.get(_HREF) or element.get("href") or ""
        if not reference.startswith("#"):
            return
        copy.set("xlink:href", f"#{_glyph_name(reference[1:])}")
    if name == "text":
        if _ITALIC & set(within.split()):
            copy.set("font-style", "italic")
        if _BOLD & set(within.split()):
            copy.set("font-weight", "bold")
    if name in ("text", "tspan"):
        copy.text = element.text
    for child in element:
        _copy(child, copy, named=named, within=own)
    if name == "g":
        _join_lines(copy, named=named)
        if not copy.attrib:
            parent.extend(copy)
            return
    if len(copy) or copy.text or name in _SHAPES or name == "use":
        parent.append(copy)


def _shorter(value: str) -> str:
    """Return the value of an attribute in fewer characters."""
    value = re.sub(r"scale\((\S+), \1\)", r"scale(\1)", value)
    return re.sub(r",? ", " ", re.sub(r" (?=[MLCZH-])", "", value))


def _join_lines(group: Element, *, named: bool) -> None:
    """Draw the lines of a staff, which are neighbours, as one path."""
    lines = []
    for child in group:
        if child.tag != "path" or not _STAFF_LINE.fullmatch(child.get("d", "")):
            break
        lines.append(child)
    if len(lines) < 2 or len({line.get("stroke-width") for line in lines}) > 1:
        return
    data = (_STAFF_LINE.sub(r"M\1 \2H\3", line.get("d", "")) for line in lines)
    lines[0].set("d", "".join(data))
    if named:
        lines[0].set("class", "lines")
    for line in lines[1:]:
        group.remove(line)


def picture_of(pages: Sequence[Page], title: str, background: str | None = None) -> str:
    """Return one SVG of some pages, one below the other.

    Args:
        pages: at least one.
        title: what the picture is, for screen readers.
        background: a color, or None for a transparent picture.
    """
    width = max(page.width for page in pages)
    height = sum(page.height for page in pages)
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "xmlns:xlink": "http://www.w3.org/1999/xlink",
            "width": str(width),
            "height": str(height),
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "font-family": SERIF,
            "fill": "currentColor",
            "stroke": "currentColor",
            "stroke-width": "0",  # unless a shape has another
        },
    )
    if title:
        SubElement(root, "title").text = title
    definitions = SubElement(root, "defs")
    for page in pages:
        for name, glyph in page.glyphs.items():
            if not any(known.get("id") == name for known in definitions):
                glyph.set("id", name)
                definitions.append(glyph)
    if background:
        SubElement(
            root,
            "rect",
            {"width": "100%", "height": "100%", "fill": background},
        )
    top = 0
    for page in pages:
        page.content.set("transform", f"translate(0 {top}) scale({page.unit:g})")
        root.append(page.content)
        top += page.height
    return tostring(root, encoding="unicode")

"""The XML of an SVG file as a tree, read within bounds and without entities."""

from __future__ import annotations

from typing import cast
from xml.etree import ElementTree
from xml.parsers import expat

from chorale.errors import DataError

MAX_BYTES = 1 << 24
MAX_ELEMENTS = 50_000
MAX_DEPTH = 256
_MAX_STYLE = 1 << 20  # characters of style sheets
_SVG = "http://www.w3.org/2000/svg"
_HREF = "http://www.w3.org/1999/xlink href"


class Element(ElementTree.Element):
    """An element of an SVG file: its name as `tag`, without a namespace.

    Attributes without a namespace are kept, and `xlink:href` as `href`. Text is kept
    for style sheets only. `line` is the line of the file.
    """

    line: int

    def children(self) -> list[Element]:
        """Return the elements directly within this one."""
        return cast("list[Element]", list(self))

    def __str__(self) -> str:
        identifier = self.get("id", "")
        shown = f' id="{identifier[:40]}"' if identifier else ""
        return f"<{self.tag}{shown}> in line {self.line}"


def parse_document(content: bytes) -> Element:
    """Return the root of an SVG document; elements of other namespaces are omitted.

    Raises:
        DataError: it is not XML, not SVG, has more elements than MAX_ELEMENTS or nests
            them deeper than MAX_DEPTH; or it declares entities, with which a small file
            can grow without limit or name other files.
    """
    if content.startswith(b"\x1f\x8b"):
        raise DataError("expected an SVG file, it is compressed: unpack it by gunzip")
    builder = _Builder()
    try:
        builder.parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"expected an SVG file, it is no XML: {error}") from None
    assert builder.root is not None  # XML has a root
    return builder.root


class _Builder:
    """Builds the tree from the events of the parser."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.EntityDeclHandler = _refuse_entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.root: Element | None = None
        self.open: list[Element] = []
        self.foreign = 0  # depth inside an element of another namespace
        self.elements = 0
        self.characters = 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise DataError(f"expected an SVG file of at most {MAX_ELEMENTS} elements")
        if len(self.open) + self.foreign >= MAX_DEPTH:
            raise DataError(
                f"expected an SVG file of at most {MAX_DEPTH} nested elements, "
                f"got more in line {line}"
            )
        space, _, local = name.rpartition(" ")
        if self.root is None and (local != "svg" or space not in ("", _SVG)):
            raise DataError(f"expected an SVG file, got XML of <{local}>")
        if self.foreign or space not in ("", _SVG):
            self.foreign += 1
            return
        kept = {key: value for key, value in attributes.items() if " " not in key}
        if _HREF in attributes:
            kept.setdefault("href", attributes[_HREF])
        element = Element(local, kept)
        element.line = line
        if self.root is None:
            self.root = element
        else:
            self.open[-1].append(element)
        self.open.append(element)

    def _end(self, name: str) -> None:
        if self.foreign:
            self.foreign -= 1
        else:
            self.open.pop()

    def _text(self, text: str) -> None:
        if not self.foreign and self.open and self.open[-1].tag == "style":
            style = self.open[-1]
            self.characters += len(text)
            if self.characters > _MAX_STYLE:
                raise DataError(
                    f"{style}: expected style sheets of at most {_MAX_STYLE} characters"
                )
            style.text = (style.text or "") + text


def _refuse_entity(name: str, *_: object) -> None:
    raise DataError(
        f"expected an SVG file without entities, got <!ENTITY {name[:40]}>: save it as "
        "plain SVG (Illustrator: without preserving its editing capabilities)"
    )

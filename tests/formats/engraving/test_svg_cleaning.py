"""What may be in a picture, and what texts in a chorale cannot bring in."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from strategies import little_chorale

from chorale.formats.engraving import EngravingOptions, engrave
from chorale.formats.engraving.svg_cleaning import clean_page, picture_of
from chorale.music.lyrics import Lyric
from chorale.music.score import Chorale

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
ELEMENTS = "svg title defs g use path rect ellipse polygon polyline text tspan".split()
ATTRIBUTES = (
    "id class transform d points x y dx dy width height rx ry cx cy viewBox role fill "
    "stroke stroke-width stroke-linecap stroke-linejoin font-family font-size "
    "font-style font-weight text-anchor"
).split()
EVIL = '"><script>alert(1)</script><a href="javascript:1" onclick=\'1\'>&lt;b&gt;'


def check(svg: str) -> None:
    """Assert that there is nothing in a picture but shapes, signs and text."""
    root = fromstring(svg)
    glyphs = {f"#{glyph.get('id')}" for glyph in root.find(f"{SVG}defs") or ()}
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES or (name == HREF and value in glyphs), name
            assert "url(" not in value
    assert "style" not in svg.replace("font-style", "")


def test_a_picture_has_only_shapes_and_text() -> None:
    for options in ({}, {"staves": 4, "title": True, "background": "white"}):
        for svg in engrave(little_chorale(), EngravingOptions(**options), [(0, "i")]):
            check(svg)


@pytest.mark.parametrize(
    "evil", [EVIL, "]]>", "<!--", "&amp;", "a\x00b\x1f\u2028c", "𝄞"]
)
def test_markup_in_texts_stays_text(evil: str) -> None:
    chorale = little_chorale(
        title=evil,
        credit=evil,
        lyrics=(Lyric(step=0, voice=0, text=evil),),
    )
    (svg,) = engrave(chorale, EngravingOptions(title=True), [(0, evil)])
    check(svg)
    root = fromstring(svg)
    drawn = ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]
    assert drawn.count("".join(filter(str.isprintable, evil))) == 4


def page(content: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20px" height="10px" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><defs/><style>a {}</style>'
        f'<svg viewBox="0 0 200 100">{content}</svg></svg>'
    )


def test_what_is_not_allowed_is_left_out() -> None:
    content = (
        '<script>1</script><image href="http://a/b.png"/><foreignObject/>'
        '<g onclick="1" style="a" id="evil" class="x"><path d="M0 0" fill="url(#a)"/>'
        '<use xlink:href="http://a/b.svg#c"/><use href="data:1"/></g>'
        "<a href='javascript:1'><path d='M1 1'/></a><animate/><g class='empty'/>"
    )
    svg = picture_of([clean_page(page(content), 20)], "<script>")
    check(svg)
    assert svg.count("<path") == 1
    for word in ("<script", "onclick", "evil", "http://a", "data:", "empty", "url"):
        assert word not in svg.replace("&lt;script&gt;", "")


def test_random_identifiers_among_classes_are_left_out() -> None:
    content = '<g class="tie id-h1qlp6 spanning"><path d="M0 0"/></g>'
    svg = picture_of([clean_page(page(content), 20)], "")
    assert 'class="tie spanning"' in svg


def test_a_chorale_is_engraved_alike_each_time() -> None:
    # Its notes are tied from system to system.
    piece = Chorale(pitches=np.tile([67, 64, 60, 48], (256, 1)))
    options = EngravingOptions(width=300)
    pictures = {engrave(piece, options)[0] for _ in range(2)}
    assert len(pictures) == 1 and "spanning" in pictures.pop()


def test_pages_are_stacked() -> None:
    pages = [clean_page(page('<g><path d="M0 0"/></g>'), 20) for _ in range(2)]
    root = fromstring(picture_of(pages, "", background="white"))
    assert (root.get("width"), root.get("height")) == ("20", "20")
    places = [group.get("transform") for group in root.findall(f"{SVG}g")]
    assert places == ["translate(0 0) scale(0.1)", "translate(0 10) scale(0.1)"]
    assert root.find(f"{SVG}rect") is not None
    assert root.find(f"{SVG}title") is None

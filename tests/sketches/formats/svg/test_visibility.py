"""What is seen of an SVG: paint, paper, the page."""

from __future__ import annotations

import pytest

from chorale.errors import DataError
from chorale.sketches.formats.svg.reader import parse_svg

INK = [[[10, 20], [90, 30], [50, 80]], [[20, 90], [70, 95]]]
PEN = 'fill="none" stroke="black"'
VIEW = 'viewBox="0 0 100 100"'


def ink(style: str = PEN) -> str:
    return "".join(
        f'<path {style} d="M{"L".join(f"{x} {y}" for x, y in stroke)}"/>'
        for stroke in INK
    )


def strokes_of(body: str, view: str = VIEW) -> list[list[list[float]]]:
    document = f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{body}</svg>'
    return [stroke.tolist() for stroke in parse_svg(document.encode()).strokes]


def notes_of(body: str, view: str = VIEW) -> str:
    return " | ".join(parse_svg(f"<svg {view}>{body}</svg>".encode()).notes)


@pytest.mark.parametrize(
    "paint",
    [
        'fill="none"',
        'fill="none" stroke="red" stroke-width="0"',
        'fill="none" stroke="red" stroke-width="0px"',
        'opacity="0" stroke="red"',
        'style="opacity:0%;stroke:red"',
        'fill-opacity="0"',
        'fill="none" stroke="red" stroke-opacity="0.0"',
        'fill="white"',
        'fill="#FFF" stroke="hsl(0, 0%, 100%)"',
        'fill="rgb(100%, 100%, 100%)"',
        'fill="#fefefe"',
        'fill="transparent"',
        'fill="rgba(9, 9, 9, 0)"',
        'fill="#12345600"',
        'fill="url(#nothing)"',
        'display="none"',
        'visibility="hidden"',
        'style="visibility: collapse"',
        'class="ghost"',
        'id="ghost"',
        'transform="translate(500)" stroke="red"',
        'clip-path="url(#corner)" stroke="red"',
    ],
)
def test_what_cannot_be_seen_is_left_out_and_said(paint: str) -> None:
    head = (
        "<style>/* none */ .ghost, #ghost { fill: none } </style>"
        '<clipPath id="corner"><rect x="99" y="99" width="1" height="1"/></clipPath>'
    )
    shape = f'<circle cx="40" cy="40" r="50" {paint}/>'
    for body in (head + shape + ink(), head + ink() + shape):
        assert strokes_of(body) == INK
        assert "left out 1 " in notes_of(body)


@pytest.mark.parametrize(
    "group",
    ['opacity="0"', 'display="none"', 'style="visibility:hidden"', 'fill="none"'],
)
def test_groups_hide_what_is_in_them(group: str) -> None:
    assert strokes_of(f'<g {group}><g><path d="M0 0h50v50z"/></g></g>{ink()}') == INK


@pytest.mark.parametrize(
    ("head", "group", "pen"),
    [
        ("", PEN, ""),
        ("", 'style="stroke:red;fill:none"', ""),
        ("path { fill: none; stroke: navy }", "", ""),
        ("g > .pen { stroke: red }", 'fill="none"', 'class="pen"'),
        (
            "#a path { stroke: red !important }",
            'id="a" fill="none"',
            'style="stroke:white"',
        ),
        ("", 'color="#420" fill="none" stroke="currentColor"', ""),
        ("", 'visibility="hidden"', f'{PEN} visibility="visible"'),
        ("", 'opacity="0.5"', 'fill="none" stroke="rgba(0,0,0,0.4)"'),
    ],
)
def test_inherited_and_styled_strokes_are_seen(head: str, group: str, pen: str) -> None:
    ghost = '<path d="M0 0L99 99" fill="none" stroke="white"/>'
    body = f"<style>{head}</style><g {group}>{ink(pen)}</g>"
    assert strokes_of(body + (ghost if "path" not in head else "")) == INK


PAPERS = {
    "rect": '<rect x="-9" y="-9" width="120" height="120" {}/>',
    "exact": '<rect width="100" height="100" {}/>',
    "percent": '<rect width="100%" height="100%" {}/>',
    "path": '<path d="M-9 -9H111V111H-9z" {}/>',
    "lines": '<path d="M-9 -9L-9 111L111 111L111 -9L-9 -9" {}/>',
    "polygon": '<polygon points="-9,-9 111,-9 111,111 -9,111" {}/>',
    "rounded": '<rect x="-9" y="-9" width="120" height="120" rx="8" {}/>',
    "moved": '<rect transform="translate(-9 -9) scale(60)" width="2" height="2" {}/>',
}


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
@pytest.mark.parametrize(
    "paint",
    ['fill="white"', 'fill="#cde"', 'fill="beige" stroke="brown"', PEN],
    ids=["white", "colored", "bordered", "frame"],
)
def test_the_paper_is_left_out_and_said(paper: str, paint: str) -> None:
    body = paper.format(paint) + ink()
    assert strokes_of(body) == INK
    assert "left out the paper: <" in notes_of(body)


def test_a_border_above_the_drawing_is_left_out() -> None:
    border = f'<rect width="100" height="100" {PEN}/>'
    assert strokes_of(ink() + border) == INK


def test_what_is_below_the_paper_is_not_seen() -> None:
    below = '<path d="M30 30L70 70" stroke="red"/><circle cx="50" cy="50" r="9"/>'
    paper = '<rect width="100" height="100" fill="white"/>'
    assert strokes_of(below + paper + ink()) == INK
    assert "left out 2 shapes below the paper" in notes_of(below + paper + ink())


@pytest.mark.parametrize(
    "paper",
    [
        '<rect width="100" height="100" fill="#203040"/>',
        '<rect width="100" height="100" fill="white"/>'
        '<rect x="1" y="1" width="98" height="98" fill="black"/>',
    ],
)
def test_white_ink_is_seen_on_dark_paper(paper: str) -> None:
    black = '<path d="M5 5L6 60" stroke="#213141"/>' if "203040" in paper else ""
    assert strokes_of(paper + ink('fill="none" stroke="white"') + black) == INK
    dark_page = f'{VIEW} style="background: #111 none"'
    assert strokes_of(ink('fill="none" stroke="white"'), dark_page) == INK


def test_white_ink_alone_is_taken_for_a_dark_page_and_said() -> None:
    body = ink('fill="none" stroke="white"')
    assert strokes_of(body) == INK
    assert "taken as drawn on dark paper" in notes_of(body)


def test_white_is_seen_on_a_filled_area() -> None:
    head = '<circle cx="50" cy="50" r="40" fill="black"/>'
    eyes = '<circle cx="40" cy="40" r="5" fill="white"/>'
    assert len(strokes_of(head + eyes)) == 2
    assert len(strokes_of(eyes + head)) == 1


def test_a_drawn_rectangle_inside_of_the_picture_is_kept_and_the_doubt_said() -> None:
    screen = f'<rect x="8" y="12" width="84" height="86" {PEN}/>'
    assert len(strokes_of(screen + ink())) == 3
    assert "a rectangle around everything" in notes_of(screen + ink())
    assert len(strokes_of(f'<rect x="0" y="0" width="100" height="100" {PEN}/>')) == 1


def test_nothing_seen_is_refused_with_the_reason() -> None:
    with pytest.raises(DataError, match="left out 2 shapes without a fill and"):
        strokes_of(ink('fill="none"'))
    with pytest.raises(DataError, match="left out 2 shapes outside of the picture"):
        strokes_of(ink(), 'viewBox="500 500 9 9"')

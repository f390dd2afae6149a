"""SVG drawings: paths, curves and transformations; malformed files refused."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from drawings import values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches
from chorale.sketches.formats.svg.reader import read_svg_path
from chorale.sketches.strokes import Sketch

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def read(folder: Path, body: str, attributes: str = "") -> Sketch:
    return read_document(folder, f"<svg {NAMESPACE} {attributes}>{body}</svg>")


def read_document(folder: Path, text: str | bytes) -> Sketch:
    path = folder / "drawing.svg"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (sketch,) = read_sketches(path)
    return sketch


# === Paths ===


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        ("M 1 2 L 3 4 5 6", [[[1, 2], [3, 4], [5, 6]]]),
        ("m1,2l2,2 2,2", [[[1, 2], [3, 4], [5, 6]]]),
        ("M1 2H5V7h-1v-2", [[[1, 2], [5, 2], [5, 7], [4, 7], [4, 5]]]),
        ("M0 0h4v4z", [[[0, 0], [4, 0], [4, 4], [0, 0]]]),
        ("M0 0h4v4zh-1", [[[0, 0], [4, 0], [4, 4], [0, 0], [-1, 0]]]),
        ("M1 1L2 2M5 5L6 6", [[[1, 1], [2, 2]], [[5, 5], [6, 6]]]),
        ("m1 1 1 1m3 3 1 1", [[[1, 1], [2, 2]], [[5, 5], [6, 6]]]),
        ("M1.5.5-1-1e1", [[[1.5, 0.5], [-1, -10]]]),
        ("M9 9M1 1L2 2M7 7", [[[1, 1], [2, 2]]]),
        ("M1 1z", [[[1, 1], [1, 1]]]),
        ("M1 1L1 1", [[[1, 1], [1, 1]]]),
        ("M1 1", []),
    ],
)
def test_straight_paths(d: str, expected: list[object]) -> None:
    assert values_of(read_svg_path(d)) == (expected, "", True)


@pytest.mark.parametrize(
    ("d", "curve"),
    [
        ("M0 0Q5 10 10 0", lambda t: (10 * t, 20 * t * (1 - t))),
        ("M0 0C0 8 8 8 8 0", lambda t: (24 * t**2 - 16 * t**3, 24 * t * (1 - t))),
        (
            "M-1 0A1 1 0 0 1 1 0",
            lambda t: (-np.cos(np.pi * t), -np.sin(np.pi * t)),
        ),
    ],
)
def test_curves_become_points_on_them(d: str, curve: object) -> None:
    (stroke,) = read_svg_path(d).strokes
    along = np.linspace(0, 1, len(stroke))
    expected = np.column_stack(curve(along))  # type: ignore[operator]
    assert len(stroke) > 16
    np.testing.assert_allclose(stroke, expected, atol=1e-9)


def test_smooth_curves_go_on(tmp_path: Path) -> None:
    (stroke,) = read_svg_path("M0 0Q5 10 10 0T20 0").strokes
    assert stroke[:, 1].max() == pytest.approx(5)
    assert stroke[:, 1].min() == pytest.approx(-5)
    (stroke,) = read_svg_path("M0 0C0 8 8 8 8 0S16 -8 16 0").strokes
    assert stroke[-1].tolist() == [16, 0]
    assert stroke[:, 1].min() == pytest.approx(-6)


@pytest.mark.parametrize(
    ("smooth", "same"),
    [
        ("M0 0Q5 10 10 0S16 -8 16 0", "M0 0Q5 10 10 0C10 0 16 -8 16 0"),
        ("M0 0C0 8 8 8 8 0M4 4S16 -8 16 0", "M4 4C4 4 16 -8 16 0"),
        ("M0 0C0 8 8 8 8 0T16 0T20 4", "M0 0C0 8 8 8 8 0L16 0Q24 0 20 4"),
    ],
)
def test_smooth_curves_do_not_go_on_from_other_commands(smooth: str, same: str) -> None:
    stroke, expected = (read_svg_path(d).strokes[-1] for d in (smooth, same))
    assert stroke[-32:] == pytest.approx(expected[-32:])


@pytest.mark.parametrize(
    "d",
    [
        "",
        "hello",
        "L 1 1 2 2",
        "M",
        "M 1",
        "M 0 0 L 1",
        "M 0 0 C 1 1",
        "M 1 1 L 2 2 junk",
        "M nan 1 L 2 2",
        "M 0 0 A 1 1 0 7 7 3 3",
        "[[[1, 2]]]",
        "x" * 1000,
    ],
)
def test_what_is_no_path_is_refused(d: str) -> None:
    with pytest.raises(DataError, match="expected an SVG path") as caught:
        read_svg_path(d)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_coordinates_without_end_are_refused() -> None:
    with pytest.raises(DataError, match="got inf"):
        read_svg_path("M 0 0 L 1e999 1")


NUMBERS = st.integers(-1000, 1000) | st.floats(-1e4, 1e4).map(lambda x: round(x, 3))


@given(points=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2))
def test_all_numbers_come_as_they_are(points: list[tuple[float, float]]) -> None:
    d = "M" + "L".join(f"{x},{y}" for x, y in points)
    (stroke,) = read_svg_path(d).strokes
    assert stroke.tolist() == [[x, y] for x, y in points]


def test_100_000_points(tmp_path: Path) -> None:
    d = "M0 0L" + " ".join(f"{place} {place % 7}" for place in range(1, 100_000))
    sketch = read(tmp_path, f'<path d="{d}"/>')
    assert sketch.strokes[0].shape == (100_000, 2)


# === Documents ===


def test_transformations_are_followed(tmp_path: Path) -> None:
    sketch = read(
        tmp_path,
        '<g transform="translate(10, 20)"><g transform="scale(2)">'
        '<path d="M1 1L2 2"/></g><path transform="rotate(90)" d="M0 0L5 0"/></g>'
        '<path d="M1 1L2 2"/>',
    )
    rounded = [stroke.round(9).tolist() for stroke in sketch.strokes]
    assert rounded == [
        [[12, 22], [14, 24]],
        [[10, 20], [10, 25]],
        [[1, 1], [2, 2]],
    ]


def test_other_shapes_are_drawn(tmp_path: Path) -> None:
    sketch = read(
        tmp_path,
        '<line x1="1" y1="2" x2="3" y2="4"/><polyline points="0,0 1,1 2,5"/>'
        '<polygon points="0,0 1,1 2,5"/>',
    )
    assert values_of(sketch)[0] == [
        [[1, 2], [3, 4]],
        [[0, 0], [1, 1], [2, 5]],
        [[0, 0], [1, 1], [2, 5], [0, 0]],
    ]


def test_closed_shapes_are_drawn_by_their_outline_without_background(
    tmp_path: Path,
) -> None:
    sketch = read(
        tmp_path,
        '<rect width="100" height="100" fill="white"/>'
        '<g style="stroke: black"><circle cx="5" cy="5" r="3"/></g>'
        '<rect x="1" y="2" width="3" height="4" stroke="red"/>',
    )
    circle, box = sketch.strokes
    radius = np.hypot(*(circle - 5).T)
    np.testing.assert_allclose(radius, 3, atol=1e-6)
    assert len(circle) > 60
    assert box[:4].tolist() == [[1, 2], [4, 2], [4, 6], [1, 6]]


def test_only_a_background_is_left_out_of_shapes_without_a_stroke(
    tmp_path: Path,
) -> None:
    face = '<circle cx="5" cy="5" r="5"/><path d="M3 7L7 7"/>'
    paper = '<rect width="10" height="10"/>'
    # Only a rectangle behind all else, and as large, is a background.
    assert len(read(tmp_path, paper + face).strokes) == 2
    assert len(read(tmp_path, face + paper).strokes) == 3
    assert len(read(tmp_path, paper).strokes) == 1
    wall = '<rect x="2" y="5" width="6" height="5"/><path d="M1 5L5 1L9 5"/>'
    assert len(read(tmp_path, wall).strokes) == 2


def test_what_is_not_shown_is_left_out(tmp_path: Path) -> None:
    d = 'd="M5 5L6 6"'
    sketch = read(
        tmp_path,
        f'<defs><path {d}/></defs><clipPath id="c"><path {d}/></clipPath>'
        f"<symbol><path {d}/></symbol><mask><path {d}/></mask><path/>"
        f'<marker><path {d}/></marker><path {d} display="none"/><path d=""/>'
        f'<path {d} style="visibility:hidden"/><path d="M1 1L2 2"/>',
    )
    assert values_of(sketch)[0] == [[[1, 1], [2, 2]]]


def test_the_view_box_keeps_proportions(tmp_path: Path) -> None:
    view = 'width="200" height="200" viewBox="0 0 10 10"'
    sketch = read(tmp_path, '<path d="M0 0L5 10"/>', view)
    assert values_of(sketch)[0] == [[[0, 0], [100, 200]]]


@pytest.mark.parametrize(
    "text",
    [
        '<svg><path d="M1 1L2 2"/></svg>',
        f'<?xml version="1.0" encoding="utf-8"?><svg {NAMESPACE}><!-- Ä -->'
        '<path d="M1 1L2 2"/></svg>',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
        '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        f'<svg {NAMESPACE}><path d="M1 1L2 2"/></svg>',
        f'<s:svg xmlns:s="{NAMESPACE[7:-1]}"><s:path d="M1 1L2 2"/></s:svg>',
    ],
    ids=["no namespace", "declaration", "document type", "prefix"],
)
def test_what_other_programs_write_is_read(tmp_path: Path, text: str) -> None:
    assert values_of(read_document(tmp_path, text))[0] == [[[1, 1], [2, 2]]]


USES = "".join(
    f"<g id='l{level}'>" + f"<use href='#l{level - 1}'/>" * 10 + "</g>"
    for level in range(1, 12)
)
LAUGHS = "".join(
    f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it is no XML"),
        ("<svg", "it is no XML"),
        (b"\x89PNG\r\n\x1a\n", "it is no XML"),
        (b"\xff\xfe", "it is no XML"),
        ('<svg><path d="M1 1L2 2"/>', "it is no XML"),
        ('<?xml version="1.0" encoding="none"?><svg/>', "it is no XML"),
        ("<svg>&unknown;</svg>", "it is no XML"),
        ("<html/>", "got XML of <html>"),
        ("<svg/>", "expected a path or a shape in the SVG, got none"),
        ("<svg><text>cat</text></svg>", "got none"),
        ('<svg><path d="M1 1"/></svg>', "got none"),
        ('<svg><path d="hello"/></svg>', "expected an SVG path such as"),
        ('<svg><path d="M0 0L1"/></svg>', "a path is broken"),
        ('<svg><path d="M0 0L1e999 1"/></svg>', "got inf"),
        (f"<svg>{'<g>' * 5000}{'</g>' * 5000}</svg>", "expected an SVG"),
        (
            '<svg><g id="a"><use href="#a"/></g></svg>',
            "<use> in line 1: expected <use>",
        ),
        ('<svg>\n<path id="a" d="M0 0Lx"/></svg>', '<path id="a"> in line 2: expected'),
        (
            '<svg><rect width="wide" height="1"/></svg>',
            "<rect> in line 1: expected a l",
        ),
        ('<svg><line transform="turn(3)"/></svg>', "<line> in line 1: expected a tr"),
        (
            f'<svg><path transform="rotate({"1" * 20_000}" d="M0 0h3"/></svg>',
            "<path> in line 1: expected a tr",
        ),
        (
            f"<svg><style>{'g ' * 12}path {{ fill: red }}</style>{'<g>' * 200}"
            f"<path d='M1 1L2 2'/>{'</g>' * 200}</svg>",
            "expected simpler style sheets",
        ),
        (
            f"<svg><style>{'* { fill: red } ' * 9000}</style>{'<g/>' * 9000}</svg>",
            "expected simpler style sheets",
        ),
        (
            f"<svg><path style='fill:{'(' * 9000}' d='M1 1L2 2'/></svg>",
            "fewer brackets",
        ),
        ('<svg><polygon points="1,2 3"/></svg>', "<polygon> in line 1: expected an"),
        ('<svg><polyline points="1,b"/></svg>', "<polyline> in line 1: expected num"),
        ('<svg viewBox="0 0 0 9"/>', "<svg> in line 1: expected x, y, width"),
        (f"<svg>{'<g/>' * 200_001}</svg>", "at most 50000 elements"),
        (
            f"<svg><g id='l0'><path d='M0 0L1 1'/></g>{USES}<use href='#l11'/></svg>",
            "expected <use> to draw at most",
        ),
        (
            '<svg><path transform="rotate(9 1e999 1)" d="M0 0L1 1"/></svg>',
            "<path> in line 1: expected coordinates",
        ),
        (
            '<svg viewBox="1e308 -1e308 9 9"><svg x="-1e308" width="1e300" height="9" '
            'viewBox="1e308 0 1 1"><rect width="9" height="9"/></svg></svg>',
            "expected",
        ),
        (b"\x1f\x8b\x08\x00", "unpack it by gunzip"),
        (
            f'<!DOCTYPE svg [<!ENTITY l0 "ha">{LAUGHS}]><svg>&l11;</svg>',
            "got <!ENTITY l0>",
        ),
        (
            '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>',
            "got <!ENTITY e>",
        ),
        (
            '<!DOCTYPE svg [<!ENTITY % e SYSTEM "http://localhost/">%e;]><svg/>',
            "got <!ENTITY e>",
        ),
    ],
)
def test_broken_and_dangerous_documents_are_refused(
    tmp_path: Path, text: str | bytes, what: str
) -> None:
    begin = time.monotonic()
    with pytest.raises(DataError) as caught:
        read_document(tmp_path, text)
    assert what in str(caught.value)
    assert caught.value.path == tmp_path / "drawing.svg"
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begin < 60


# === What other programs write ===


PEN = 'stroke="black" fill="none"'


def test_rules_that_are_not_followed_are_counted(tmp_path: Path) -> None:
    sheet = (
        "@media print { path { fill: red } } @font-face { src: none } "
        "path:hover, g ~ path { fill: red } [d] { fill: none; stroke: navy }"
    )
    sketch = read(tmp_path, f'<style>{sheet}</style><path d="M1 1L2 2L3 1"/>')
    assert values_of(sketch)[0] == [[[1, 1], [2, 2], [3, 1]]]
    assert "2 rules of the style sheet" in " ".join(sketch.notes)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<use href='#a' x='1' y='2'/>", "<defs><path id='a' d='M0 0L4 4'/></defs>"),
        (
            "<use xlink:href='#a' transform='translate(1 2)'/>",
            "<g id='a' opacity='0'/>",
        ),
        (
            "<use href='#b' x='1' y='2' width='4' height='4'/>",
            "<symbol id='b' viewBox='0 0 8 8'><path d='M0 0L8 8'/></symbol>",
        ),
        ("<svg x='1' y='2'><path d='M0 0L4 4'/></svg>", ""),
        ("<switch><path d='M1 2L5 6'/><path d='M7 7L9 9'/></switch>", ""),
    ],
    ids=["use", "use of a group", "symbol", "inner svg", "switch"],
)
def test_copies_are_drawn_in_their_place(tmp_path: Path, body: str, head: str) -> None:
    if "opacity" in head:
        head = "<defs><g id='a'><path d='M0 0L4 4'/></g></defs>"
    xlink = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    sketch = read(tmp_path, f"{head}<g {PEN}>{body}</g>", xlink)
    assert values_of(sketch)[0] == [[[1, 2], [5, 6]]]


def test_other_files_are_not_opened_and_named(tmp_path: Path) -> None:
    (tmp_path / "other.svg").write_text('<svg><path id="a" d="M0 0L9 9"/></svg>')
    sketch = read(
        tmp_path,
        f'<use href="other.svg#a"/><image href="http://localhost/a.png"/><path {PEN} '
        'd="M1 1L2 2"/><text>cat</text>',
    )
    assert values_of(sketch)[0] == [[[1, 1], [2, 2]]]
    said = " ".join(sketch.notes)
    assert "not opened: other.svg#a, http://localhost/a.png" in said
    assert "left out 1 picture" in said and "left out 1 text" in said


def test_a_note_says_what_is_not_followed(tmp_path: Path) -> None:
    sketch = read(
        tmp_path,
        f'<g mask="url(#m)" {PEN}><path d="M1 1L2 2"><animate/></path></g>'
        '<path d="M3 3L4 5" stroke="reddish"/>',
    )
    said = " ".join(sketch.notes)
    assert "masks are not followed" in said
    assert "animations are not followed" in said
    assert "unknown colors are taken as black (1)" in said


def test_a_plain_drawing_has_no_notes(tmp_path: Path) -> None:
    sketch = read(tmp_path, f'<path {PEN} d="M1 1L2 2L3 1"/>', 'viewBox="0 0 9 9"')
    assert sketch.notes == ()


@pytest.mark.parametrize(
    "piece",
    [
        '<line x1="{0}" y1="{1}" x2="{2}" y2="{3}" stroke="black"/>',
        '<polyline points="{0},{1} {2},{3}" fill="none" stroke="#123"/>',
        '<path d="M{0} {1}L{2} {3}" fill="none" stroke="rgb(9,9,9)"/>',
    ],
)
def test_lines_from_point_to_point_are_one_stroke(tmp_path: Path, piece: str) -> None:
    strokes = [[[0, 0], [5, 5], [9, 3], [9, 9]], [[20, 1], [22, 5], [30, 0]]]
    body = "".join(
        piece.format(*begin, *end)
        for stroke in strokes
        for begin, end in itertools.pairwise(stroke)
    )
    sketch = read(tmp_path, body)
    assert values_of(sketch)[0] == strokes
    assert sketch.notes == ("joined 5 pieces end to end into 2 strokes",)


@pytest.mark.parametrize(
    "piece",
    [
        '<path d="M{0} 1L{0} 9L8 8" stroke="black" fill="none"/>',
        '<rect x="-{0}" y="-{0}" width="{1}" height="{1}" fill="#123" stroke="red"/>',
        '<line x1="{0}" y1="0" x2="{2}" y2="1" stroke="black"/>',
    ],
)
def test_time_grows_with_the_number_of_shapes(tmp_path: Path, piece: str) -> None:
    def seconds(count: int) -> float:
        body = "".join(
            piece.format(number, 2 * number + 9, number + 1) for number in range(count)
        )
        begin = time.process_time()
        read(tmp_path, body)
        return time.process_time() - begin

    seconds(100)
    few = min(seconds(500) for _ in range(2))
    assert seconds(4000) < 8 * few * 2.5 + 0.5

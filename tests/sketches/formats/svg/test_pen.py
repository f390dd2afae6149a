"""Center lines of the filled outlines of pen strokes."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.sketches.formats.svg.pen import center_line, is_thin
from chorale.sketches.formats.svg.reader import parse_svg
from chorale.utils.arrays import Float64Array

ALONG = np.linspace(0, 1, 80)
LINES = {
    "straight": np.column_stack([100 * ALONG, 30 * ALONG]),
    "wave": np.column_stack([200 * ALONG, 30 * np.sin(9 * ALONG)]),
    "circle": 50 * np.column_stack([np.cos(6 * ALONG), np.sin(6 * ALONG)]),
}


def outline(line: Float64Array, width: float) -> Float64Array:
    along = np.gradient(line, axis=0)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    across *= width / 2 / np.hypot(*across.T)[:, None]
    return np.concatenate([line + across, (line - across)[::-1], (line + across)[:1]])


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_the_center_line_is_the_line_that_was_drawn(line: Float64Array) -> None:
    found = center_line(outline(line, 4))
    distances = np.hypot(*(found[:, None] - line[None]).transpose(2, 0, 1))
    assert distances.min(axis=1).max() < 3  # on the line
    assert distances.min(axis=0).max() < 5  # and all along it
    assert np.hypot(*(found[0] - line[0])) < 5  # in its direction
    assert np.hypot(*(found[-1] - line[-1])) < 8


def test_only_thin_outlines_are_those_of_a_pen() -> None:
    assert is_thin(outline(LINES["wave"], 4))
    assert not is_thin(np.array([[0, 0], [9, 0], [9, 9], [0, 9], [0, 0.0]]))
    assert not is_thin(LINES["circle"])
    assert not is_thin(np.array([[0, 0], [9, 9], [0, 0.0]]))
    assert not is_thin(np.array([[0, 0], [90, 1], [45, 2], [0, 0.0]]))


def test_a_pen_stroke_of_an_svg_is_read_by_its_center_line_and_said() -> None:
    points = " ".join(f"{x},{y}" for x, y in outline(LINES["wave"], 5))
    sketch = parse_svg(f'<svg><polygon points="{points}"/></svg>'.encode())
    (stroke,) = sketch.strokes
    assert abs(stroke[:, 0].max() - 200) < 8
    assert (np.diff(stroke[:, 0]) > -2).all()  # there, and not back again
    assert "read 1 thin filled shape as strokes of a pen" in sketch.notes[0]
    outlined = parse_svg(
        f'<svg><polygon fill="none" stroke="red" points="{points}"/></svg>'.encode()
    )
    assert len(outlined.strokes[0]) > 100 and outlined.notes == ()

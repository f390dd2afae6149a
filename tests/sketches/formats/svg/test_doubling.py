"""Shapes that programs draw twice or hatch, as SVG of whiteboards has them."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from chorale.sketches.formats.svg.reader import parse_svg
from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import Float64Array

ROOF = [(20.0, 100.0), (110.0, 20.0), (200.0, 100.0)]
WALL = [(30.0, 100.0), (30.0, 200.0), (190.0, 200.0), (190.0, 100.0), (30.0, 100.0)]


def svg(*elements: str) -> Sketch:
    body = "".join(elements)
    return parse_svg(f'<svg viewBox="0 0 300 300">{body}</svg>'.encode())


def path(d: str, paint: str = 'fill="none" stroke="#1e1e1e"') -> str:
    return f'<path d="{d}" {paint}/>'


def sketchy(
    points: list[tuple[float, float]], noise: float = 2.0, seed: int = 0
) -> str:
    """Return a path that draws each line of a polyline twice, as slack curves."""
    chance = random.Random(seed)

    def near(x: float, y: float) -> str:
        return (
            f"{x + chance.uniform(-noise, noise):.3f} {y + chance.uniform(-1, 1):.3f}"
        )

    d = []
    for (x, y), (u, v) in pairwise(points):
        for _ in range(2):
            share = 0.5 + chance.uniform(0, 0.2)
            middle = x + share * (u - x), y + share * (v - y)
            d.append(f"M{near(x, y)} C{near(*middle)}, {near(*middle)}, {near(u, v)}")
    return " ".join(d)


def loop(begin: float, radius: float = 50.0, turns: float = 1.1) -> str:
    """Return a round line that begins at an angle and ends behind its begin."""
    angles = begin + np.linspace(0, 2 * np.pi * turns, 40)
    points = np.column_stack([np.cos(angles), 0.7 * np.sin(angles)]) * radius + 100
    return "M" + " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def farthest(stroke: Float64Array, points: list[tuple[float, float]]) -> float:
    """Return the largest distance of the corners from a stroke."""
    away = np.hypot(*(np.array(points)[:, None] - stroke[None]).transpose(2, 0, 1))
    return float(away.min(axis=1).max())


@pytest.mark.parametrize("points", [ROOF, WALL], ids=["roof", "wall"])
@pytest.mark.parametrize("noise", [0.0, 2.0, 4.0])
def test_lines_drawn_twice_are_read_once_as_one_stroke(
    points: list[tuple[float, float]], noise: float
) -> None:
    sketch = svg(path(sketchy(points, noise)))
    (stroke,) = sketch.strokes
    assert farthest(stroke, points) < 6
    length = np.hypot(*np.diff(stroke, axis=0).T).sum()
    expected = np.hypot(*np.diff(np.array(points), axis=0).T).sum()
    assert length == pytest.approx(expected, rel=0.15)
    assert f"read {len(points) - 1} lines once, all drawn twice" in sketch.notes


def test_round_lines_may_begin_anywhere() -> None:
    sketch = svg(path(f"{loop(0.0)} {loop(0.6, 51.5, 1.0)}"))
    assert len(sketch.strokes) == 1
    assert sketch.notes == ("read 1 line once, all drawn twice",)


def test_lines_side_by_side_stay_two() -> None:
    # Of different elements however close, and of one path if they are not alike.
    near = svg(path("M0 0H200"), path("M0 2H200"))
    assert len(near.strokes) == 2 and near.notes == ()
    apart = svg(path("M0 0H200M0 30H200"))
    assert len(apart.strokes) == 2
    shorter = svg(path("M0 0H200M0 2H120"))
    assert len(shorter.strokes) == 2


def test_short_lines_of_a_chain_are_no_copies() -> None:
    points = [(4.0 * step, 100 + 40 * np.sin(step / 8)) for step in range(51)]
    d = "".join(f"M{x} {y:.3f}L{u} {v:.3f}" for (x, y), (u, v) in pairwise(points))
    sketch = svg(path(d))
    (stroke,) = sketch.strokes
    assert len(stroke) == 51
    assert "joined 50 pieces end to end into 1 stroke" in sketch.notes


def test_hatching_of_a_shape_is_left_out_and_said() -> None:
    lines = [[(40.0, y), (180.0, y - 30)] for y in range(140, 200, 12)]
    hatches = path(
        " ".join(sketchy(line, 1.0, seed) for seed, line in enumerate(lines)),
        'fill="none" stroke="#a5d8ff"',
    )
    sketch = svg(hatches, path(sketchy(WALL)))
    assert len(sketch.strokes) == 1
    assert "left out 5 lines of hatching" in sketch.notes
    # Rain is drawn by a person, and nothing is around it.
    rain = svg(path(sketchy(ROOF)), hatches)
    assert len(rain.strokes) == 6


def test_an_area_below_its_own_outline_is_left_out() -> None:
    corners = " ".join(f"{x},{y}" for x, y in WALL[:-1])
    area = f'<polygon points="{corners}" fill="#a5d8ff" stroke="none"/>'
    sketch = svg(area, path(sketchy(WALL)), path(sketchy(ROOF)))
    assert len(sketch.strokes) == 2
    assert "left out 1 filled area of an outline" in sketch.notes
    # Alone, or below something else, it is what was drawn.
    assert len(svg(area).strokes) == 1
    assert len(svg(area, path(sketchy(ROOF))).strokes) == 2


def test_several_pen_strokes_in_one_path_are_read_by_their_center_lines() -> None:
    d = ""
    for y in (20, 90):
        points = [(x, y + 9 * np.sin(x / 20)) for x in range(0, 201, 5)]
        sides = [(x, v - 2) for x, v in points] + [(x, v + 2) for x, v in points[::-1]]
        d += "M" + " ".join(f"{x},{v:.2f}" for x, v in sides) + "Z"
    sketch = svg(path(d, 'fill="black" fill-rule="evenodd"'))
    assert len(sketch.strokes) == 2
    for stroke in sketch.strokes:
        assert (np.diff(stroke[:, 0]) > -2).all()  # there, and not back again
    assert sketch.notes == (
        "read 2 thin filled shapes as strokes of a pen, by the center line",
    )

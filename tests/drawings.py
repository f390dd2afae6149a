"""Drawings for tests: by hand, from hypothesis, and as plain values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import Float64Array

WORDS = ("The Mona Lisa", "cat", "t-shirt")


def drawing(
    *strokes: Sequence[Sequence[float]], word: str = "cat", is_recognized: bool = True
) -> Sketch:
    """Return a drawing of strokes that are lists of points."""
    return Sketch(
        strokes=tuple(
            np.array(stroke, np.float64).reshape(-1, 2) for stroke in strokes
        ),
        word=word,
        is_recognized=is_recognized,
    )


def values_of(sketch: Sketch) -> tuple[list[list[list[float]]], str, bool]:
    """Return a drawing as plain values: strokes, word, whether it is recognized."""
    for stroke in sketch.strokes:
        assert stroke.dtype == np.float64
        assert stroke.shape == (len(stroke), 2)
    strokes = [stroke.tolist() for stroke in sketch.strokes]
    return strokes, sketch.word, sketch.is_recognized


@st.composite
def sketches(
    draw: st.DrawFn, *, coordinates: st.SearchStrategy[float] | None = None
) -> Sketch:
    """Generate drawings, with empty strokes, single points and repeated points."""
    if coordinates is None:
        coordinates = st.one_of(st.integers(0, 255).map(float), st.floats(-1e6, 1e6))
    stroke = st.lists(st.tuples(coordinates, coordinates), max_size=6)
    points: list[Float64Array] = [
        np.array(drawn, np.float64).reshape(-1, 2)
        for drawn in draw(st.lists(stroke, max_size=7))
    ]
    return Sketch(
        strokes=tuple(points),
        word=draw(st.sampled_from(WORDS)),
        is_recognized=draw(st.booleans()),
    )


def on_grid() -> st.SearchStrategy[Sketch]:
    """Generate drawings on the grid of the dataset."""
    return sketches(coordinates=st.integers(0, 255).map(float))

"""Raw and simplified drawings are preprocessed to nearly the same network input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chorale.sketches import Sketch, classify_many, read_sketches
from chorale.sketches.preprocessing import GRID, from_ink, to_ink

FOLDER = Path(__file__).parents[1] / "sketches"
RAW = list(read_sketches(FOLDER / "raw.ndjson"))
SIMPLIFIED = list(read_sketches(FOLDER / "simplified.ndjson"))


def farthest(points: np.ndarray, strokes: tuple[np.ndarray, ...]) -> float:
    """Return the largest distance of a point from the nearest line of a drawing."""
    distances = []
    for stroke in strokes:
        begin, end = stroke[:-1] if len(stroke) > 1 else stroke, stroke[1:]
        end = end if len(stroke) > 1 else stroke
        along = end - begin
        length = np.maximum((along**2).sum(axis=1), 1e-9)
        share = ((points[:, None] - begin) * along).sum(axis=2) / length
        nearest = begin + np.clip(share, 0, 1)[..., None] * along
        distances.append(np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1))
    return float(np.min(distances, axis=0).max())


def test_the_pairs_are_of_the_same_drawings() -> None:
    assert [raw.word for raw in RAW] == [sketch.word for sketch in SIMPLIFIED]
    points = [sum(map(len, raw.strokes)) for raw in RAW]
    assert np.median(points) > 150  # as a canvas gives them


def test_both_forms_have_the_same_strokes_and_about_as_many_points() -> None:
    differences = []
    for raw, simplified in zip(RAW, SIMPLIFIED, strict=True):
        ink, expected = to_ink(raw.strokes), to_ink(simplified.strokes)
        assert ink[:, 2].sum() == expected[:, 2].sum()
        differences.append(abs(len(ink) - len(expected)) / len(expected))
    assert np.mean(differences) < 0.05
    assert max(differences) < 0.25


def test_both_forms_lie_on_the_same_lines() -> None:
    for raw, simplified in zip(RAW, SIMPLIFIED, strict=True):
        strokes = from_ink(to_ink(raw.strokes))
        expected = from_ink(to_ink(simplified.strokes))
        assert farthest(np.concatenate(strokes), expected) < 0.04 * GRID
        assert farthest(np.concatenate(expected), strokes) < 0.04 * GRID


def test_both_forms_are_taken_for_the_same() -> None:
    def words(form: list[Sketch]) -> list[str]:
        drawings = [sketch.strokes for sketch in form]
        return [guesses[0].word for guesses in classify_many(drawings, top=1)]

    pairs = zip(words(RAW), words(SIMPLIFIED), strict=True)
    assert np.mean([raw == simplified for raw, simplified in pairs]) >= 0.8

"""Drawings classified per second, on one core."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.sketches.classification import classify_many
from chorale.sketches.models import load_classifier
from chorale.sketches.strokes import Strokes

_DRAWINGS = 2048
# Means of the bundled drawings.
_STROKES, _POINTS = 5, 8


def random_drawings(count: int) -> list[Strokes]:
    """Return random walks with as many strokes and points as drawings usually have."""
    random = np.random.default_rng(0)
    drawings: list[Strokes] = []
    for _ in range(count):
        lengths = 1 + random.geometric(
            1 / (_POINTS - 1), random.geometric(1 / _STROKES)
        )
        strokes = [random.integers(-20, 20, (length, 2)) for length in lengths]
        drawings.append([stroke.cumsum(axis=0) for stroke in strokes])
    return drawings


def _prepare(_: Path) -> Prepared:
    if hasattr(os, "sched_setaffinity"):  # Linux
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    classifier = load_classifier(threads=1)
    drawings = random_drawings(_DRAWINGS)
    classify_many(drawings[:64], model=classifier)

    def trial() -> Figures:
        began = time.perf_counter()
        classify_many(drawings, model=classifier)
        return {"drawings_per_second": _DRAWINGS / (time.perf_counter() - began)}

    return Prepared(trial)


MEASURES = (
    Measure(
        name="drawings/classify",
        title="sketches classified, one core",
        prepare=_prepare,
        process="drawings",
        quick=True,
    ),
)

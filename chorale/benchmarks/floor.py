"""The floor: what the processor allows.

A step has to read every weight once, and to multiply and add it once for each piece.
Memory bandwidth and the rate of matrix products are measured through NumPy: that of one
core, which runs a step of few pieces, and that of all cores, which share one of many.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from chorale.benchmarks.measures import Measure, Prepared
from chorale.music.voices import VOICES

# Single precision. The matrices of one pass are as large as the weights of `bach`, so
# they lie in the same cache or memory.
_SIDE, _MATRICES = 512, 15
_ROWS, _WIDTH = 64, 1024
_PASSES = 100
_BYTES = 4

BANDWIDTH, RATE = "floor/bandwidth", "floor/products"


def floor_ms_per_note(
    weights: int, pieces: int, bandwidth: float, rate: float
) -> float:
    """Return the least time per note of all pieces, in milliseconds.

    Args:
        weights: of the network.
        pieces: written side by side.
        bandwidth: GB per s.
        rate: GFLOP per s.
    """
    reading = _BYTES * weights / bandwidth
    computing = 2 * weights * pieces / rate
    return max(reading, computing) / (VOICES * pieces) * 1e-6


def fastest(run: Callable[[], None], cores: int | None = None) -> float:
    """Return the seconds of the fastest of many passes; None for all cores."""
    seconds = []
    with threadpool_limits(cores):
        for _ in range(_PASSES):
            began = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - began)
    return min(seconds)


def _prepare_bandwidth(_: Path) -> Prepared:
    """Prepare products of a vector with matrices as large as the weights."""
    random = np.random.default_rng(0)
    shape = (_MATRICES, _SIDE, _SIDE)
    matrices = random.standard_normal(shape, np.float32)
    vector = random.standard_normal(_SIDE, np.float32)
    result = np.empty(_SIDE, np.float32)

    def run() -> None:
        for matrix in matrices:
            np.dot(matrix, vector, out=result)

    return Prepared(
        lambda: {"gigabytes_per_second": matrices.nbytes / fastest(run, 1) / 1e9}
    )


def _prepare_products(_: Path) -> Prepared:
    """Prepare products of a batch of 64 vectors with a matrix."""
    random = np.random.default_rng(0)
    matrix = random.standard_normal((_WIDTH, _WIDTH), np.float32)
    batch = random.standard_normal((_ROWS, _WIDTH), np.float32)
    result = np.empty((_ROWS, _WIDTH), np.float32)

    def run() -> None:
        np.dot(batch, matrix, out=result)

    return Prepared(lambda: {"gigaflops": 2 * batch.size * _WIDTH / fastest(run) / 1e9})


MEASURES = (
    Measure(
        name=BANDWIDTH,
        title="reading 16 MB of weights, one core",
        prepare=_prepare_bandwidth,
        process="floor",
        quick=True,
    ),
    Measure(
        name=RATE,
        title=f"matrix products on all cores, batch {_ROWS}",
        prepare=_prepare_products,
        process="floor",
        quick=True,
    ),
)

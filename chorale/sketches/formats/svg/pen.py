"""Center lines of filled outlines, as drawing programs write the strokes of a pen.

A pen of varying width is written as a thin filled shape around each stroke. Drawn by
its outline it would be there and back again; the center line is what the pen drew.
"""

from __future__ import annotations

import math

import numpy as np

from chorale.utils.arrays import Float64Array

# A shape is thin if its mean width is below this share of its length.
_THIN = 0.12
_MIN_POINTS = 12  # fewer are a polygon, such as a narrow triangle
_MAX_SAMPLES = 400  # of the outline
_SAMPLES_A_WIDTH = 1.0
_TIP_SAMPLES = 24


def mean_width(outline: Float64Array) -> tuple[float, float]:
    """Return the mean width of a closed outline (points, 2), and half its length.

    A stroke of length L and width w has an outline of length 2 L and an area of w L.
    """
    x, y = (outline - outline[0]).T
    area = abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2
    half = float(np.hypot(*np.diff(outline, axis=0).T).sum()) / 2
    return (area / half if half > 0 else 0.0), half


def is_thin(outline: Float64Array) -> bool:
    """Return whether a closed outline (points, 2) is that of a stroke."""
    width, half = mean_width(outline)
    return len(outline) >= _MIN_POINTS and 0 < width < _THIN * half


def center_line(outline: Float64Array) -> Float64Array:
    """Return the line (points, 2) midway between the two sides of a thin outline."""
    width, half = mean_width(outline)
    count = 2 * math.ceil(2 * half / max(width, 1e-12) * _SAMPLES_A_WIDTH / 2)
    samples = _resample(outline, min(max(count, 2 * _TIP_SAMPLES), _MAX_SAMPLES))
    tip = _tip(samples)
    sides = np.roll(samples, -tip, axis=0).tolist()
    # Go along both sides from the tip, always so that they stay closest.
    left, right = 0, len(sides)
    sides.append(sides[0])
    middles = [sides[0]]
    while right - left > 2:
        steps = [(left + 1, right - 1), (left + 1, right), (left, right - 1)]
        left, right = min(
            steps, key=lambda step: math.dist(sides[step[0]], sides[step[1]])
        )
        (x, y), (u, v) = sides[left], sides[right]
        middles.append([(x + u) / 2, (y + v) / 2])
    return np.array(middles)


def _resample(outline: Float64Array, count: int) -> Float64Array:
    """Return points at equal distances along a closed outline."""
    lengths = np.hypot(*np.diff(outline, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.arange(count) * along[-1] / count
    return np.column_stack(
        [np.interp(at, along, outline[:, 0]), np.interp(at, along, outline[:, 1])]
    )


def _tip(samples: Float64Array) -> int:
    """Return the end of a stroke: where the two ways along it stay closest.

    Of its two ends it is the one where the outline begins.
    """
    count = len(samples)
    away = np.linspace(1, count // 2 - 1, _TIP_SAMPLES).astype(int)
    tips = np.arange(count // 2)[:, None]
    pairs = samples[(tips + away) % count] - samples[tips - away]
    tip = int(np.hypot(pairs[..., 0], pairs[..., 1]).sum(axis=1).argmin())
    return tip if tip <= count // 4 else tip + count // 2

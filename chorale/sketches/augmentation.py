"""Data augmentation: random variations that do not change what a drawing shows."""

from __future__ import annotations

import numpy as np

from chorale.sketches.batches import Padded
from chorale.utils.arrays import BoolArray, FloatArray, IntArray

# At strength 1, drawn independently for each drawing:
_ROTATION = 0.12  # standard deviation, in radians
_SCALE = 0.12  # standard deviation of the logarithm of the scale of each side
_SHEAR = 0.08  # standard deviation
_JITTER = 0.006  # standard deviation of each point, in lengths of the longer side
_POINT_DROPOUT = 0.06  # share of points removed, ends of strokes excepted
_STROKE_DROPOUT = 0.25  # share of drawings of three or more strokes that lose one
_FLIP = 0.5  # share of drawings mirrored left to right, at any strength


def augment(batch: Padded, strength: float, random: np.random.Generator) -> Padded:
    """Rotate, scale, shear, flip and jitter drawings, and drop points and strokes.

    `strength` is a factor of the deviations and shares above; 0 changes nothing. Each
    drawing returned has at most as many points and a longer side of 1.
    """
    if strength == 0:
        return batch
    mask = np.arange(batch.ink.shape[1]) < batch.lengths[:, None]  # (batch, points)
    points = np.cumsum(batch.ink[..., :2], axis=1)  # (batch, points, 2)
    pen = (batch.ink[..., 2] > 0.5) & mask
    kept = _drop(pen, mask, strength, random)
    order = np.argsort(~kept, axis=1, kind="stable")
    lengths: IntArray = kept.sum(axis=1)
    points = np.take_along_axis(points, order[..., None], axis=1)
    pen = np.take_along_axis(pen & kept, order, axis=1)
    mask = np.arange(mask.shape[1]) < lengths[:, None]
    points = _distort(points - 0.5, strength, random)
    return Padded(_to_ink(points, pen, mask), lengths)


def _drop(
    pen: BoolArray, mask: BoolArray, strength: float, random: np.random.Generator
) -> BoolArray:
    """Return which points are kept; each stroke that is kept keeps its last point."""
    kept = mask & (pen | (random.random(mask.shape) >= _POINT_DROPOUT * strength))
    stroke: IntArray = np.cumsum(pen, axis=1) - pen  # index of each point's stroke
    strokes = pen.sum(axis=1)
    is_hit = (random.random(len(pen)) < _STROKE_DROPOUT * strength) & (strokes > 2)
    dropped = (random.random(len(pen)) * strokes).astype(np.int64)
    remaining: BoolArray = kept & ~(is_hit[:, None] & (stroke == dropped[:, None]))
    return remaining


def _distort(
    points: FloatArray, strength: float, random: np.random.Generator
) -> FloatArray:
    """Apply a random affine map to each drawing, and jitter to each point."""
    count = len(points)
    angle = random.normal(0, _ROTATION * strength, count)
    scale_x, scale_y = np.exp(random.normal(0, _SCALE * strength, (2, count)))
    shear = random.normal(0, _SHEAR * strength, count)
    flip = np.where(random.random(count) < _FLIP, -1, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array(  # (2, 2, batch)
        [
            [cos * scale_x * flip, (shear - sin) * scale_y],
            [sin * scale_x * flip, cos * scale_y],
        ]
    )
    moved = np.einsum("ijb,bpj->bpi", matrix, points)
    moved += random.normal(0, _JITTER * strength, moved.shape)
    return np.asarray(moved, np.float32)


def _to_ink(points: FloatArray, pen: BoolArray, mask: BoolArray) -> FloatArray:
    """Return drawings as ink again, moved to 0 and scaled to a longer side of 1."""
    is_point = mask[..., None]
    low = np.where(is_point, points, np.inf).min(axis=1, keepdims=True)
    high = np.where(is_point, points, -np.inf).max(axis=1, keepdims=True)
    size = np.maximum((high - low).max(axis=2, keepdims=True), 1e-3)
    deltas = np.diff((points - low) / size, axis=1, prepend=0)
    ink = np.concatenate([deltas, pen[..., None]], axis=2) * is_point
    return ink.astype(np.float32)

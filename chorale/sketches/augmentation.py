"""Varies drawings as people do, so that a network learns what does not matter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chorale.sketches.batches import Padded
from chorale.sketches.strokes import Bools, Floats32

# Of a variation of strength 1, each drawn for every drawing:
_TURN = 0.12  # standard deviation of the rotation, in radians
_STRETCH = 0.12  # of the logarithm of the scale of each side
_SLANT = 0.08  # of the shear
_SHAKE = 0.006  # of each point, in lengths of the longer side
_LOST_POINTS = 0.06  # share of points left out, ends of strokes excepted
_LOST_STROKE = 0.25  # share of drawings of three or more strokes that lose one
_MIRRORED = 0.5  # share of drawings seen in a mirror, at whatever strength


def augment(batch: Padded, strength: float, random: np.random.Generator) -> Padded:
    """Turn, stretch, slant, mirror and shake drawings, and leave some of them out.

    Args:
        batch: is left as it is.
        strength: 0 = nothing changes, 1 = by the deviations and shares above.
        random: gives all chance.

    Returns:
        As many drawings of at most as many points, each with a longer side of 1.
    """
    if strength == 0:
        return batch
    places, pen, mask = _unpack(batch)
    kept = _leave_out(pen, mask, strength, random)
    order = np.argsort(~kept, axis=1, kind="stable")
    lengths = kept.sum(axis=1)
    places = np.take_along_axis(places, order[..., None], axis=1)
    pen = np.take_along_axis(pen & kept, order, axis=1)
    mask = np.arange(mask.shape[1]) < lengths[:, None]
    places = _distort(places - 0.5, strength, random)
    return Padded(_to_ink(places, pen, mask), lengths)


def _unpack(batch: Padded) -> tuple[Floats32, Bools, Bools]:
    """Return places (batch, points, 2), ends of strokes and points (batch, points)."""
    ink = batch.ink
    mask = np.arange(ink.shape[1]) < batch.lengths[:, None]
    return np.cumsum(ink[..., :2], axis=1), (ink[..., 2] > 0.5) & mask, mask


def _leave_out(
    pen: Bools, mask: Bools, strength: float, random: np.random.Generator
) -> Bools:
    """Return which points stay: each stroke that stays keeps its last point."""
    kept = mask & (pen | (random.random(mask.shape) >= _LOST_POINTS * strength))
    stroke: npt.NDArray[np.int64] = np.cumsum(pen, axis=1) - pen
    strokes = pen.sum(axis=1)
    loses = (random.random(len(pen)) < _LOST_STROKE * strength) & (strokes > 2)
    lost = (random.random(len(pen)) * strokes).astype(np.int64)
    remaining: Bools = kept & ~(loses[:, None] & (stroke == lost[:, None]))
    return remaining


def _distort(
    places: Floats32, strength: float, random: np.random.Generator
) -> Floats32:
    """Apply to each drawing an affine map of its own, and shake its points."""
    count = len(places)
    turn = random.normal(0, _TURN * strength, count)
    stretch = np.exp(random.normal(0, _STRETCH * strength, (2, count)))
    slant = random.normal(0, _SLANT * strength, count)
    mirror = np.where(random.random(count) < _MIRRORED, -1, 1)
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array(
        [
            [cos * stretch[0] * mirror, (slant - sin) * stretch[1]],
            [sin * stretch[0] * mirror, cos * stretch[1]],
        ]
    )
    moved = np.einsum("ijb,bpj->bpi", matrix, places)
    moved += random.normal(0, _SHAKE * strength, moved.shape)
    return np.asarray(moved, np.float32)


def _to_ink(places: Floats32, pen: Bools, mask: Bools) -> Floats32:
    """Return drawings as ink again, moved to the corner and scaled to a side of 1."""
    is_point = mask[..., None]
    low = np.where(is_point, places, np.inf).min(axis=1, keepdims=True)
    high = np.where(is_point, places, -np.inf).max(axis=1, keepdims=True)
    size = np.maximum((high - low).max(axis=2, keepdims=True), 1e-3)
    steps = np.diff((places - low) / size, axis=1, prepend=0)
    ink = np.concatenate([steps, pen[..., None]], axis=2) * is_point
    return ink.astype(np.float32)

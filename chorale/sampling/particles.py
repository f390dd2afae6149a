"""Particle filter: several drafts of one piece, weighted by the notes that are given.

A next-step model conditions on the past only. Where later notes are given, such as the
rest of a melody, several particles are sampled side by side. Each given note multiplies
the weight of a particle by the probability that the particle assigned to that note.
When the effective sample size falls below half of the particles, they are resampled by
weight; in the end one is drawn by weight. With many particles the result follows the
distribution of the sampler conditioned on all given notes, before and after (the
bootstrap filter of Gordon, Salmond and Smith 1993, with the systematic resampling of
Kitagawa 1996).

Drafts of one piece may meet: their particles are then resampled as those of one.

Log-weights are float arrays (pieces, particles), in nats.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.utils.arrays import BoolArray, Float64Array, IntArray

# Particles are resampled when the effective sample size is below this share of them.
_RESAMPLING_THRESHOLD = 0.5


class ParticleFilter:
    """The weights of the particles of several pieces.

    Rows are particles: those of the first piece, those of the second, and so on.

    Args:
        streams: seeds of the random numbers, one per piece.
        particles: number of particles of each piece.
        lengths: int array (pieces,), steps of each piece.
        ends: int array (pieces,), the step from which on a piece is weighted no more.
        drafts: number of consecutive pieces that are drafts of one.
    """

    def __init__(
        self,
        streams: Sequence[np.random.SeedSequence],
        particles: int,
        lengths: IntArray,
        ends: IntArray,
        drafts: int = 1,
    ) -> None:
        self._ends, self._drafts = ends, drafts
        self._log_weights = np.zeros((len(streams), particles))
        self._uniforms = np.zeros((len(streams), 1 + lengths.max()))
        for row, stream in enumerate(streams):
            random = np.random.default_rng(stream.spawn(1)[0])
            self._uniforms[row] = random.random(self._uniforms.shape[1])
        # The final draw uses the number after the last step of the piece, wherever the
        # other pieces end.
        self._final_uniforms = self._uniforms[np.arange(len(streams)), lengths]

    def update(self, log_likelihoods: Float64Array, step: int) -> None:
        """Multiply the weights by likelihoods of given notes.

        Args:
            log_likelihoods: float array (rows,), nats, at most 0.
            step: of the notes.
        """
        gains = log_likelihoods.reshape(self._log_weights.shape)
        self._log_weights += np.where(step < self._ends[:, np.newaxis], gains, 0.0)

    def resample(self, step: int, meeting: BoolArray) -> IntArray:
        """Return the row that each row is copied from, int array (rows,).

        Args:
            step: its index.
            meeting: bool array (pieces,), whose particles are resampled together with
                those of all drafts of the piece.
        """
        pieces, particles = self._log_weights.shape
        # A note that is impossible for all particles carries no information.
        self._log_weights[np.isneginf(self._log_weights).all(axis=1)] = 0.0
        uniforms = self._uniforms[:, step]
        rows = np.arange(pieces * particles).reshape(pieces, particles)
        for are_meeting, drafts in ((~meeting, 1), (meeting, self._drafts)):
            chosen = np.flatnonzero(are_meeting)
            if not len(chosen):
                continue
            shape = -1, drafts * particles
            own = rows[chosen].reshape(shape)
            copied = ancestors(
                self._log_weights[chosen].reshape(shape), uniforms[chosen[::drafts]]
            )
            changed = (copied != np.arange(shape[1])).any(axis=1)
            self._log_weights[chosen[np.repeat(changed, drafts)]] = 0.0
            taken = np.take_along_axis(own, copied, axis=1)
            rows[chosen] = taken.reshape(-1, particles)
        return rows.ravel()

    def draw(self) -> IntArray:
        """Return the row of one particle of each piece, drawn by weight.

        Returns:
            int array (pieces,).
        """
        weights = normalized_weights(self._log_weights)
        return self._rows(systematic(weights, self._final_uniforms, 1))

    def _rows(self, particles: IntArray) -> IntArray:
        """Return the rows of particles, given as int array (pieces, count)."""
        pieces, count = self._log_weights.shape
        rows: IntArray = (np.arange(pieces)[:, np.newaxis] * count + particles).ravel()
        return rows


def normalized_weights(log_weights: Float64Array) -> Float64Array:
    """Return weights that sum to 1 for each piece; equal ones where all are zero."""
    heaviest = log_weights.max(axis=1, keepdims=True)
    weights = np.where(
        np.isfinite(heaviest), np.exp(log_weights - np.maximum(heaviest, -1e300)), 1.0
    )
    normalized: Float64Array = weights / weights.sum(axis=1, keepdims=True)
    return normalized


def effective_sample_size(log_weights: Float64Array) -> Float64Array:
    """Return 1 / Σ w² of the normalized weights w, float array (pieces,)."""
    size: Float64Array = 1 / (normalized_weights(log_weights) ** 2).sum(axis=1)
    return size


def ancestors(log_weights: Float64Array, uniforms: Float64Array) -> IntArray:
    """Return the ancestor of each particle, int array (pieces, particles).

    Where the effective sample size is large enough, each particle is its own ancestor.
    Elsewhere each has as many descendants as its weight demands, rounded up or down.

    Args:
        log_weights: of the particles.
        uniforms: float array (pieces,), each in [0, 1).
    """
    pieces, particles = log_weights.shape
    indices = np.tile(np.arange(particles), (pieces, 1))
    few = effective_sample_size(log_weights) < _RESAMPLING_THRESHOLD * particles
    weights = normalized_weights(log_weights[few])
    indices[few] = systematic(weights, uniforms[few], particles)
    return indices


def systematic(weights: Float64Array, uniforms: Float64Array, count: int) -> IntArray:
    """Draw particles by systematic resampling, int array (pieces, count).

    Args:
        weights: float array (pieces, particles), each row sums to 1.
        uniforms: float array (pieces,), each in [0, 1).
        count: number of particles to draw for each piece.
    """
    points = (uniforms[:, np.newaxis] + np.arange(count)) / count
    ends = np.cumsum(weights, axis=1)
    # Rounding must leave no point beyond the last end.
    ends[:, -1] = np.inf
    drawn: IntArray = (ends[:, np.newaxis] <= points[..., np.newaxis]).sum(axis=-1)
    return drawn

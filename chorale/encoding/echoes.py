"""Echoes: what came next the last time that the music went as it just has.

Chorales repeat their phrases, mostly note for note, but a few hundred pieces are too
few to learn to look for them. So the *echo* is an input: of all earlier places in the
piece, it comes from the one whose preceding steps agree with the latest steps for
longest, the later one of equals. It follows from the notes so far, in their key.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.encoding.tokens import Past, Vocabulary
from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray

# Lowest numbers of agreeing steps of each class; class 0 is none.
_LENGTHS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48])
LENGTHS = len(_LENGTHS) + 1
# The class of each number of steps, up to where the last one begins.
_CLASSES = np.searchsorted(_LENGTHS, np.arange(_LENGTHS[-1] + 1), side="right")


class Echo(NamedTuple):
    """What came next at the earlier place."""

    tokens: IntArray  # (..., 4), what the voices did there; 0 if there is no place
    # (...), how many steps before agree, in LENGTHS classes; 0 if there is no place.
    lengths: IntArray


class Trail:
    """What has been written, in a form in which echoes are found, for a batch.

    Arrays are twice as long whenever they are full, so that a step costs no more in a
    long piece than that it is compared with all steps before it.

    Args:
        batch: number of sequences; the trail is that before the first step.
        capacity: number of steps until the arrays grow.
    """

    def __init__(self, batch: int, capacity: int = 256) -> None:
        self.steps = 0
        self._tokens = np.zeros((batch, capacity, VOICES), np.uint8)
        # Numbers that are equal where tokens and sounding notes are. The first step is
        # the last one in the array and the latest the first one written, so that at any
        # step the one that lies `lag` steps back has the index `lag` - 1 in what is
        # written, as it has in `_runs`.
        self._chords = np.zeros((batch, capacity), np.uint64)
        # How many of the latest steps agree with those that lie `lag` before them.
        self._runs = np.zeros((batch, capacity), np.min_scalar_type(capacity))
        self._rows = np.arange(batch)
        self._bytes = np.zeros((batch, 2 * VOICES), np.uint8)

    def at(self, rows: IntArray) -> Trail:
        """Return copies of the trails of some rows, which may come several times."""
        copy = Trail(len(rows), self._tokens.shape[1])
        copy._fill(self, rows)
        return copy

    def after(self, tokens: IntArray, past: Past) -> Trail:
        """Return the trail after a step of tokens (batch, 4), which leaves `past`.

        It takes over the arrays of this one, which must not be used afterwards.
        """
        step, capacity = self.steps, self._tokens.shape[1]
        if step == capacity:
            larger = Trail(len(self._rows), 2 * capacity)
            larger._fill(self, slice(None))
            return larger.after(tokens, past)
        self._tokens[:, step] = tokens
        # Tokens are fewer than 256, so eight of them are the bytes of one number.
        self._bytes[:, :VOICES], self._bytes[:, VOICES:] = tokens, past.pitches
        chord = self._bytes.view(np.uint64)  # (batch, 1)
        agrees = self._chords[:, capacity - step :] == chord
        runs = self._runs[:, :step]
        runs += 1
        runs *= agrees
        self._chords[:, capacity - step - 1] = chord[:, 0]
        self.steps += 1
        return self

    def echo(self) -> Echo:
        """Return the echo at the step to come, arrays (batch, 4) and (batch,)."""
        if not self.steps:
            batch = len(self._rows)
            return Echo(np.zeros((batch, VOICES), np.int64), np.zeros(batch, np.int64))
        # The first one of equals is the latest place.
        index = self._runs[:, : self.steps].argmax(axis=1)
        run = self._runs[self._rows, index]
        tokens = self._tokens[self._rows, self.steps - 1 - index].astype(np.int64)
        tokens *= (run > 0)[:, np.newaxis]
        return Echo(tokens, _CLASSES.take(run, mode="clip"))

    def _fill(self, other: Trail, rows: IntArray | slice) -> None:
        """Copy rows of a trail into arrays that are at least as long."""
        self.steps = steps = other.steps
        self._tokens[:, :steps] = other._tokens[rows, :steps]
        self._runs[:, :steps] = other._runs[rows, :steps]
        first, begin = (each._chords.shape[1] - steps for each in (self, other))
        self._chords[:, first:] = other._chords[rows, begin:]


def echoes(vocabulary: Vocabulary, tokens: IntArray) -> Echo:
    """Return the echo at each step of whole pieces, tokens (batch, steps, 4)."""
    tokens = np.asarray(tokens, np.int64)
    batch = len(tokens)
    trail = Trail(batch, capacity=max(tokens.shape[1], 1))
    past = vocabulary.begin((batch,))
    found = []
    for step in range(tokens.shape[1]):
        found.append(trail.echo())
        past = vocabulary.follow(past, tokens[:, step])
        trail = trail.after(tokens[:, step], past)
    return Echo(*(np.stack(parts, axis=1) for parts in zip(*found, strict=True)))

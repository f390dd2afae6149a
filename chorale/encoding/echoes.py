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


class Echo(NamedTuple):
    """What came next at the earlier place."""

    tokens: IntArray  # (..., 4), what the voices did there; 0 if there is no place
    # (...), how many steps before agree, in LENGTHS classes; 0 if there is no place.
    lengths: IntArray


class Trail(NamedTuple):
    """What has been written, in a form in which echoes are found."""

    tokens: IntArray  # (batch, steps, 4)
    chords: IntArray  # (batch, steps), equal where tokens and sounding notes are
    # (batch, steps), how many steps before each step agree with the latest ones.
    runs: IntArray

    @classmethod
    def empty(cls, batch: int) -> Trail:
        """Return the trail before the first step."""
        nothing = np.zeros((batch, 0), np.int64)
        return cls(np.zeros((batch, 0, VOICES), np.int64), nothing, nothing)

    def at(self, rows: IntArray) -> Trail:
        """Return the trails of some rows of the batch, which may come several times."""
        return Trail(self.tokens[rows], self.chords[rows], self.runs[rows])

    def after(self, tokens: IntArray, past: Past) -> Trail:
        """Return the trail after a step of tokens (batch, 4), which leaves `past`."""
        columns = np.concatenate([tokens, past.pitches], axis=-1)
        # Tokens are fewer than 256, so eight of them are the bytes of one number.
        chord = columns @ 256 ** np.arange(2 * VOICES)[:, np.newaxis]
        runs = (self.chords == chord) * (1 + self.runs)
        return Trail(
            np.concatenate([self.tokens, tokens[:, np.newaxis]], axis=1),
            np.concatenate([self.chords, chord], axis=1),
            np.concatenate([np.zeros_like(chord), runs], axis=1),
        )

    def echo(self) -> Echo:
        """Return the echo at the step to come, arrays (batch, 4) and (batch,)."""
        batch, steps = self.chords.shape
        if not steps:
            return Echo(np.zeros((batch, VOICES), np.int64), np.zeros(batch, np.int64))
        place = steps - 1 - self.runs[:, ::-1].argmax(axis=1)
        rows = np.arange(batch)
        run = self.runs[rows, place]
        tokens = np.where(run[:, np.newaxis] > 0, self.tokens[rows, place], 0)
        return Echo(tokens, np.searchsorted(_LENGTHS, run, side="right"))


def echoes(vocabulary: Vocabulary, tokens: IntArray) -> Echo:
    """Return the echo at each step of whole pieces, tokens (batch, steps, 4)."""
    tokens = np.asarray(tokens, np.int64)
    batch = len(tokens)
    trail, past = Trail.empty(batch), vocabulary.begin((batch,))
    found = []
    for step in range(tokens.shape[1]):
        found.append(trail.echo())
        past = vocabulary.follow(past, tokens[:, step])
        trail = trail.after(tokens[:, step], past)
    return Echo(*(np.stack(parts, axis=1) for parts in zip(*found, strict=True)))

"""The keys in which phrases end: a Markov chain, and the melodies that fit them.

A key is a number: semitones of its tonic above that of the piece, and 12 more in minor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from chorale.models.critic.shrinkage import probabilities
from chorale.music.harmony.degrees import MODES
from chorale.music.keys import Key
from chorale.music.voices import SILENCE
from chorale.utils.arrays import Float64Array, IntArray

KEYS = 12 * len(MODES)
HOMES = (0, 12)  # the key of the piece itself, by its mode
BEGINNING = KEYS  # in place of the key before the first
# Counts by mode of the piece, key of the phrase end before and key; and by mode of the
# key, of the last three pitch classes of the soprano, above the local tonic.
FOLLOWING_SHAPE = (len(MODES), KEYS + 1, KEYS)
DEGREES_SHAPE = (len(MODES), 12, 12, 12)
_UNSEEN = 0.5  # count of each pitch class that is added
# Counts that pitch classes for themselves are worth, beside those of the last two
# together, and of the third last one before these.
_PAIR_PRIOR, _THIRD_PRIOR = 72.0, 16.0


def number_of(key: Key, home: Key) -> int:
    """Return the number of a key in a piece."""
    above = (key.tonic_class - home.tonic_class) % 12
    return 12 * MODES.index(key.mode) + above


def key_of(number: int, home: Key) -> Key:
    """Return the key of a number in a piece."""
    mode, above = divmod(number, 12)
    return Key.from_tonic_class(home.tonic_class + above, MODES[mode], home.fifths)


class Close(NamedTuple):
    """How a melody ends a phrase: its last pitch classes above a tonic.

    Notes that repeat the one before do not count.
    """

    third: int | None  # before the other two; None if there is none
    before: int
    last: int

    @classmethod
    def of(cls, phrase: IntArray, tonic: int) -> Close | None:
        """Return the close of a phrase.

        Args:
            phrase: int array (steps,), MIDI notes; 0 = silence.
            tonic: pitch class.

        Returns:
            None if it ends in silence or on its only note.
        """
        if not len(phrase) or phrase[-1] == SILENCE:
            return None
        notes = phrase[phrase != SILENCE]
        notes = notes[np.append(True, notes[1:] != notes[:-1])]
        if len(notes) < 2:
            return None
        *third, before, last = ((notes[-3:] - tonic) % 12).tolist()
        return cls(third[0] if third else None, before, last)


@dataclass(frozen=True, eq=False)
class CadenceKeys:
    """How often phrases of a corpus end in which key.

    Attributes:
        following: int array of FOLLOWING_SHAPE.
        degrees: int array of DEGREES_SHAPE.
    """

    following: IntArray
    degrees: IntArray

    @cached_property
    def transitions(self) -> Float64Array:
        """Probabilities shaped as `following`; a key that was never seen has none."""
        rows = []
        for home, counts in zip(HOMES, self.following.astype(np.float64), strict=True):
            general = self.following.sum(axis=(0, 1)).astype(np.float64)
            general[home] += 1
            rows.append(probabilities(counts, general / general.sum()))
        return np.stack(rows)

    @cached_property
    def _pairs(self) -> Float64Array:
        """Probabilities (mode, before, last) of the last two pitch classes."""
        counts = self.degrees.sum(axis=1)
        before, last = _shares(counts.sum(axis=2)), _shares(counts.sum(axis=1))
        expected = before[:, :, np.newaxis] * last[:, np.newaxis]
        totals = counts.sum(axis=(1, 2), keepdims=True)
        pairs: Float64Array = (counts + _PAIR_PRIOR * expected) / (totals + _PAIR_PRIOR)
        return pairs

    @cached_property
    def _thirds(self) -> Float64Array:
        """Probabilities of the third last pitch class, shaped as `degrees`."""
        expected = _shares(self.degrees.sum(axis=(2, 3)))[..., np.newaxis, np.newaxis]
        totals = self.degrees.sum(axis=1, keepdims=True)
        thirds: Float64Array = (self.degrees + _THIRD_PRIOR * expected) / (
            totals + _THIRD_PRIOR
        )
        return thirds

    def draw(
        self,
        mode: str,
        ends: Sequence[Close | None],
        random: np.random.Generator,
    ) -> list[int]:
        """Draw the key of each phrase end; the last one is that of the piece.

        They are drawn together, given the melody where it is known (forward filtering
        of the chain, run backwards, then sampling; Rabiner 1989). If it is known at
        most ends, each is the likeliest instead (posterior decoding): rare keys, drawn
        by chance, do not fit a melody.

        Args:
            mode: of the piece.
            ends: how the soprano ends the phrases, in order, above the tonic of the
                piece; None where it is unknown.
            random: numbers.

        Returns:
            numbers of keys.
        """
        home = MODES.index(mode)
        is_given = sum(end is not None for end in ends) > len(ends) / 2
        follows = self.transitions[home]
        fits = np.stack([self._fits(end) for end in ends])
        fits[-1, np.arange(KEYS) != HOMES[home]] = 0
        # Probability of all that is known from an end on, by its key.
        onwards = fits.copy()
        for index in reversed(range(len(ends) - 1)):
            onwards[index] *= follows[:KEYS] @ onwards[index + 1]
            onwards[index] /= onwards[index].sum()
        before = follows[BEGINNING]
        drawn: list[int] = []
        for fit, onward in zip(fits, onwards, strict=True):
            chances = before * onward
            if is_given:
                drawn.append(int(chances.argmax()))
                here = before * fit
                before = here / here.sum() @ follows[:KEYS]
            else:
                drawn.append(int(random.choice(KEYS, p=chances / chances.sum())))
                before = follows[drawn[-1]]
        return drawn

    def _fits(self, close: Close | None) -> Float64Array:
        """Return the probability of a close in each key, (KEYS,)."""
        if close is None:
            return np.ones(KEYS)
        mode, tonic = np.divmod(np.arange(KEYS), 12)
        pair = mode, (close.before - tonic) % 12, (close.last - tonic) % 12
        fits: Float64Array = self._pairs[pair]
        if close.third is not None:
            _, before, last = pair
            fits = fits * self._thirds[mode, (close.third - tonic) % 12, before, last]
        return fits


def _shares(counts: IntArray) -> Float64Array:
    """Return probabilities of pitch classes by their counts, (modes, 12)."""
    smoothed: Float64Array = counts.astype(np.float64) + _UNSEEN
    smoothed /= smoothed.sum(axis=1, keepdims=True)
    return smoothed

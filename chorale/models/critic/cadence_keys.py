"""The keys in which phrases end: a Markov chain, and the melodies that fit them.

A key is a number: semitones of its tonic above that of the piece, and 12 more in minor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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
# key, soprano's pitch class before the last one and last one, above the local tonic.
FOLLOWING_SHAPE = (len(MODES), KEYS + 1, KEYS)
DEGREES_SHAPE = (len(MODES), 12, 12)
_UNSEEN = 0.5  # count of each pair of degrees that is added


def number_of(key: Key, home: Key) -> int:
    """Return the number of a key in a piece."""
    above = (key.tonic_class - home.tonic_class) % 12
    return 12 * MODES.index(key.mode) + above


def key_of(number: int, home: Key) -> Key:
    """Return the key of a number in a piece."""
    mode, above = divmod(number, 12)
    return Key.from_tonic_class(home.tonic_class + above, MODES[mode], home.fifths)


def last_degrees(soprano: IntArray, tonic: int) -> tuple[int, int] | None:
    """Return the last two different pitch classes of a melody, above a tonic.

    Args:
        soprano: int array (steps,), MIDI notes up to a phrase end; 0 = silence.
        tonic: pitch class.

    Returns:
        None if it ends in silence or on its only note.
    """
    if not len(soprano) or soprano[-1] == SILENCE:
        return None
    others = soprano[(soprano != SILENCE) & (soprano != soprano[-1])]
    if not len(others):
        return None
    return int(others[-1] - tonic) % 12, int(soprano[-1] - tonic) % 12


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

    def draw(
        self,
        mode: str,
        ends: Sequence[tuple[int, int] | None],
        random: np.random.Generator,
    ) -> list[int]:
        """Draw the key of each phrase end; the last one is that of the piece.

        They are drawn together, given the melody where it is known (forward filtering
        of the chain, run backwards, then sampling; Rabiner 1989).

        Args:
            mode: of the piece.
            ends: of the phrases in order: the last two different pitch classes of the
                soprano, above the tonic of the piece; None where it is unknown.
            random: numbers.

        Returns:
            numbers of keys.
        """
        home = MODES.index(mode)
        follows = self.transitions[home]
        fits = np.stack([self._fits(end) for end in ends])
        fits[-1, np.arange(KEYS) != HOMES[home]] = 0
        # Probability of all that is known from an end on, by its key.
        for index in reversed(range(len(ends) - 1)):
            fits[index] *= follows[:KEYS] @ fits[index + 1]
            fits[index] /= fits[index].sum()
        drawn = [BEGINNING]
        for fit in fits:
            chances = follows[drawn[-1]] * fit
            drawn.append(int(random.choice(KEYS, p=chances / chances.sum())))
        return drawn[1:]

    def _fits(self, end: tuple[int, int] | None) -> Float64Array:
        """Return the probability of the end of a melody in each key, (KEYS,)."""
        if end is None:
            return np.ones(KEYS)
        counts = self.degrees + _UNSEEN
        chances = counts / counts.sum(axis=(1, 2), keepdims=True)
        mode, tonic = np.divmod(np.arange(KEYS), 12)
        before, last = end
        fits: Float64Array = chances[mode, (before - tonic) % 12, (last - tonic) % 12]
        return fits

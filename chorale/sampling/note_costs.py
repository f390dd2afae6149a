"""Costs of single notes: outside the range of a voice, or foreign to the mode.

Models know both from Bach, whose basses reach notes that few choirs have, and who wrote
nearly everything in major or minor. The keys of a model are those two: a melody in
another mode is given to it in the one with the same third, and the notes in which they
differ are drawn less often.
"""

from __future__ import annotations

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.music.keys import Key
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import ALL_VOICES, SILENCE
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.faults import HELD, PHRASE_END
from chorale.voice_leading.rules import surprisal

USUAL_RANGES = tuple((voice.lowest, voice.highest) for voice in ALL_VOICES)
_FOREIGN = 3.0  # nats of a note that is foreign to the mode
_NEAR = 2 * STEPS_PER_QUARTER  # before the end of a phrase
_LEADING_TONE = 11  # semitones above the tonic
# Degrees that tell modes apart, in semitones above the tonic, by the mode of the key:
# that of major or minor, and what another mode has instead of it.
_VARIABLE = {
    "major": ((_LEADING_TONE, 10), (5, 6)),  # Mixolydian, Lydian
    "minor": ((8, 9), (2, 1)),  # Dorian, Phrygian
}


class NoteCosts:
    """What the notes of a vocabulary cost each voice, in nats.

    Args:
        vocabulary: of the model.
        ranges: lowest and highest MIDI note of each voice that cost nothing.
        foreign: pitch classes, see `foreign_classes`.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        ranges: tuple[tuple[int, int], ...],
        foreign: tuple[int, ...],
    ) -> None:
        pitches = vocabulary.pitches
        is_note = pitches != SILENCE
        low, high = np.array(ranges).T[..., np.newaxis]
        outside = is_note & ((pitches < low) | (pitches > high))
        self._outside = surprisal("range") * outside  # (4, tokens)
        self._foreign = is_note & np.isin(pitches % 12, foreign)
        self._classes = np.where(is_note, pitches % 12, -1)

    def of(self, voice: int, leading: IntArray, is_near: BoolArray) -> Float64Array:
        """Return the costs of all tokens of a voice, float array (rows, tokens).

        Args:
            voice: its index.
            leading: int array (rows,), pitch classes of the leading tones.
            is_near: bool array (rows,), see `near_phrase_ends`; there a leading tone is
                not foreign.
        """
        own: Float64Array = self._outside[np.newaxis, voice]
        if not self._foreign.any():
            return own
        is_free = is_near[:, np.newaxis] & (self._classes == leading[:, np.newaxis])
        costs: Float64Array = own + _FOREIGN * (self._foreign & ~is_free)
        return costs


def near_phrase_ends(places: IntArray) -> BoolArray:
    """Return which steps lead to the end of a phrase or are in it, (pieces, steps).

    Args:
        places: int array (pieces, steps), see
            `chorale.voice_leading.sonority_faults.step_places`.
    """
    ends = np.isin(places, (PHRASE_END, HELD))
    near = ends.copy()
    for steps in range(1, _NEAR + 1):
        near[:, :-steps] |= ends[:, steps:]
    return near


def foreign_classes(key: Key, line: IntArray) -> tuple[int, ...]:
    """Return the pitch classes of a key that a melody in another mode avoids.

    They are degrees of major or minor in place of which the melody has those of
    Mixolydian, Lydian, Dorian or Phrygian, never both. A melody in minor with a leading
    tone is in no other mode: its sixth degree is raised on the way there.

    Args:
        key: of the melody.
        line: int array (steps,), MIDI notes, 0 = silence.
    """
    degrees = set(((line[line != SILENCE] - key.tonic_class) % 12).tolist())
    if key.mode == "minor" and _LEADING_TONE in degrees:
        return ()
    return tuple(
        (key.tonic_class + own) % 12
        for own, other in _VARIABLE[key.mode]
        if other in degrees and own not in degrees
    )

"""The alphabet of a next-step sampler: notes and tokens by the pitch that sounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.sampling.batches import allowed_tokens
from chorale.sampling.logits import DrawingOptions
from chorale.utils.arrays import BoolArray, IntArray


class Alphabet(NamedTuple):
    """What a sampler looks up about sounding pitches, see `Past.pitches`.

    Attributes:
        notes: int array (pitches,), MIDI notes, 0 = silence.
        may_follow: bool array (4, pitches, tokens), the tokens that may follow in each
            voice.
        tokens: int array (pitches,), the token of each; silence before the first step.
        staying: int array (pitches,), the token by which a voice goes on as it is; None
            if there is no such token.
    """

    notes: IntArray
    may_follow: BoolArray
    tokens: IntArray
    staying: IntArray | None

    @classmethod
    def of(cls, vocabulary: Vocabulary, options: DrawingOptions) -> Alphabet:
        """Return the alphabet of a vocabulary.

        Raises:
            UsageError: a range without a note of the vocabulary.
        """
        pitches = np.arange(1 + vocabulary.nothing)
        allowed = allowed_tokens(vocabulary, options)
        may_follow = np.repeat(allowed[:, np.newaxis], len(pitches), axis=1)
        if vocabulary.hold is not None:
            # A given note outside the range may not be held after its end.
            is_note = ~vocabulary.is_silent(pitches)
            may_follow[..., vocabulary.hold] = allowed[:, pitches] & is_note
        return cls(
            vocabulary.notes(pitches),
            may_follow,
            np.where(pitches == vocabulary.nothing, SILENCE_TOKEN, pitches),
            vocabulary.staying(pitches),
        )

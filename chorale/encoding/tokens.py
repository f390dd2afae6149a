"""Tokens: what a network reads and writes for one voice at one step.

One contiguous vocabulary serves all voices: token 0 is silence, then every MIDI note
from the lowest to the highest of train and valid, then, in the `hold` encoding, HOLD.

- `pitch` writes every step's pitch: the form in which likelihoods are published. It
  does not distinguish a held pitch from one struck again, so decoding merges repeats.
- `hold` writes the pitch at an onset and HOLD while it sounds; decoding is exact.

HOLD is only an output. Networks read the past as sounding pitches and their ages, so a
crop of a piece does not lack what is held at its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from chorale.encoding.vocabulary import NoteVocabulary
from chorale.errors import DataError
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, IntArray

SILENCE_TOKEN = 0
MAX_AGE = 31  # ages are counted up to two bars of common time


class Past(NamedTuple):
    """The notes as they stand after some step, resolved from tokens."""

    # (..., 4), token of the sounding pitch, silence or `Vocabulary.nothing` before the
    # first step; never HOLD.
    pitches: IntArray
    # (..., 4), steps since the voice attacked or fell silent, at most MAX_AGE.
    ages: IntArray

    def at(self, rows: IntArray) -> Past:
        """Return the notes of some rows of a batch, which may come several times."""
        return Past(self.pitches[rows], self.ages[rows])


@dataclass(frozen=True, kw_only=True)
class Vocabulary(NoteVocabulary):
    """The tokens of a model, those of its train and valid splits."""

    unit: ClassVar[str] = "tokens"

    @cached_property
    def pitch_count(self) -> int:
        """Tokens for silence and the MIDI notes."""
        return 1 + self.note_count

    @cached_property
    def hold(self) -> int | None:
        """The HOLD token; None in the `pitch` encoding."""
        return self.pitch_count if self.encoding == "hold" else None

    @property
    def size(self) -> int:
        """Number of tokens that a network may write."""
        return self.pitch_count + (self.encoding == "hold")

    @property
    def pitches(self) -> IntArray:
        """MIDI note of each token, 0 for silence and HOLD: int array (size,)."""
        return self.notes(np.arange(self.size))

    @property
    def nothing(self) -> int:
        """What stands in `Past.pitches` before the first step."""
        return self.pitch_count

    def token(self, pitch: int) -> int:
        """Return the token of a MIDI note or of silence."""
        return SILENCE_TOKEN if pitch == SILENCE else pitch - self.lowest + 1

    def encode(self, chorale: Chorale) -> IntArray:
        """Return the tokens of a chorale, int array (steps, 4).

        Raises:
            DataError: a note outside the vocabulary, by name.
        """
        tokens = self.number_notes(chorale)
        if self.hold is not None:
            tokens[(tokens != SILENCE_TOKEN) & ~chorale.onsets] = self.hold
        return tokens

    def decode(self, tokens: IntArray) -> tuple[IntArray, BoolArray]:
        """Return pitches and onsets, arrays (steps, 4), of a whole piece's tokens.

        In the `pitch` encoding an onset is where the pitch changes.

        Raises:
            DataError: a token outside the vocabulary, or HOLD in a silent voice.
        """
        tokens = self.checked(tokens)
        # What stands before each step, and after the last one.
        resolved = self.pasts(np.pad(tokens, ((0, 1), (0, 0)))).pitches
        dead = (tokens == self.hold) & self.is_silent(resolved[:-1])
        if dead.any():
            step, voice = np.argwhere(dead)[0].tolist()
            raise DataError(
                f"the {VOICE_NAMES[voice]} holds a note at step {step} but is silent"
            )
        resolved = resolved[1:]
        pitches = self.notes(resolved)
        if self.hold is None:
            return pitches, changes(pitches)
        return pitches, (tokens != self.hold) & (pitches != SILENCE)

    def notes(self, pitches: IntArray) -> IntArray:
        """Return the MIDI notes, 0 = silence, of tokens as in `Past.pitches`."""
        return np.where(self.is_silent(pitches), SILENCE, pitches + self.lowest - 1)

    def staying(self, pitches: IntArray) -> IntArray | None:
        """Return the token by which a voice goes on as it is, HOLD or silence.

        Both are int arrays (...), the pitches those of `Past`. None in the `pitch`
        encoding, which does not tell a note that is held from one struck again.
        """
        if self.hold is None:
            return None
        return np.where(self.is_silent(pitches), SILENCE_TOKEN, self.hold)

    def shifted(self, tokens: IntArray, semitones: int) -> IntArray:
        """Transpose tokens, or pitches of a Past; silence and HOLD are what they were.

        Notes may leave the vocabulary.
        """
        is_pitch = (tokens != SILENCE_TOKEN) & (tokens < self.pitch_count)
        return np.where(is_pitch, tokens + semitones, tokens)

    def is_silent(self, pitches: IntArray) -> BoolArray:
        """Return where `Past.pitches` holds nothing that could sound on."""
        silent: BoolArray = (pitches == SILENCE_TOKEN) | (pitches == self.nothing)
        return silent

    def begin(self, shape: tuple[int, ...]) -> Past:
        """Return the past before the first step, arrays `shape` + (4,)."""
        pitches = np.full((*shape, VOICES), self.nothing, np.int64)
        return Past(pitches, np.zeros_like(pitches))

    def follow(self, past: Past, tokens: IntArray) -> Past:
        """Return the past after one more step, with these tokens, (..., 4)."""
        if self.hold is None:
            pitches = np.array(tokens)
            goes_on = tokens == past.pitches
        else:
            goes_on = tokens == self.hold
            pitches = np.where(goes_on, past.pitches, tokens)
            # Silence has a token at every step, and yet it continues.
            goes_on = goes_on | (
                (tokens == SILENCE_TOKEN) & (past.pitches == SILENCE_TOKEN)
            )
        ages = np.minimum(past.ages + 1, MAX_AGE) * goes_on
        return Past(pitches, ages)

    def pasts(self, tokens: IntArray) -> Past:
        """Return what stands before each step of whole pieces, arrays (..., steps, 4).

        Step t holds the notes as they stand after t - 1.
        """
        tokens = np.asarray(tokens, np.int64)
        steps = np.arange(tokens.shape[-2])[:, np.newaxis]
        if self.hold is None:
            after = tokens
            before = _delayed(after, self.nothing)
            goes_on = tokens == before
        else:
            goes_on = tokens == self.hold
            written = np.maximum.accumulate(np.where(goes_on, -1, steps), axis=-2)
            after = np.take_along_axis(tokens, np.maximum(written, 0), axis=-2)
            after[written < 0] = self.nothing
            before = _delayed(after, self.nothing)
            # Silence has a token at every step, and yet it continues.
            goes_on |= (tokens == SILENCE_TOKEN) & (before == SILENCE_TOKEN)
        begun = np.maximum.accumulate(np.where(goes_on, -1, steps), axis=-2)
        return Past(before, _delayed(np.minimum(steps - begun, MAX_AGE), 0))


def _delayed(table: IntArray, first: int) -> IntArray:
    """Return an array (..., steps, 4) one step later, after a first step."""
    begin = np.full_like(table[..., :1, :], first)
    return np.concatenate([begin, table[..., :-1, :]], axis=-2)

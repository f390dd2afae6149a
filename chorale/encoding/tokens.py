"""Tokens: what a network reads and writes for one voice at one step.

One contiguous vocabulary serves all voices: token 0 is silence, then every MIDI note
from the lowest to the highest of the train split, then, in the `hold` encoding, HOLD.

- `pitch` writes every step's pitch: the form in which likelihoods are published. It
  does not distinguish a held pitch from one struck again, so decoding merges repeats.
- `hold` writes the pitch at an onset and HOLD while it sounds; decoding is exact.

HOLD is only an output. Networks read the past as sounding pitches and their ages, so a
crop of a piece does not lack what is held at its start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import pitch_name
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, IntArray

ENCODINGS = ("pitch", "hold")
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
class Vocabulary:
    """The tokens of a model, fitted to its train split and stored with it."""

    encoding: str  # `pitch` or `hold`
    lowest: int  # the first MIDI note that has a token
    highest: int  # the last, included
    # Lowest and highest note of each voice in train, soprano first.
    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise DataError(
                f"expected an encoding out of {', '.join(ENCODINGS)}, "
                f"got {self.encoding!r}"
            )
        if len(self.ranges) != VOICES or not all(
            SILENCE < self.lowest <= low <= high <= self.highest
            for low, high in self.ranges
        ):
            raise DataError("expected four voice ranges inside the vocabulary")

    @classmethod
    def fit(cls, chorales: Iterable[Chorale], encoding: str = "hold") -> Vocabulary:
        """Return the vocabulary of the notes in `chorales`.

        Raises:
            DataError: there are no chorales, or a voice that never sounds.
        """
        columns = [chorale.pitches for chorale in chorales]
        if not columns:
            raise DataError("a vocabulary needs at least one chorale to fit")
        pitches = np.concatenate(columns)
        ranges = []
        for voice in range(VOICES):
            sounding = pitches[pitches[:, voice] != SILENCE, voice]
            if not len(sounding):
                raise DataError(f"the {VOICE_NAMES[voice]} never sounds in this corpus")
            ranges.append((int(sounding.min()), int(sounding.max())))
        return cls(
            encoding=encoding,
            lowest=min(low for low, _ in ranges),
            highest=max(high for _, high in ranges),
            ranges=tuple(ranges),
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Vocabulary:
        """Rebuild a vocabulary from what `dataclasses.asdict` gave and JSON kept."""
        ranges = tuple((int(low), int(high)) for low, high in values["ranges"])
        return cls(**{**values, "ranges": ranges})

    @property
    def pitch_count(self) -> int:
        """Tokens for silence and the MIDI notes."""
        return 2 + self.highest - self.lowest

    @property
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
    def alphabet(self) -> str:
        """What the tokens are, in words; ranges of voices have no part in it."""
        low, high = pitch_name(self.lowest), pitch_name(self.highest)
        return f"{self.encoding} encoding from {low} to {high}"

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
        pitches = chorale.pitches
        sounding = pitches != SILENCE
        outside = sounding & ((pitches < self.lowest) | (pitches > self.highest))
        if outside.any():
            step, voice = (int(index) for index in np.argwhere(outside)[0])
            raise DataError(
                f"{chorale.source or 'the chorale'}: the {VOICE_NAMES[voice]}'s "
                f"{pitch_name(int(pitches[step, voice]))} in bar "
                f"{chorale.bars[step]} is outside the model's vocabulary, "
                f"{pitch_name(self.lowest)} to {pitch_name(self.highest)}"
            )
        tokens: IntArray = np.where(sounding, pitches - self.lowest + 1, SILENCE_TOKEN)
        if self.hold is not None:
            tokens[sounding & ~chorale.onsets] = self.hold
        return tokens

    def decode(self, tokens: IntArray) -> tuple[IntArray, BoolArray]:
        """Return pitches and onsets, arrays (steps, 4), of a whole piece's tokens.

        In the `pitch` encoding an onset is where the pitch changes.

        Raises:
            DataError: a token outside the vocabulary, or HOLD in a silent voice.
        """
        tokens = np.asarray(tokens, np.int64)
        if tokens.min() < 0 or tokens.max() >= self.size:
            raise DataError(
                f"expected tokens from 0 to {self.size - 1}, "
                f"got {tokens.min()} to {tokens.max()}"
            )
        past = self.begin(())
        resolved = np.empty_like(tokens)
        for step, row in enumerate(tokens):
            dead = (row == self.hold) & self.is_silent(past.pitches)
            if dead.any():
                voice = VOICE_NAMES[int(np.argmax(dead))]
                raise DataError(
                    f"the {voice} holds a note at step {step} but is silent"
                )
            past = self.follow(past, row)
            resolved[step] = past.pitches
        pitches = self.notes(resolved)
        if self.hold is None:
            return pitches, changes(pitches)
        return pitches, (tokens != self.hold) & (pitches != SILENCE)

    def notes(self, pitches: IntArray) -> IntArray:
        """Return the MIDI notes, 0 = silence, of tokens as in `Past.pitches`."""
        return np.where(self.is_silent(pitches), SILENCE, pitches + self.lowest - 1)

    def notes_after(self, pitches: IntArray) -> IntArray:
        """Return the MIDI notes, 0 = silence, that all tokens would sound, (..., size).

        The pitches, int array (...), are those before, as in `Past.pitches`.
        """
        every = np.tile(np.arange(self.size), (*pitches.shape, 1))
        if self.hold is not None:
            every[..., self.hold] = pitches
        return self.notes(every)

    def staying(self, pitches: IntArray) -> IntArray | None:
        """Return the token by which a voice goes on as it is, HOLD or silence.

        Both are int arrays (...), the pitches those of `Past`. None in the `pitch`
        encoding, which does not tell a note that is held from one struck again.
        """
        if self.hold is None:
            return None
        return np.where(self.is_silent(pitches), SILENCE_TOKEN, self.hold)

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
            pitches = tokens
            goes_on = tokens == past.pitches
        else:
            goes_on = tokens == self.hold
            pitches = np.where(goes_on, past.pitches, tokens)
            # Silence has a token at every step, and yet it continues.
            goes_on = goes_on | (
                (tokens == SILENCE_TOKEN) & (past.pitches == SILENCE_TOKEN)
            )
        ages = np.where(goes_on, np.minimum(past.ages + 1, MAX_AGE), 0)
        return Past(pitches, ages)

    def pasts(self, tokens: IntArray) -> Past:
        """Return what stands before each step of whole pieces, arrays (..., steps, 4).

        Step t holds the notes as they stand after t - 1.
        """
        tokens = np.asarray(tokens, np.int64)
        past = self.begin(tokens.shape[:-2])
        pitches, ages = np.empty_like(tokens), np.empty_like(tokens)
        for step in range(tokens.shape[-2]):
            pitches[..., step, :], ages[..., step, :] = past
            past = self.follow(past, tokens[..., step, :])
        return Past(pitches, ages)


def shifted(tokens: IntArray, semitones: int, vocabulary: Vocabulary) -> IntArray:
    """Transpose tokens, or pitches of a Past; silence and HOLD are what they were."""
    is_pitch = (tokens != SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
    return np.where(is_pitch, tokens + semitones, tokens)

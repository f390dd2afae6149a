"""The Chorale: four voices on a grid of sixteenths, with metre, key and fermatas.

Every format reads into this value and is written from it; corpora are lists of it and
samplers return it. Nothing here depends on files, tokens or networks.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import (
    COMMON_TIME,
    STEPS_PER_WHOLE,
    Bar,
    Metre,
    bar_lengths,
    number_bars,
)
from chorale.music.voices import HIGHEST_PITCH, SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

DEFAULT_TEMPO = 72.0  # quarters per minute; most scores of chorales give none

# Tempo under a fermata as a share of the tempo: the chord is held about two thirds of a
# beat longer.
FERMATA_TEMPO = 0.6

# What shows a chorale in notebooks. Named, not imported: music knows of no formats, and
# none is loaded until a chorale is shown.
_DISPLAY = "chorale.formats.display:html_of"

_ARRAYS = ("pitches", "onsets", "fermatas", "bars", "positions")


class Note(NamedTuple):
    """A note of one voice: MIDI pitch, first step, length in steps."""

    pitch: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """The step after the last."""
        return self.start + self.length


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Chorale:
    """Four voices, step by step. Immutable.

    Attributes:
        pitches: int array (steps, 4), MIDI notes soprano → bass, 0 = silence.
        onsets: bool array (steps, 4), True where the voice attacks; a step with the
            same pitch and no onset is held. By default every change of pitch is an
            onset and every repeated pitch is held.
        fermatas: bool array (steps,), True under a fermata. By default none.
        bars: int array (steps,), number of the bar; a pickup is bar 0.
        positions: int array (steps,), steps since the barline; a pickup has the
            positions of the end of a full bar. By default full bars of the first metre.
        metres: time signatures in order, the first at step 0.
        key: None if unknown.
        tempo: quarters per minute.
        title: may be empty.
        source: a file or a catalogue number such as `bwv253`.
        credit: a line on who wrote what, for the credits of files; may be empty.
        lyrics: syllables under notes, in any order.

    Raises:
        DataError: arrays of the wrong shape, pitches that are not MIDI notes, a pitch
            that changes without an onset, an onset of a silent voice.
    """

    pitches: IntArray
    onsets: BoolArray = None  # type: ignore[assignment]
    fermatas: BoolArray = None  # type: ignore[assignment]
    bars: IntArray = None  # type: ignore[assignment]
    positions: IntArray = None  # type: ignore[assignment]
    metres: tuple[Metre, ...] = (COMMON_TIME,)
    key: Key | None = None
    tempo: float = DEFAULT_TEMPO
    title: str = ""
    source: str = ""
    credit: str = ""
    lyrics: tuple[Lyric, ...] = ()

    def __post_init__(self) -> None:
        pitches = np.array(self.pitches, np.int64)
        if pitches.ndim != 2 or pitches.shape[1] != VOICES or not len(pitches):
            raise DataError(
                f"expected pitches of shape (steps, {VOICES}), got {pitches.shape}"
            )
        if pitches.min() < SILENCE or pitches.max() > HIGHEST_PITCH:
            raise DataError(
                f"expected MIDI notes from {SILENCE} to {HIGHEST_PITCH}, "
                f"got {pitches.min()} to {pitches.max()}"
            )
        if not self.metres or self.metres[0].step != 0:
            raise DataError("expected a first time signature at step 0")
        bars, positions = self.bars, self.positions
        if bars is None or positions is None:
            bars, positions = number_bars(len(pitches), self.metres)
        onsets = changes(pitches) if self.onsets is None else self.onsets
        fermatas = np.zeros(len(pitches)) if self.fermatas is None else self.fermatas
        arrays = (
            pitches,
            np.array(onsets, np.bool_),
            np.array(fermatas, np.bool_),
            np.array(bars, np.int64),
            np.array(positions, np.int64),
        )
        for name, array in zip(_ARRAYS, arrays, strict=True):
            expected = pitches.shape if name in ("pitches", "onsets") else (self.steps,)
            if array.shape != expected:
                raise DataError(
                    f"expected {name} of shape {expected}, got {array.shape}"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.positions.min() < 0 or self.bars.min() < 0:
            raise DataError("expected bars and positions of at least 0")
        object.__setattr__(self, "metres", tuple(self.metres))
        object.__setattr__(self, "lyrics", tuple(sorted(self.lyrics)))
        if error := onset_error(self.pitches, self.onsets):
            step, message = error
            raise DataError(f"{message} at step {step}")

    def __len__(self) -> int:
        return len(self.pitches)

    def __repr__(self) -> str:
        """Return the description, not the arrays."""
        return self.description

    def __eq__(self, other: object) -> bool:
        """Compare the music: notes, fermatas, bars, metres and key, not the labels."""
        if not isinstance(other, Chorale):
            return NotImplemented
        return (self.metres, self.key) == (other.metres, other.key) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in _ARRAYS
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def description(self) -> str:
        """A line on what it is: title, source, key, first metre and number of bars."""
        title, source = self.title.strip(), self.source.strip()
        name = f"{title} ({source})" if title and source else title or source
        bars = len(self.written_bars())
        length = f"{bars} bar" + "s" * (bars != 1)
        key = self.key.name if self.key else ""
        facts = (name or "Chorale", key, self.metre.name, length)
        return ", ".join(filter(None, facts))

    def _repr_html_(self) -> str:
        """Return the score and the sound, which notebooks show."""
        html: str = resolve_name(_DISPLAY)(self)
        return html

    @property
    def steps(self) -> int:
        return len(self.pitches)

    # === Metre and tempo ===

    @property
    def metre(self) -> Metre:
        """The first time signature."""
        return self.metres[0]

    @property
    def pickup(self) -> int:
        """Steps before the first full bar; 0 if the piece starts on a barline."""
        first = int(self.positions[0])
        return self.metre.bar_length - first if first else 0

    def metre_at(self, step: int) -> Metre:
        """Return the time signature in force at a step."""
        return self.metres[bisect(self.metres, step, key=lambda m: m.step) - 1]

    def beat_at(self, step: int) -> float:
        """Return the beat of a step, from 1, in units of the time signature."""
        unit = STEPS_PER_WHOLE / self.metre_at(step).denominator
        return 1 + int(self.positions[step]) / unit

    def bar_lengths(self) -> IntArray:
        """Return the length of a full bar at each step, int array (steps,)."""
        return bar_lengths(self.metres, self.steps)

    def written_bars(self) -> list[Bar]:
        """Return the bars between barlines in order, full or not."""
        bars, positions = self.bars, self.positions
        is_barline = (np.diff(bars) != 0) | (np.diff(positions) != 1)
        starts = [0, *(np.flatnonzero(is_barline) + 1).tolist(), self.steps]
        return [
            Bar(
                start=start,
                length=end - start,
                number=int(bars[start]),
                position=int(positions[start]),
                metre=self.metre_at(start),
            )
            for start, end in pairwise(starts)
        ]

    def fermata_spans(self) -> list[tuple[int, int]]:
        """Return the first step of each fermata and the step after its last."""
        padded = np.concatenate([[0], self.fermatas, [0]])
        edges = np.flatnonzero(np.diff(padded)).tolist()
        return list(zip(edges[::2], edges[1::2], strict=True))

    def step_tempos(self) -> Float64Array:
        """Return the tempo of each step in quarters per minute, slower at fermatas."""
        return np.where(self.fermatas, FERMATA_TEMPO, 1.0) * self.tempo

    # === Notes ===

    def notes(self, voice: int) -> list[Note]:
        """Return the notes of one voice in order, without rests."""
        starts = np.flatnonzero(self.onsets[:, voice])
        pitches = self.pitches[:, voice]
        # A note ends at the next onset, or where the voice falls silent.
        rests = np.flatnonzero(np.append(pitches[1:] == SILENCE, True)) + 1
        ends = np.minimum(
            rests[np.searchsorted(rests, starts, side="right")],
            np.append(starts[1:], self.steps),
        )
        return [
            Note(int(pitches[start]), start, end - start)
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]

    @classmethod
    def from_notes(
        cls, notes: Sequence[Iterable[Note]], steps: int, **fields: Any
    ) -> Chorale:
        """Return a chorale of given notes.

        Args:
            notes: the notes of each of the four voices, soprano first.
            steps: length of the piece.
            fields: the other fields of a Chorale.

        Raises:
            DataError: two notes of a voice overlap, or one is outside the piece.
        """
        pitches = np.zeros((steps, VOICES), np.int64)
        onsets = np.zeros((steps, VOICES), np.bool_)
        for name, line, pitch, onset in zip(
            VOICE_NAMES, notes, pitches.T, onsets.T, strict=True
        ):
            for note in line:
                if note.start < 0 or note.end > steps or note.length < 1:
                    raise DataError(
                        f"expected notes of the {name} within {steps} steps, got one "
                        f"from step {note.start} to {note.end}"
                    )
                if pitch[note.start : note.end].any():
                    raise DataError(
                        f"two notes of the {name} sound at once at step {note.start}"
                    )
                pitch[note.start : note.end] = note.pitch
                onset[note.start] = True
        return cls(pitches=pitches, onsets=onsets, **fields)

    def transpose(self, semitones: int) -> Chorale:
        """Return the chorale `semitones` higher; silence stays silence.

        Raises:
            DataError: a note would leave the MIDI range.
        """
        sounding = self.pitches != SILENCE
        pitches = np.where(sounding, self.pitches + semitones, SILENCE)
        if sounding.any() and pitches[sounding].min() <= SILENCE:
            raise DataError(f"transposing by {semitones} leaves the MIDI range")
        key = None if self.key is None else self.key.transpose(semitones)
        return replace(self, pitches=pitches, key=key)

    def excerpt(self, start: int, end: int) -> Chorale:
        """Return the steps from `start` to `end`; bars keep their numbers.

        A note that begins before `start` is attacked there. An `end` after the piece
        is its end.
        """
        arrays = {name: getattr(self, name)[start:end] for name in _ARRAYS}
        arrays["onsets"] = arrays["onsets"] | changes(arrays["pitches"])
        later = [metre for metre in self.metres if start < metre.step < end]
        metres = (
            replace(metre, step=max(metre.step - start, 0))
            for metre in (self.metre_at(start), *later)
        )
        lyrics = (
            replace(lyric, step=lyric.step - start)
            for lyric in self.lyrics
            if start <= lyric.step < end
        )
        return replace(self, **arrays, metres=tuple(metres), lyrics=tuple(lyrics))

    def opening(self, steps: int) -> Chorale:
        """Return the first steps, at most the whole piece."""
        return self.excerpt(0, steps)


def changes(pitches: IntArray) -> BoolArray:
    """Return where a sounding pitch differs from the step before it, or is the first.

    `pitches` is an int array (steps, voices), 0 = silence.
    """
    changed: BoolArray = pitches != SILENCE
    changed[1:] &= pitches[1:] != pitches[:-1]
    return changed


def onset_error(pitches: IntArray, onsets: BoolArray) -> tuple[int, str] | None:
    """Return the step and the description of an onset that contradicts the pitches.

    Both are arrays (steps, 4) as in Chorale. None if they agree.
    """
    for wrong, problem in (
        (changes(pitches) & ~onsets, "has a new pitch without an onset"),
        (onsets & (pitches == SILENCE), "has an onset but is silent"),
    ):
        if wrong.any():
            step, voice = np.argwhere(wrong)[0].tolist()
            return step, f"the {VOICE_NAMES[voice]} {problem}"
    return None

"""The Chorale: four voices on a grid of sixteenths, and what a score says about them.

Every format reads into this value and is written from it; corpora are lists of it and
samplers return it. Nothing here knows of files, tokens or networks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import Key
from chorale.music.voices import HIGHEST_PITCH, SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, IntArray

STEPS_PER_QUARTER = 4  # one step is a sixteenth
STEPS_PER_WHOLE = 4 * STEPS_PER_QUARTER
DEFAULT_TEMPO = 72.0  # quarters a minute; the scores give none


@dataclass(frozen=True)
class Metre:
    """A time signature that holds from a step on.

    Attributes:
        numerator, denominator: as written, 4 and 4 for common time.
        step: the first step of the first bar it governs.
    """

    numerator: int
    denominator: int
    step: int = 0

    def __post_init__(self) -> None:
        if (
            self.numerator < 1
            or self.denominator not in (1, 2, 4, 8, 16)
            or self.step < 0
        ):
            raise DataError(
                "expected a time signature of whole sixteenths such as '3/4', "
                f"got {self.name!r}"
            )

    @property
    def name(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_length(self) -> int:
        """Steps in a full bar."""
        return self.numerator * STEPS_PER_WHOLE // self.denominator

    @classmethod
    def parse(cls, text: str, step: int = 0) -> Metre:
        """Read a signature such as `3/4`, as `name` writes it."""
        match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
        if match is None:
            raise DataError(f"expected a time signature such as '3/4', got {text!r}")
        return cls(int(match[1]), int(match[2]), step)


COMMON_TIME = Metre(4, 4)


class Note(NamedTuple):
    """A note of one voice: MIDI pitch, first step, length in steps."""

    pitch: int
    start: int
    length: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Chorale:
    """Four voices, step by step. A value: never changed once made.

    Attributes:
        pitches: int array (steps, 4), MIDI notes soprano → bass, 0 = silence.
        onsets: bool array (steps, 4), True where the voice attacks; a step with the
            same pitch and no onset is held. Left out, every change of pitch is an
            onset and every repeated pitch is held.
        fermatas: bool array (steps,), True while a fermata stands. Left out: none.
        bars: int array (steps,), number of the bar; a pickup is bar 0.
        positions: int array (steps,), steps since the barline; a pickup counts as the
            end of a full bar. `bars` and `positions` left out: full bars of the first
            metre from the first step.
        metres: time signatures in order, the first at step 0.
        key: None if unknown.
        tempo: quarters a minute.
        title: for people; may be empty.
        source: where it comes from, a file or a catalogue number such as `bwv253`.

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

    def __post_init__(self) -> None:
        pitches = _frozen(self.pitches, np.int64)
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
        onsets = self.onsets
        if onsets is None:
            onsets = changes(pitches)
        fermatas = self.fermatas
        if fermatas is None:
            fermatas = np.zeros(len(pitches), np.bool_)
        bars, positions = self.bars, self.positions
        if bars is None or positions is None:
            bars, positions = lay_bars(len(pitches), self.metres)
        fields: dict[str, Any] = {
            "pitches": pitches,
            "onsets": _frozen(onsets, np.bool_),
            "fermatas": _frozen(fermatas, np.bool_),
            "bars": _frozen(bars, np.int64),
            "positions": _frozen(positions, np.int64),
        }
        for name, array in fields.items():
            expected = (
                pitches.shape if name in ("pitches", "onsets") else pitches.shape[:1]
            )
            if array.shape != expected:
                raise DataError(
                    f"expected {name} of shape {expected}, got {array.shape}"
                )
            object.__setattr__(self, name, array)
        if fields["positions"].min() < 0 or fields["bars"].min() < 0:
            raise DataError("expected bars and positions of at least 0")
        object.__setattr__(self, "metres", tuple(self.metres))
        _check_onsets(self.pitches, self.onsets)

    def __len__(self) -> int:
        return len(self.pitches)

    def __eq__(self, other: object) -> bool:
        """Compare the music: notes, fermatas, bars, metres and key, not the labels."""
        if not isinstance(other, Chorale):
            return NotImplemented
        return (
            self.metres == other.metres
            and self.key == other.key
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("pitches", "onsets", "fermatas", "bars", "positions")
            )
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def steps(self) -> int:
        return len(self.pitches)

    @property
    def metre(self) -> Metre:
        """The first time signature."""
        return self.metres[0]

    @property
    def pickup(self) -> int:
        """Steps before the first full bar; 0 if the piece starts on a barline."""
        first = int(self.positions[0])
        return self.metre.bar_length - first if first else 0

    def bar_lengths(self) -> IntArray:
        """Return, per step, the length in steps of a full bar of the metre in force."""
        return bar_lengths(self.metres, self.steps)

    def notes(self, voice: int) -> list[Note]:
        """Return the notes of one voice in order; silence is what lies between."""
        starts = np.flatnonzero(self.onsets[:, voice])
        pitches = self.pitches[:, voice]
        # A note ends at the next onset, or where the voice falls silent.
        ends = np.flatnonzero(np.append(pitches[1:] == SILENCE, True)) + 1
        notes = []
        for index, start in enumerate(starts):
            end = int(ends[np.searchsorted(ends, start, side="right")])
            if index + 1 < len(starts):
                end = min(end, int(starts[index + 1]))
            notes.append(Note(int(pitches[start]), int(start), end - int(start)))
        return notes

    @classmethod
    def from_notes(
        cls, notes: Sequence[Iterable[Note]], steps: int, **fields: Any
    ) -> Chorale:
        """Lay notes on the grid.

        Args:
            notes: the notes of each of the four voices, soprano first.
            steps: length of the piece.
            fields: the other fields of a Chorale.

        Raises:
            DataError: two notes of a voice overlap, or one lies outside the piece.
        """
        pitches = np.zeros((steps, VOICES), np.int64)
        onsets = np.zeros((steps, VOICES), np.bool_)
        for voice, line in enumerate(notes):
            for note in line:
                end = note.start + note.length
                if note.start < 0 or end > steps or note.length < 1:
                    raise DataError(f"a note of the {VOICE_NAMES[voice]} lies outside")
                if pitches[note.start : end, voice].any():
                    raise DataError(
                        f"two notes of the {VOICE_NAMES[voice]} sound at once "
                        f"at step {note.start}"
                    )
                pitches[note.start : end, voice] = note.pitch
                onsets[note.start, voice] = True
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

    def opening(self, steps: int) -> Chorale:
        """Return the first `steps` steps; a longer request returns all there is."""
        return replace(
            self,
            pitches=self.pitches[:steps],
            onsets=self.onsets[:steps],
            fermatas=self.fermatas[:steps],
            bars=self.bars[:steps],
            positions=self.positions[:steps],
            metres=tuple(metre for metre in self.metres if metre.step < steps),
        )


def changes(pitches: IntArray) -> BoolArray:
    """Return where a sounding pitch differs from the step before it.

    Args:
        pitches: int array (steps, voices), 0 = silence. The first step counts as a
            change wherever it sounds.
    """
    changed: BoolArray = pitches != SILENCE
    changed[1:] &= pitches[1:] != pitches[:-1]
    return changed


def lay_bars(
    steps: int, metres: Sequence[Metre], pickup: int = 0
) -> tuple[IntArray, IntArray]:
    """Number the bars of a piece whose bars are all full, but for a pickup.

    Args:
        steps: length of the piece.
        metres: time signatures in order, each at the first step of a bar.
        pickup: steps before the first barline, fewer than a bar.

    Returns:
        `bars` and `positions`, int arrays (steps,): the pickup is bar 0, and counts as
        the end of a full bar.
    """
    bars = np.zeros(steps, np.int64)
    positions = np.zeros(steps, np.int64)
    remaining = list(metres)
    length = remaining.pop(0).bar_length
    bar, position = (0, length - pickup) if pickup else (1, 0)
    for step in range(steps):
        if position == length:
            bar, position = bar + 1, 0
        if remaining and step >= remaining[0].step and position == 0:
            length = remaining.pop(0).bar_length
        bars[step], positions[step] = bar, position
        position += 1
    return bars, positions


def bar_lengths(metres: Sequence[Metre], steps: int) -> IntArray:
    """Return, per step, the length in steps of a full bar of the metre in force."""
    lengths = np.empty(steps, np.int64)
    for metre in metres:
        lengths[metre.step :] = metre.bar_length
    return lengths


def _frozen(values: Any, dtype: Any) -> Any:
    """Return a read-only copy of `values` as an array of `dtype`."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def _check_onsets(pitches: IntArray, onsets: BoolArray) -> None:
    for wrong, what in (
        (changes(pitches) & ~onsets, "changes its pitch without an onset"),
        (onsets & (pitches == SILENCE), "has an onset but is silent"),
    ):
        if wrong.any():
            step, voice = (int(index) for index in np.argwhere(wrong)[0])
            raise DataError(f"the {VOICE_NAMES[voice]} {what} at step {step}")

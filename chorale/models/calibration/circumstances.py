"""Circumstances under which a voice goes on: each is a number below a known one.

They are read from the notes so far and from those already written at the step. None
depends on the key or the register.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from chorale.encoding.echoes import LENGTHS
from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import Vocabulary
from chorale.models.calibration.lines import Lines
from chorale.music.voices import VOICE_ORDER
from chorale.utils.arrays import IntArray

_BEAT = 4  # steps
_AGES = 9  # ages in steps, from 0 to 8 or more
_WIDEST = 6  # semitones; wider intervals count as this one
_INTERVALS = 2 * _WIDEST + 2  # down, none, up, and where there is none
_KIND_SIZES = (0, 2, 4)  # semitones of a repetition, a step and a third; else a leap
_KINDS = 2 * len(_KIND_SIZES) + 1
_AGE_CLASSES = (1, 3)  # lowest ages of the second and the third class
_PLACES = ("position", "step")  # features of a plan that say where in a beat a step is
MOVED = len(VOICE_ORDER) * _BEAT  # see `Scene.moved`


class Scene(NamedTuple):
    """The voices at some steps, before their tokens are written; `rows` are steps.

    Attributes:
        lines: of the voices, arrays (rows, 4) and (rows, 4, 3).
        age: int array (rows, 4), steps since each voice attacked or fell silent.
        place: int array (rows, 1), steps since the beginning of a beat.
        echo_length: int array (rows, 1), a class, see `chorale.encoding.echoes`.
        staying: int array (rows, 4), the token by which each voice goes on as it is.
        vocabulary: of the notes.
    """

    lines: Lines
    age: IntArray
    place: IntArray
    echo_length: IntArray
    staying: IntArray
    vocabulary: Vocabulary

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        lines: Lines,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
    ) -> Scene:
        """Return the scene of some steps.

        Args:
            inputs: of the network, arrays (rows, …).
            lines: of all voices, arrays (rows, 4) and (rows, 4, 3).
            vocabulary, plan_features: of the network.
        """
        staying = vocabulary.staying(inputs.past_pitches)
        places = [
            plan_features.index(name) for name in _PLACES if name in plan_features
        ]
        place = inputs.plan[:, places[:1]] % _BEAT
        return cls(
            lines,
            inputs.past_ages,
            place if places else np.zeros((len(inputs.plan), 1), np.int64),
            inputs.echo_lengths[:, np.newaxis],
            inputs.past_pitches if staying is None else staying,
            vocabulary,
        )

    def moved(self, voice: int, tokens: IntArray) -> IntArray:
        """Return how many voices move before a voice, and where in the beat it is.

        Args:
            voice: its index.
            tokens: int array (rows, 4), of the step; those of later voices are not
                read.

        Returns:
            int array (rows,), below MOVED.
        """
        before = list(VOICE_ORDER[: VOICE_ORDER.index(voice)])
        moves = tokens[:, before] != self.staying[:, before]
        count: IntArray = moves.sum(axis=1)
        return count * _BEAT + self.place[:, 0]


def _age(scene: Scene) -> IntArray:
    """How long ago the note was struck, and where in the beat the step is."""
    return np.minimum(scene.age, _AGES - 1) * _BEAT + scene.place


def _lengths(scene: Scene) -> IntArray:
    """How long the note before stood, and how long this one has."""
    length, age = (
        np.minimum(steps, _AGES - 1) for steps in (scene.lines.length, scene.age)
    )
    return length * _AGES + age


def _interval(scene: Scene) -> IntArray:
    """By which interval the voice moved last."""
    now, last = scene.lines.now, scene.lines.before[..., 0]
    sounds = ~(scene.vocabulary.is_silent(now) | scene.vocabulary.is_silent(last))
    interval = np.clip(now - last, -_WIDEST, _WIDEST) + _WIDEST
    return np.where(sounds, interval, _INTERVALS - 1)


def _interval_and_age(scene: Scene) -> IntArray:
    """By which interval the voice moved last, and how long ago the note was struck."""
    return _interval(scene) * _AGES + np.minimum(scene.age, _AGES - 1)


def _two_intervals(scene: Scene) -> IntArray:
    """By which kinds of intervals the voice moved last, and a class of the age."""
    now = scene.lines.now
    last, second, _ = np.moveaxis(scene.lines.before, -1, 0)
    kinds = _kind(now - last) * _KINDS + _kind(last - second)
    is_silent = scene.vocabulary.is_silent
    sounds = ~(is_silent(now) | is_silent(last) | is_silent(second))
    age = np.searchsorted(_AGE_CLASSES, scene.age, side="right")
    return np.where(sounds, kinds, _KINDS**2) * (len(_AGE_CLASSES) + 1) + age


def _returns(scene: Scene) -> IntArray:
    """Whether the voice has just returned to a note, or gone to and fro twice."""
    now = scene.lines.now
    last, second, third = np.moveaxis(scene.lines.before, -1, 0)
    once = (second == now) & ~scene.vocabulary.is_silent(now)
    twice = once & (third == last)
    return np.where(twice, 2, np.where(once, 1, 0))


def _echo(scene: Scene) -> IntArray:
    """How many of the latest steps agree with those before the echo."""
    return scene.echo_length


def _kind(interval: IntArray) -> IntArray:
    """Return whether intervals are repetitions, steps, thirds or wider, up or down."""
    size = np.searchsorted(_KIND_SIZES, np.abs(interval))
    return len(_KIND_SIZES) + np.sign(interval) * size


class Circumstance(NamedTuple):
    """One kind of circumstance, known before a step is written.

    It is a number from 0 to below `values` for each step and voice, an int array
    (rows, 4), or (rows, 1) if it is the same for all voices.
    """

    values: int
    of: Callable[[Scene], IntArray]


CIRCUMSTANCES = {
    "age": Circumstance(_AGES * _BEAT, _age),
    "lengths": Circumstance(_AGES * _AGES, _lengths),
    "interval": Circumstance(_INTERVALS, _interval),
    "interval_and_age": Circumstance(_INTERVALS * _AGES, _interval_and_age),
    "two_intervals": Circumstance(
        (_KINDS**2 + 1) * (len(_AGE_CLASSES) + 1), _two_intervals
    ),
    "returns": Circumstance(3, _returns),
    "echo": Circumstance(LENGTHS, _echo),
}

"""Cues of the voice heads: what a head reads of a step, and how it weighs tokens by it.

Each cue is one class. `columns` gives the integers that the head embeds, `sizes` how
many values each of them has; calling it gives what it adds to the logits. A cue with
weights is a Keras layer. A new cue is a class here and an entry in `voice_heads.py`;
its arrays come from `chorale.encoding.inputs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from chorale.encoding.echoes import LENGTHS
from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import MAX_AGE, Vocabulary
from chorale.encoding.tunes import COLUMNS, MAX_WAIT, STRENGTHS
from chorale.models.networks.intervals import (
    DEGREES,
    INTERVALS,
    NO_DEGREE,
    NO_INTERVAL,
    interval,
    is_note,
    scale_degrees,
    weigh_degrees,
    weigh_intervals,
)
from chorale.models.networks.motions import MotionLogits, classify_motions
from chorale.music.voices import SOPRANO, VOICE_ORDER, VOICES
from chorale.nn.causal import Tensor
from chorale.utils.arrays import IntArray


class View(NamedTuple):
    """What the heads read of a step; `...` are its leading axes.

    Attributes:
        inputs: of the network, (..., …).
        pitches: int (..., 4), the tokens of the step with HOLD resolved.
        attacks: int (..., 4), 1 where a voice does not hold.
        key: int (...), the plan feature `key`; 0 if unknown.
    """

    inputs: Inputs
    pitches: Tensor
    attacks: Tensor
    key: Tensor

    @classmethod
    def of(
        cls, inputs: Inputs, vocabulary: Vocabulary, plan_features: Sequence[str]
    ) -> View:
        """Derive the view of some steps from the inputs of the network."""
        tokens, past = inputs.tokens, inputs.past_pitches
        staying = past if vocabulary.hold is None else vocabulary.hold
        key = ops.zeros_like(tokens[..., 0])
        if "key" in plan_features:
            key = inputs.plan[..., plan_features.index("key")]
        return cls(
            inputs,
            ops.where(tokens == vocabulary.hold, past, tokens),
            ops.cast(tokens != staying, "int32"),
            key,
        )


class Cue:
    """What a head reads in one way; see the module.

    Args:
        voice: whose head it is; of the step it sees the voices written before it.
        vocabulary: of the tokens.
        layer: arguments of the Keras layer that the cue is, if it has weights.
    """

    writes: ClassVar[bool] = True  # whether it adds to the logits

    def __init__(self, voice: int, vocabulary: Vocabulary, **layer: Any) -> None:
        super().__init__(**layer)
        self.voice, self.vocabulary = voice, vocabulary
        self.before = voices_before(voice)
        self.tokens = np.arange(vocabulary.size, dtype="int32")

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        """Return the number of values of each column."""
        return []

    def columns(self, view: View) -> list[Tensor]:
        """Return the integers to embed, int (...) each."""
        return []

    def _last(self, view: View) -> Tensor:
        """Return the note of the voice itself a step before, int (...)."""
        return view.inputs.past_pitches[..., self.voice]

    def _written(self, array: Tensor) -> list[Tensor]:
        """Return (...) of (..., 4), for each voice written before."""
        return [array[..., voice] for voice in self.before]


class NameCue(Cue):
    """Notes by name: what the voices before do at this step, and the past of all."""

    writes = False
    degree_sizes: ClassVar[list[int]] = []

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        pitches = vocabulary.pitch_count + 1
        now = [pitches, *cls.degree_sizes, 2] * len(voices_before(voice))
        return now + [pitches, MAX_AGE + 1] * VOICES

    def columns(self, view: View) -> list[Tensor]:
        now = [view.pitches, *self.degrees(view), view.attacks]
        past = [view.inputs.past_pitches, view.inputs.past_ages]
        return _side_by_side(now, self.before) + _side_by_side(past, range(VOICES))

    def degrees(self, view: View) -> list[Tensor]:
        """Return the degrees of the notes written now, int (..., 4), if embedded."""
        return []


class DegreeCue(NameCue, keras.layers.Dense):
    """Notes by name and by scale degree, where the plan has the key."""

    writes = True
    degree_sizes: ClassVar[list[int]] = [DEGREES]

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=NO_DEGREE, name="degree_logits")

    def call(self, hidden: Tensor, view: View) -> Tensor:
        weights = super().call(hidden)  # (..., NO_DEGREE)
        return weigh_degrees(weights, self.tokens, view.key, self.vocabulary)

    def degrees(self, view: View) -> list[Tensor]:
        return [scale_degrees(view.pitches, view.key[..., None], self.vocabulary)]


class IntervalCue(Cue, keras.layers.Dense):
    """Intervals from the voice's own last note, and from each note written now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        notes = 1 + len(voices_before(voice))
        super().__init__(
            voice, vocabulary, units=notes * INTERVALS, name="interval_logits"
        )

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        return [INTERVALS] * (VOICES - 1 + len(voices_before(voice)))

    def columns(self, view: View) -> list[Tensor]:
        past = view.inputs.past_pitches
        others = [past[..., other] for other in range(VOICES) if other != self.voice]
        return [
            interval(self._last(view), note, self.vocabulary)
            for note in others + self._written(view.pitches)
        ]

    def call(self, hidden: Tensor, view: View) -> Tensor:
        low = ops.stack([self._last(view), *self._written(view.pitches)], axis=-1)
        weights = super().call(hidden)  # (..., notes * INTERVALS)
        added = weigh_intervals(weights, low, self.tokens, self.vocabulary)
        return ops.sum(added, axis=-2)  # (..., notes, tokens) → (..., tokens)


class MotionCue(Cue, MotionLogits):
    """Relative motion against each voice written now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        others = len(voices_before(voice))
        super().__init__(voice, vocabulary, others=others, name="motion_logits")

    def call(self, hidden: Tensor, view: View) -> Tensor:  # type: ignore[override]
        return super().call(motions_of(self.voice, view, self.vocabulary))


class EchoCue(Cue, keras.layers.Dense):
    """The echo: how long it agrees, its interval, which voices follow it now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=1, name="echo_logit")

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        return [LENGTHS, INTERVALS, *[3] * len(voices_before(voice))]

    def columns(self, view: View) -> list[Tensor]:
        lengths, echo = view.inputs.echo_lengths, view.inputs.echo_tokens
        up = interval(self._last(view), echo[..., self.voice], self.vocabulary)
        agree = 1 + ops.cast(view.inputs.tokens == echo, "int32")  # (..., 4)
        follows = [ops.where(lengths > 0, a, 0) for a in self._written(agree)]
        return [lengths, up, *follows]

    def call(self, hidden: Tensor, view: View) -> Tensor:
        token = view.inputs.echo_tokens[..., self.voice]
        is_echo = _is_token(token, view.inputs.echo_lengths > 0, self.tokens)
        return ops.cast(is_echo, hidden.dtype) * super().call(hidden)


class TuneCue(Cue):
    """A recalled tune: how well it agrees, when its next note comes, its interval."""

    writes = False

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        return [STRENGTHS, MAX_WAIT + 1, INTERVALS]

    def columns(self, view: View) -> list[Tensor]:
        up, wait, strength = ops.unstack(view.inputs.recall, COLUMNS, axis=-1)
        following = interval(self._last(view), _next_of_tune(view), self.vocabulary)
        is_known = (strength > 0) & (up != 0)
        return [strength, wait, ops.where(is_known, following, NO_INTERVAL)]


class SopranoTuneCue(TuneCue, keras.layers.Dense):
    """A recalled tune, which the soprano may follow."""

    writes = True

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=1, name="tune_logit")

    def call(self, hidden: Tensor, view: View) -> Tensor:
        _, wait, strength = ops.unstack(view.inputs.recall, COLUMNS, axis=-1)
        stays = self._last(view)
        if self.vocabulary.hold is not None:
            stays = ops.full_like(stays, self.vocabulary.hold)
        following = _next_of_tune(view)
        is_known = (wait > 0) | is_note(following, self.vocabulary)
        token = ops.where(wait > 0, stays, following)
        is_tune = _is_token(token, (strength > 0) & is_known, self.tokens)
        return ops.cast(is_tune, hidden.dtype) * super().call(hidden)


# === Shared by cues ===


def voices_before(voice: int) -> tuple[int, ...]:
    """Return the voices that are written before this one at each step."""
    return VOICE_ORDER[: VOICE_ORDER.index(voice)]


def motions_of(voice: int, view: View, vocabulary: Vocabulary) -> Tensor:
    """Return the motion of each token against the voices before.

    Returns:
        int32 array (..., voices before, vocabulary size), see `classify_motions`.
    """
    before = list(voices_before(voice))
    past = view.inputs.past_pitches
    last, now = (
        ops.stack([notes[..., other] for other in before], axis=-1)  # (..., before)
        for notes in (past, view.pitches)
    )
    return classify_motions(past[..., voice], last, now, vocabulary)


def _side_by_side(arrays: list[Tensor], voices: Iterable[int]) -> list[Tensor]:
    """Return columns (...) of arrays (..., 4), those of a voice side by side."""
    return [array[..., voice] for voice in voices for array in arrays]


def _is_token(token: Tensor, is_known: Tensor, tokens: IntArray) -> Tensor:
    """Return which tokens are the given one (...), if known (...): (..., tokens)."""
    return (tokens == token[..., None]) & is_known[..., None]


def _next_of_tune(view: View) -> Tensor:
    """Return the token of the tune's next note, int (...); it may be out of range."""
    return view.inputs.past_pitches[..., SOPRANO] + view.inputs.recall[..., 0]

"""Cues of the voice heads: what a head reads of a step, and how it weighs tokens by it.

Each cue is one class. `columns` gives the integers that the head embeds, `sizes` how
many values each of them has; calling it gives what it adds to the logits. A cue with
weights is a Keras layer. A new cue is a class here and an entry in `cues_of`; its
arrays are fields of `chorale.encoding.inputs.Inputs`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from chorale.models.options import NetworkOptions
from chorale.music.voices import SOPRANO, VOICE_ORDER, VOICES
from chorale.nn.causal import Tensor


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
        """Return the integers to embed, int arrays (..., columns)."""
        return []

    def last(self, view: View) -> Tensor:
        """Return the note of the voice itself a step before, int (..., 1)."""
        return view.inputs.past_pitches[..., self.voice : self.voice + 1]

    def written(self, array: Tensor) -> list[Tensor]:
        """Return (..., voices before) of (..., 4), or nothing if there are none."""
        return [ops.take(array, self.before, axis=-1)] if self.before else []


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
        past = ops.stack([view.inputs.past_pitches, view.inputs.past_ages], axis=-1)
        columns = [_flatten(past)]  # (..., 4, 2) → (..., 8)
        if self.before:
            features = [view.pitches, *self.degrees(view), view.attacks]
            # (..., voices before, 2 or 3)
            now = ops.take(ops.stack(features, axis=-1), self.before, axis=-2)
            columns.insert(0, _flatten(now))
        return columns

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
        others = [voice for voice in range(VOICES) if voice != self.voice]
        past = ops.take(view.inputs.past_pitches, others, axis=-1)
        notes = ops.concatenate([past, *self.written(view.pitches)], axis=-1)
        return [interval(self.last(view), notes, self.vocabulary)]

    def call(self, hidden: Tensor, view: View) -> Tensor:
        # (..., 1 + voices before)
        low = ops.concatenate([self.last(view), *self.written(view.pitches)], axis=-1)
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
        lengths = view.inputs.echo_lengths[..., None]
        tokens, echo = view.inputs.tokens, view.inputs.echo_tokens
        own = echo[..., self.voice : self.voice + 1]
        up = interval(self.last(view), own, self.vocabulary)
        agrees = 1 + ops.cast(tokens == echo, "int32")  # (..., 4)
        follows = ops.where(lengths > 0, agrees, 0)
        return [lengths, up, *self.written(follows)]

    def call(self, hidden: Tensor, view: View) -> Tensor:
        echo = view.inputs.echo_tokens[..., self.voice : self.voice + 1]
        is_known = view.inputs.echo_lengths[..., None] > 0
        is_echo = (self.tokens == echo) & is_known  # (..., tokens)
        return ops.cast(is_echo, hidden.dtype) * super().call(hidden)


class TuneCue(Cue):
    """A recalled tune: how well it agrees, when its next note comes, its interval."""

    writes = False

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> list[int]:
        return [STRENGTHS, MAX_WAIT + 1, INTERVALS]

    def columns(self, view: View) -> list[Tensor]:
        up, wait, strength = ops.split(view.inputs.recall, COLUMNS, axis=-1)
        following = view.inputs.past_pitches[..., SOPRANO : SOPRANO + 1] + up
        following = interval(self.last(view), following, self.vocabulary)
        is_known = (strength > 0) & (up != 0)
        return [strength, wait, ops.where(is_known, following, NO_INTERVAL)]


class SopranoTuneCue(TuneCue, keras.layers.Dense):
    """A recalled tune, which the soprano may follow."""

    writes = True

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=1, name="tune_logit")

    def call(self, hidden: Tensor, view: View) -> Tensor:
        up, wait, strength = ops.split(view.inputs.recall, COLUMNS, axis=-1)
        last = self.last(view)  # (..., 1), as all here
        following = last + up  # may be out of range
        stays = last if self.vocabulary.hold is None else self.vocabulary.hold
        is_known = (wait > 0) | is_note(following, self.vocabulary)
        token = ops.where(wait > 0, stays, following)
        is_tune = (self.tokens == token) & is_known & (strength > 0)  # (..., tokens)
        return ops.cast(is_tune, hidden.dtype) * super().call(hidden)


def cues_of(voice: int, options: NetworkOptions, has_key: bool) -> list[type[Cue]]:
    """Return the cues of a voice's head, in the order of its columns."""
    cues: list[type[Cue]] = [DegreeCue if has_key else NameCue]
    if options.intervals:
        cues.append(IntervalCue)
    if options.motions and voices_before(voice):
        cues.append(MotionCue)
    if options.echoes:
        cues.append(EchoCue)
    if options.tunes:
        cues.append(SopranoTuneCue if voice == SOPRANO else TuneCue)
    return cues


# === Shared by cues ===


def voices_before(voice: int) -> tuple[int, ...]:
    """Return the voices that are written before this one at each step."""
    return VOICE_ORDER[: VOICE_ORDER.index(voice)]


def motions_of(voice: int, view: View, vocabulary: Vocabulary) -> Tensor:
    """Return the motion of each token against the voices before.

    Returns:
        int32 array (..., voices before, vocabulary size), see `classify_motions`.
    """
    before, past = voices_before(voice), view.inputs.past_pitches
    last, now = (ops.take(notes, before, axis=-1) for notes in (past, view.pitches))
    return classify_motions(past[..., voice], last, now, vocabulary)


def _flatten(array: Tensor) -> Tensor:
    """Return (..., a * b) of (..., a, b)."""
    *leading, _, _ = ops.shape(array)
    return ops.reshape(array, (*leading, array.shape[-2] * array.shape[-1]))

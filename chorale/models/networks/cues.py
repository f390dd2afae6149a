"""Cues of the voice heads: what a head reads of a step, and how it weighs tokens by it.

Each cue is one class. `columns` gives the integers that the head embeds, `sizes` their
names and how many values each of them has. A cue that writes is a Keras layer: calling
it gives its weights, and `places` which of them each token gets (`weigh_tokens`). A new
cue is a class here and an entry in `cues_of`; its arrays are fields of
`chorale.encoding.inputs.Inputs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from chorale.encoding.echoes import LENGTHS
from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import MAX_AGE, SILENCE_TOKEN, Vocabulary
from chorale.encoding.tunes import COLUMNS, MAX_WAIT, STRENGTHS
from chorale.models.networks.intervals import (
    DEGREES,
    INTERVALS,
    NO_DEGREE,
    degree_table,
    interval_table,
    is_note,
    numbers_of,
)
from chorale.models.networks.motions import (
    MotionLogits,
    arrival_places,
    arrivals,
    departures,
)
from chorale.models.networks.weighing import (
    degree_places,
    interval_places,
    token_table,
    weigh,
)
from chorale.models.options import NetworkOptions
from chorale.music.voices import SOPRANO, VOICE_NAMES, VOICE_ORDER, VOICES
from chorale.nn.causal import Tensor
from chorale.nn.lookups import Table, as_table, look_up, look_up_pairs, pick


class View(NamedTuple):
    """What the heads read of a step, one in each row.

    Attributes:
        inputs: of the network, (rows, …).
        pitches: int (rows, 4), the tokens of the step with HOLD resolved.
        attacks: int (rows, 4), 1 where a voice does not hold.
        key: int (rows, 1), the plan feature `key`; 0 if unknown.
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
        numbers = numbers_of(vocabulary)
        token, past = np.meshgrid(numbers, numbers, indexing="ij")
        is_held = token == (past if vocabulary.hold is None else vocabulary.hold)
        both = inputs.tokens, inputs.past_pitches
        pitches = inputs.tokens
        if vocabulary.hold is not None:
            pitches = look_up_pairs(as_table(np.where(is_held, past, token)), *both)
        if "key" in plan_features:
            key = pick(inputs.plan, [plan_features.index("key")])
        else:
            key = ops.zeros_like(inputs.tokens[:, :1])
        return cls(inputs, pitches, look_up_pairs(as_table(~is_held), *both), key)


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
        self.tokens = np.arange(vocabulary.size)

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> dict[str, int]:
        """Return the number of values of each column, by a name that is unique."""
        return {}

    def columns(self, view: View) -> list[Tensor]:
        """Return the integers to embed, int arrays (rows, columns)."""
        return []

    def places(self, view: View, first: int) -> Tensor:
        """Return which weight each token gets, int (rows, references, tokens).

        `first` is the place of the first of the cue's weights.
        """
        raise NotImplementedError

    def last(self, view: View) -> Tensor:
        """Return the note of the voice itself a step before, int (rows, 1)."""
        return pick(view.inputs.past_pitches, [self.voice])

    def written(self, array: Tensor) -> list[Tensor]:
        """Return (rows, voices before) of (rows, 4), or nothing if there are none."""
        return [pick(array, self.before)] if self.before else []

    def intervals(self, low: Tensor, high: Tensor) -> Tensor:
        """Return the intervals between notes, int arrays that broadcast."""
        return look_up_pairs(interval_table(self.vocabulary), low, high)


class DenseCue(Cue, keras.layers.Dense):
    """A cue whose weights depend on the hidden layer."""

    def call(self, hidden: Tensor, view: View) -> Tensor:
        """Return the weights, float (rows, units)."""
        return super().call(hidden)


class NameCue(Cue):
    """Notes by name: what the voices before do at this step, and the past of all."""

    writes = False
    degree_sizes: ClassVar[dict[str, int]] = {}

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> dict[str, int]:
        pitches = vocabulary.pitch_count + 1
        now = {"now": pitches, **cls.degree_sizes, "attack": 2}
        past = {"past": pitches, "age": MAX_AGE + 1}
        return {
            **_named(now, [VOICE_NAMES[before] for before in voices_before(voice)]),
            **_named(past, VOICE_NAMES),
        }

    def columns(self, view: View) -> list[Tensor]:
        now = [view.pitches, *self.degrees(view), view.attacks]
        past = [view.inputs.past_pitches, view.inputs.past_ages]
        return [
            *_voice_by_voice(now, self.before),
            *_voice_by_voice(past, range(VOICES)),
        ]

    def degrees(self, view: View) -> list[Tensor]:
        """Return the degrees of the notes written now, int (rows, 4), if embedded."""
        return []


class DegreeCue(NameCue, DenseCue):
    """Notes by name and by scale degree, where the plan has the key."""

    writes = True
    degree_sizes: ClassVar[dict[str, int]] = {"degree": DEGREES}

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=NO_DEGREE, name="degree_logits")

    def degrees(self, view: View) -> list[Tensor]:
        return [look_up_pairs(degree_table(self.vocabulary), view.key, view.pitches)]

    def places(self, view: View, first: int) -> Tensor:
        return degree_places(view.key, self.tokens, self.vocabulary, first)


class IntervalCue(DenseCue):
    """Intervals from the voice's own last note, and from each note written now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        notes = 1 + len(voices_before(voice))
        super().__init__(
            voice, vocabulary, units=notes * INTERVALS, name="interval_logits"
        )

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> dict[str, int]:
        others = [name for name in VOICE_NAMES if name != VOICE_NAMES[voice]]
        now = [VOICE_NAMES[before] for before in voices_before(voice)]
        return {
            **_named({"past interval": INTERVALS}, others),
            **_named({"interval": INTERVALS}, now),
        }

    def columns(self, view: View) -> list[Tensor]:
        others = [voice for voice in range(VOICES) if voice != self.voice]
        past = pick(view.inputs.past_pitches, others)
        notes = ops.concatenate([past, *self.written(view.pitches)], axis=-1)
        return [self.intervals(self.last(view), notes)]

    def places(self, view: View, first: int) -> Tensor:
        # (rows, 1 + voices before)
        low = ops.concatenate([self.last(view), *self.written(view.pitches)], axis=-1)
        return interval_places(low, self.tokens, self.vocabulary, first)


class MotionCue(Cue, MotionLogits):
    """Relative motion against each voice written now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        others = len(voices_before(voice))
        super().__init__(voice, vocabulary, others=others, name="motion_logits")

    def call(self, hidden: Tensor, view: View) -> Tensor:  # type: ignore[override]
        return super().call(departures_of(self.voice, view, self.vocabulary))

    def places(self, view: View, first: int) -> Tensor:
        return arrival_places(arrivals_of(self.voice, view, self.vocabulary), first)


class EchoCue(DenseCue):
    """The echo: how long it agrees, its interval, which voices follow it now."""

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=1, name="echo_logit")

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> dict[str, int]:
        now = [VOICE_NAMES[before] for before in voices_before(voice)]
        echo = {"echo length": LENGTHS, "echo interval": INTERVALS}
        return {**echo, **_named({"echo": 3}, now)}

    def columns(self, view: View) -> list[Tensor]:
        tokens, echo = view.inputs.tokens, view.inputs.echo_tokens
        lengths = ops.expand_dims(view.inputs.echo_lengths, -1)
        up = self.intervals(self.last(view), pick(echo, [self.voice]))
        agrees = 1 + ops.cast(tokens == echo, "int32")  # (rows, 4)
        return [lengths, up, *self.written(_at_most_1(lengths) * agrees)]

    def places(self, view: View, first: int) -> Tensor:
        is_known = _at_most_1(ops.expand_dims(view.inputs.echo_lengths, -1))
        echo = 1 + pick(view.inputs.echo_tokens, [self.voice])
        return look_up(token_table(self.vocabulary.size, first), is_known * echo)


class TuneCue(Cue):
    """A recalled tune: how well it agrees, when its next note comes, its interval."""

    writes = False

    @classmethod
    def sizes(cls, voice: int, vocabulary: Vocabulary) -> dict[str, int]:
        sizes = {"strength": STRENGTHS, "wait": MAX_WAIT + 1, "interval": INTERVALS}
        return _named(sizes, ["tune"])

    def columns(self, view: View) -> list[Tensor]:
        up, wait, strength = ops.split(view.inputs.recall, COLUMNS, axis=-1)
        soprano = pick(view.inputs.past_pitches, [SOPRANO])
        is_known = _at_most_1(strength * ops.abs(up))
        # Silence, which has no interval, where nothing is known.
        following = is_known * self.within(soprano + up)
        return [strength, wait, self.intervals(self.last(view), following)]

    def within(self, notes: Tensor) -> Tensor:
        """Return notes that may be out of range, as no notes if they are."""
        return ops.clip(notes, SILENCE_TOKEN, self.vocabulary.nothing)


class SopranoTuneCue(TuneCue, DenseCue):
    """A recalled tune, which the soprano may follow."""

    writes = True

    def __init__(self, voice: int, vocabulary: Vocabulary) -> None:
        super().__init__(voice, vocabulary, units=1, name="tune_logit")

    def places(self, view: View, first: int) -> Tensor:
        up, wait, strength = ops.split(view.inputs.recall, COLUMNS, axis=-1)
        waits = _at_most_1(wait)
        note = self.within(self.last(view) + (1 - waits) * up)
        follows = _at_most_1(strength) * look_up_pairs(self._follows(), waits, note)
        return look_up(token_table(self.vocabulary.size, first), follows)

    def _follows(self) -> Table:
        """Return 1 + the token that follows the tune, or 0, int32 (2, numbers).

        In the first row its next note comes, in the second its last note stays.
        """
        numbers, hold = numbers_of(self.vocabulary), self.vocabulary.hold
        comes = np.where(is_note(numbers, self.vocabulary), 1 + numbers, 0)
        is_token = numbers < self.vocabulary.size
        stays = np.where(is_token, 1 + numbers, 0) if hold is None else 1 + hold
        return as_table(np.stack([comes, stays + 0 * numbers]))


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


def weigh_tokens(cues: Sequence[Any], hidden: Tensor, view: View) -> Tensor:
    """Return what cues that write add to the logits, float (rows, vocabulary size)."""
    weights = [cue(hidden, view) for cue in cues]
    firsts = np.cumsum([1, *[part.shape[1] for part in weights]]).tolist()
    places = [cue.places(view, first) for cue, first in zip(cues, firsts, strict=False)]
    return ops.sum(weigh(weights, places), axis=1)


# === Shared by cues ===


def voices_before(voice: int) -> tuple[int, ...]:
    """Return the voices that are written before this one at each step."""
    return VOICE_ORDER[: VOICE_ORDER.index(voice)]


def departures_of(voice: int, view: View, vocabulary: Vocabulary) -> Tensor:
    """Return the departures against the voices before, int32 (rows, voices before)."""
    before, past = voices_before(voice), view.inputs.past_pitches
    last, now = (pick(notes, before) for notes in (past, view.pitches))
    return departures(pick(past, [voice]), last, now, vocabulary)


def arrivals_of(voice: int, view: View, vocabulary: Vocabulary) -> Tensor:
    """Return the arrivals against them, int32 (rows, voices before, tokens)."""
    last = pick(view.inputs.past_pitches, [voice])
    return arrivals(last, pick(view.pitches, voices_before(voice)), vocabulary)


def _voice_by_voice(arrays: Sequence[Tensor], voices: Sequence[int]) -> list[Tensor]:
    """Return all numbers of the first voice, then of the next, int (rows, columns).

    The arrays are (rows, 4). Nothing is returned if there are no voices.
    """
    if not voices:
        return []
    order = [voice + VOICES * array for voice in voices for array in range(len(arrays))]
    return [pick(ops.concatenate(arrays, axis=-1), order)]


def _named(sizes: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """Return some sizes once for each name, in order."""
    return {f"{name} {kind}": size for name in names for kind, size in sizes.items()}


def _at_most_1(numbers: Tensor) -> Tensor:
    """Return 1 for numbers above 0."""
    return ops.minimum(numbers, 1)

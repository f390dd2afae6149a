"""The next-step network: any body, and a head for each of the four voices.

    p(step t | steps < t, plan ≤ t)
        = p(soprano) p(bass | soprano) p(alto | s, b) p(tenor | s, b, a)

Past notes and plan are embedded and summed, the body carries them through time, and
the head of each voice sees the body's output and the voices of the step that are
already written. All four distributions come out of one pass; which voice may see which
is built into the heads.

Where the plan tells the key, the heads see and write a note as a degree of the scale
too: what a tonic is then need not be learnt key by key. The body is told the key alone,
so that transposing a piece still changes what it sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.networks import NetworkOptions, build_body
from chorale.networks.causal import Memory, Tensor
from chorale.plan import FEATURES
from chorale.tokens import MAX_AGE, SILENCE_TOKEN, Vocabulary
from chorale.voices import VOICE_NAMES, VOICE_ORDER, VOICES

# Degrees count the semitones above a tonic, of major keys, then of minor ones.
NO_DEGREE = 24


class SumOfEmbeddings(keras.layers.Layer):
    """Embed several integers, each with a table of its own, and add the vectors up.

    Args:
        sizes: number of values of each integer.
        units: width of the vectors.

    Calling it takes int (..., len(sizes)) and gives float (..., units).
    """

    def __init__(self, sizes: Sequence[int], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # The tables lie one below the other in one.
        self.offsets = np.cumsum([0, *sizes[:-1]]).astype("int32")
        self.table = keras.layers.Embedding(sum(sizes), units, name="table")

    def call(self, integers: Tensor) -> Tensor:
        return ops.sum(self.table(integers + self.offsets), axis=-2)


class VoiceHead(keras.layers.Layer):
    """The distribution of one voice's token at one step.

    Args:
        before: the voices written before this one.
        vocabulary: of the network.
        units: width of the hidden layer.
        dropout: share of the hidden layer dropped in training.
    """

    def __init__(
        self,
        before: Sequence[int],
        vocabulary: Vocabulary,
        units: int,
        dropout: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.before = list(before)
        # What each written voice does now, whether it attacks, what all did before.
        now = [vocabulary.pitch_count + 1, NO_DEGREE + 1, 2] * len(self.before)
        past = [vocabulary.pitch_count + 1, MAX_AGE + 1] * VOICES
        self.notes = SumOfEmbeddings(now + past, units, name="notes")
        self.hidden = keras.layers.Dense(units, name="hidden")
        self.deeper = keras.layers.Dense(units, activation="silu", name="deeper")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.logits = keras.layers.Dense(vocabulary.size, name="logits")
        self.degree_logits = keras.layers.Dense(NO_DEGREE, name="degree_logits")

    def call(
        self,
        hidden: Tensor,
        past_pitches: Tensor,
        past_ages: Tensor,
        pitches: Tensor,
        degrees: Tensor,
        attacks: Tensor,
        token_degrees: Tensor,
    ) -> Tensor:
        """Return float (..., vocabulary size) for a body's output (..., units).

        The first five arrays of integers are (..., 4); of `pitches`, `degrees` and
        `attacks` only the voices in `before` are read. `token_degrees`
        (..., vocabulary size) are the degrees of all tokens.
        """
        columns = []
        for voice in self.before:
            columns += [pitches[..., voice], degrees[..., voice], attacks[..., voice]]
        for voice in range(VOICES):
            columns += [past_pitches[..., voice], past_ages[..., voice]]
        notes = self.notes(ops.stack(columns, axis=-1))
        hidden = ops.silu(self.hidden(hidden) + notes)
        hidden = self.dropout(self.deeper(hidden))
        by_degree = self.degree_logits(hidden)
        by_degree = ops.concatenate([by_degree, 0 * by_degree[..., :1]], axis=-1)
        return self.logits(hidden) + ops.take_along_axis(
            by_degree, token_degrees, axis=-1
        )


class NextStepNetwork(keras.Model):
    """Predict the next step of four voices.

    Calling it takes a dict of int32 arrays, `past_pitches`, `past_ages` and `tokens`
    (batch, steps, 4) and `plan` (batch, steps, features), and gives logits
    (batch, steps, 4, vocabulary size). What is past at step t are the notes as they
    stand after step t - 1 (`Vocabulary.pasts`); `tokens` are those of step t itself, of
    which each voice's head sees only the voices before it.
    """

    def __init__(
        self,
        options: NetworkOptions,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
    ) -> None:
        super().__init__(name="network")
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)
        self.units = options.units
        past = [vocabulary.pitch_count + 1, MAX_AGE + 1] * VOICES
        plan = [FEATURES[name] for name in plan_features]
        # === Layers ===
        self.inputs_sum = SumOfEmbeddings(past + plan, options.units, name="inputs")
        self.body = build_body(options)
        self.heads = [
            VoiceHead(
                VOICE_ORDER[: VOICE_ORDER.index(voice)],
                vocabulary,
                options.voice_units,
                options.dropout,
                name=f"head_{VOICE_NAMES[voice]}",
            )
            for voice in range(VOICES)
        ]
        # === Build ===
        notes = np.zeros((1, 2, VOICES), "int32")
        features = np.zeros((1, 2, len(plan)), "int32")
        self(
            {
                "past_pitches": notes,
                "past_ages": notes,
                "plan": features,
                "tokens": notes,
            }
        )

    def call(self, inputs: dict[str, Tensor]) -> Tensor:
        hidden = self.body_sequence(
            inputs["past_pitches"],
            inputs["past_ages"],
            inputs["plan"],
        )
        return self.voices(
            hidden,
            inputs["past_pitches"],
            inputs["past_ages"],
            inputs["plan"],
            inputs["tokens"],
        )

    def body_sequence(
        self,
        past_pitches: Tensor,
        past_ages: Tensor,
        plan: Tensor,
    ) -> Tensor:
        """Return the body's output for whole sequences, float (batch, steps, units)."""
        embedded = self._embed(past_pitches, past_ages, plan)
        return self.body(embedded)

    def body_step(
        self, past_pitches: Tensor, past_ages: Tensor, plan: Tensor, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """Return the body's output for one step, float (batch, units), and memory.

        `past_pitches` and `past_ages` are (batch, 4), `plan` (batch, features).
        """
        return self.body.step(self._embed(past_pitches, past_ages, plan), memory)

    def voices(
        self,
        hidden: Tensor,
        past_pitches: Tensor,
        past_ages: Tensor,
        plan: Tensor,
        tokens: Tensor,
    ) -> Tensor:
        """Return the logits of all four voices, float (..., 4, vocabulary size).

        `hidden` is the body's output (..., units), `plan` (..., features), all else
        (..., 4).
        """
        attacks = tokens != past_pitches
        if self.vocabulary.hold is not None:
            attacks = tokens != self.vocabulary.hold
        pitches = ops.where(tokens == self.vocabulary.hold, past_pitches, tokens)
        every_token = ops.zeros_like(tokens[..., :1]) + ops.arange(self.vocabulary.size)
        seen = (
            past_pitches,
            past_ages,
            pitches,
            self._degrees(pitches, plan),
            ops.cast(attacks, "int32"),
            self._degrees(every_token, plan),
        )
        return ops.stack([head(hidden, *seen) for head in self.heads], axis=-2)

    def memory_shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of the body's memory for one sequence."""
        return self.body.memory_shapes()

    def _embed(self, past_pitches: Tensor, past_ages: Tensor, plan: Tensor) -> Tensor:
        notes = ops.stack([past_pitches, past_ages], axis=-1)  # (..., 4, 2)
        notes = ops.reshape(notes, (*ops.shape(notes)[:-2], 2 * VOICES))
        return self.inputs_sum(ops.concatenate([notes, plan], axis=-1))

    def _degrees(self, tokens: Tensor, plan: Tensor) -> Tensor:
        """Return the degrees of tokens (..., n) under the plan (..., features)."""
        if "key" not in self.plan_features:
            return ops.zeros_like(tokens) + NO_DEGREE
        key = plan[..., self.plan_features.index("key")]
        return scale_degrees(tokens, key[..., None], self.vocabulary)


def scale_degrees(tokens: Tensor, key: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the degrees that tokens are in a key.

    Args:
        tokens: int array of tokens, or of pitches of a Past.
        key: int array that broadcasts with it, the plan's feature `key`: 0 if unknown,
            then the major keys from C up, then the minor ones.

    Returns:
        int array: semitones above the tonic of a major key, 12 more in a minor key,
        NO_DEGREE for silence, HOLD and in an unknown key.
    """
    pitch = tokens - 1 + vocabulary.lowest
    degree = (pitch - (key - 1)) % 12 + 12 * ((key - 1) // 12)
    sounds = (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
    return ops.where(sounds & (key > 0), degree, NO_DEGREE)

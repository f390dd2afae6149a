"""The next-step network: any body, and a head for each of the four voices.

    p(step t | steps < t, plan ≤ t)
        = p(soprano) p(bass | soprano) p(alto | s, b) p(tenor | s, b, a)

Past notes and plan are embedded and summed, the body carries them through time, and
the head of each voice reads the body's output and the voices of the step that are
already written. All four distributions come out of one pass; the heads decide which
voice may see which.

The heads also read and write a note as an interval and, where the plan has the key, as
a degree of the scale (`chorale.models.networks.cues`). The body reads names and the key
alone, so that transposing a piece still changes its input: bodies that read scale
degrees as well learn faster and soon overfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from chorale.encoding.inputs import Inputs
from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import MAX_AGE, Vocabulary
from chorale.models.networks.cues import View
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.voice_heads import VoiceHead
from chorale.models.options import NetworkOptions
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.nn.bodies import build_body
from chorale.nn.causal import Tensor
from chorale.nn.memory import Ring


class NextStepNetwork(keras.Model):
    """Predict the next step of four voices.

    Calling it takes Inputs (batch, steps, …) and gives logits (batch, steps, 4,
    vocabulary size). The head of each voice reads of the tokens of a step those of the
    voices before it.
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
        past = {
            column: size
            for name in VOICE_NAMES
            for column, size in (
                (f"{name} past", vocabulary.pitch_count + 1),
                (f"{name} age", MAX_AGE + 1),
            )
        }
        plan = {name: FEATURES[name] for name in plan_features}
        # === Layers ===
        self.inputs_sum = SumOfEmbeddings(
            past | plan, options.units, options.input_dropout, name="inputs"
        )
        self.body = build_body(options)
        self.heads = [
            VoiceHead(
                voice,
                vocabulary,
                options,
                has_key="key" in plan_features,
                name=f"head_{VOICE_NAMES[voice]}",
            )
            for voice in range(VOICES)
        ]
        # === Build ===
        self(Inputs.example(vocabulary, len(plan_features)))

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(self, inputs: Inputs, training: bool | None = None) -> Tensor:
        # Keras passes `training` only to a call that has the argument, and under JAX
        # not to the layers within. So it is passed on explicitly.
        hidden = self.body_sequence(inputs, training)
        return ops.stack(self.voices(hidden, inputs, training), axis=-2)

    def body_sequence(self, inputs: Inputs, training: bool | None = None) -> Tensor:
        """Return the body's output for whole sequences, float (batch, steps, units)."""
        return self.body(self._embed(inputs, training), training=training)

    def body_step(
        self, inputs: Inputs, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the body's output for one step, and the new entries of its memory.

        `inputs` are (batch, …); see `CausalLayer.step`. The output is float (batch,
        units).
        """
        return self.body.step(self._embed(inputs), memory, position)

    def voices(
        self, hidden: Tensor, inputs: Inputs, training: bool | None = None
    ) -> list[Tensor]:
        """Return the logits of each voice, float (..., vocabulary size), soprano first.

        `hidden` is the body's output (..., units), `inputs` are (..., …).
        """
        leading = ops.shape(hidden)[:-1]
        if len(leading) > 1:  # each step is a row of its own
            hidden = ops.reshape(hidden, (-1, hidden.shape[-1]))
            inputs = inputs.map(
                lambda array: ops.reshape(array, (-1, *array.shape[len(leading) :]))
            )
        view = View.of(inputs, self.vocabulary, self.plan_features)
        logits = [head(hidden, view, training=training) for head in self.heads]
        if len(leading) == 1:
            return logits
        return [ops.reshape(each, (*leading, self.vocabulary.size)) for each in logits]

    def voice(self, voice: int, hidden: Tensor, inputs: Inputs) -> Tensor:
        """Return the logits of one voice, as `voices` does, of inputs (rows, …)."""
        view = View.of(inputs, self.vocabulary, self.plan_features)
        return self.heads[voice](hidden, view, training=False)

    def rings(self) -> list[Ring]:
        """Return the body's memory between single steps."""
        return self.body.rings()

    def _embed(self, inputs: Inputs, training: bool | None = None) -> Tensor:
        # (..., 4, 2), then (..., 8)
        notes = ops.stack([inputs.past_pitches, inputs.past_ages], axis=-1)
        notes = ops.reshape(notes, (*ops.shape(notes)[:-2], 2 * VOICES))
        columns = ops.concatenate([notes, inputs.plan], axis=-1)
        return self.inputs_sum(columns, training=training)

"""Coconet: convolutions over time and pitch on partly masked piano rolls.

Huang, Cooijmans, Roberts, Courville & Eck, "Counterpoint by Convolution", ISMIR 2017.
Each voice has a piano roll, in which hidden cells are empty, and a mask that
distinguishes empty cells from hidden ones. 3 × 3 convolutions with batch normalization
read them, with a residual connection over every two, and a softmax over the pitches of
each voice at each step is read off. Differences from the paper: held and struck notes
have separate rolls, silence is a pitch, and the plan is added after the first
convolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.encoding.plan import FEATURES
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.infilling import InfillingNetwork
from chorale.models.options import InfillerOptions
from chorale.music.voices import VOICES
from chorale.nn.causal import Tensor

_KERNEL = 3


class Coconet(InfillingNetwork):
    """Infill piano rolls by a stack of convolutions."""

    def __init__(
        self,
        options: InfillerOptions,
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> None:
        super().__init__(options, vocabulary, plan_features)
        self.kinds = 1 + vocabulary.has_onsets  # of notes, each with a roll
        self.plan_sum = SumOfEmbeddings(
            {name: FEATURES[name] for name in plan_features},
            options.units,
            0.0,
            name="plan",
        )
        # The last convolution, `notes`, writes.
        self.convolutions = [
            NormalizedConvolution(options.units, name=f"convolution_{index}")
            for index in range(options.layers - 1)
        ]
        self.notes = keras.layers.Conv2D(
            VOICES * self.kinds, _KERNEL, padding="same", name="notes"
        )
        self.silence = keras.layers.Dense(VOICES, name="silence")

    def call(self, inputs: CellInputs, training: bool | None = None) -> Tensor:
        cells = inputs.cells
        # (batch, steps) and (batch, steps, 1, units)
        present = ops.cast(cells[..., 0] <= self.vocabulary.size, "float32")
        plan = self.plan_sum(inputs.plan, training=training)[:, :, None]
        rolls = self._rolls(cells) * present[..., None, None]
        hidden = self.convolutions[0](rolls, present, plan, training=training)
        for first, second in zip(
            self.convolutions[1::2], self.convolutions[2::2], strict=True
        ):
            deeper = first(hidden, present, training=training)
            deeper = second(deeper, present, activate=False, training=training)
            hidden = ops.relu(hidden + deeper)
        return self._logits(hidden)

    def _rolls(self, cells: Tensor) -> Tensor:
        """Return float (batch, steps, pitches, voices * (kinds + 1))."""
        count = self.vocabulary.note_count
        notes = np.arange(1, self.vocabulary.size, dtype="int32")
        sounding = ops.cast(cells[..., None] == notes, "float32")  # (…, 4, notes)
        shape = ops.shape(cells)
        rolls = ops.reshape(sounding, (shape[0], shape[1], VOICES * self.kinds, count))
        hidden = ops.cast(cells >= self.vocabulary.size, "float32")[..., None]
        masks = hidden * np.ones(count, "float32")  # (batch, steps, 4, notes)
        return ops.transpose(ops.concatenate([rolls, masks], axis=2), (0, 1, 3, 2))

    def _logits(self, hidden: Tensor) -> Tensor:
        """Return logits (batch, steps, 4, size) of (batch, steps, pitches, units)."""
        silence = self.silence(ops.mean(hidden, axis=2))[..., None]
        # (batch, steps, pitches, 4 * kinds) → (batch, steps, 4, kinds * pitches)
        notes = ops.transpose(self.notes(hidden), (0, 1, 3, 2))
        shape = ops.shape(notes)
        notes = ops.reshape(
            notes,
            (shape[0], shape[1], VOICES, self.kinds * self.vocabulary.note_count),
        )
        return ops.concatenate([silence, notes], axis=-1)


class NormalizedConvolution(keras.layers.Layer):
    """Convolve over time and pitch, normalize over the batch, rectify.

    Args:
        filters: number of channels that come out.
    """

    def __init__(self, filters: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # The normalization needs no bias, but without one between them TensorFlow fuses
        # both, in graphs, into a kernel that is none of the stored weights.
        self.convolution = keras.layers.Conv2D(
            filters, _KERNEL, padding="same", name="convolution"
        )
        self.normalization = keras.layers.BatchNormalization(
            momentum=0.9, name="normalization"
        )

    def build(self, *shapes: object) -> None:
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(
        self,
        inputs: Tensor,
        present: Tensor,
        added: Tensor | None = None,
        activate: bool = True,
        training: bool | None = None,
    ) -> Tensor:
        """Return float (batch, steps, pitches, filters), 0 where a piece has ended.

        Args:
            inputs: float (batch, steps, pitches, channels).
            present: float (batch, steps), 1 up to the end of the piece.
            added: float that broadcasts, added to the convolution.
            activate: whether to rectify.
            training: whether to count the batch in.
        """
        outputs = self.convolution(inputs)
        if added is not None:
            outputs += added
        outputs = self.normalization(
            outputs, training=training, mask=ops.cast(present, "bool")[..., None]
        )
        outputs *= present[..., None, None]
        return ops.relu(outputs) if activate else outputs

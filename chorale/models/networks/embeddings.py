"""Sums of embeddings: several integers become one vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.nn.causal import Tensor
from chorale.nn.lookups import as_table, look_up


class SumOfEmbeddings(keras.layers.Layer):
    """Embed several integers, each with a table of its own, and add the vectors up.

    Args:
        columns: number of values of each integer, by a name that is unique.
        units: width of the vectors.
        dropout: share of the integers dropped in training, each independently and as a
            whole (blank noise, which smooths as counts are smoothed: Xie et al., "Data
            noising as smoothing in neural network language models", 2017).

    Calling it takes int (..., len(columns)) and gives float (..., units).
    """

    def __init__(
        self, columns: Mapping[str, int], units: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        # One table holds all of them, one below the other.
        self.names, self.sizes = tuple(columns), tuple(columns.values())
        self.offsets = as_table(np.cumsum([0, *self.sizes[:-1]]))
        self.table = keras.layers.Embedding(sum(self.sizes), units, name="table")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def build(self, *shapes: Any) -> None:
        self.table.build(None)

    def call(self, integers: Tensor, training: bool | None = None) -> Tensor:
        if not training:
            vectors = look_up(self.table.embeddings, integers + self.offsets)
            return ops.sum(vectors, axis=-2)
        # The gradient of a product is another product; that of looking rows up is a sum
        # of many scattered rows, which is far slower.
        counts = [
            ops.one_hot(integers[..., index], size)
            for index, size in enumerate(self.sizes)
        ]
        if self.dropout.rate:
            kept = ops.ones((*ops.shape(integers), 1))  # (..., integers, 1)
            kept = self.dropout(kept, training=True)
            counts = [kept[..., i, :] * count for i, count in enumerate(counts)]
        counts = ops.concatenate(counts, axis=-1)  # (..., sum of sizes)
        return ops.matmul(counts, self.table.embeddings)

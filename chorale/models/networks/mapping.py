"""Mapping weights between networks that differ in vocabulary and plan.

A network that is fine-tuned begins with the weights of its *base*: a network of the
same options, whose notes and features of the plan it has, and more. Weights are mapped
by what they stand for, so that it predicts what the base predicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chorale.encoding.vocabulary import NoteVocabulary
from chorale.errors import ModelError
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.utils.arrays import Arrays, FloatArray, IntArray

# New notes are as likely as the note that they are copied from, but for this factor:
# little enough to take nothing from the others, enough to be learned soon.
_NEW_NOTE = np.log(0.01)
_DEGREE = "degree"


def map_weights(base: Any, network: Any) -> Arrays:
    """Return weights with which a network predicts what its base does.

    Notes that the base lacks take the weights of the nearest note that it has, and are
    less likely; features of the plan that it lacks weigh nothing. The distribution over
    the notes of the base stays the same, with two exceptions: recalled tunes may come
    from notes that the base lacks, and convolutions over pitch see further.

    Args:
        base: a Keras network, with its weights.
        network: another one.

    Returns:
        float32 arrays by the paths of the network's weights.

    Raises:
        ModelError: the base lacks a weight that neither notes nor the plan explain.
    """
    known = {weight.path: np.asarray(weight) for weight in base.weights}
    tables, base_tables = dict(_tables(network)), dict(_tables(base))
    mapped: Arrays = {}
    for weight in network.weights:
        path, shape = weight.path, tuple(weight.shape)
        if path in tables:
            array = _map_table(
                tables[path], base_tables[path], known[path], network, base
            )
        elif _is_new_degree(path, network, base):
            array = np.zeros(shape, np.float32)
        elif path not in known:
            raise ModelError(f"the base lacks the weight {path}: train it again")
        else:
            array = known[path]
            if shape != array.shape:
                array = _map_outputs(array, shape, network.vocabulary, base.vocabulary)
        mapped[path] = array.astype(np.float32)
    return mapped


def _tables(network: Any) -> Iterator[tuple[str, SumOfEmbeddings]]:
    """Yield the sums of embeddings of a network by the path of their weights."""
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, SumOfEmbeddings):
            yield layer.table.embeddings.path, layer


def _map_table(
    layer: SumOfEmbeddings,
    base_layer: SumOfEmbeddings,
    table: FloatArray,
    network: Any,
    base: Any,
) -> FloatArray:
    """Return the table of a sum of embeddings, column by column."""
    ends = np.cumsum(base_layer.sizes)[:-1]
    known = dict(zip(base_layer.names, np.split(table, ends), strict=True))
    parts: list[FloatArray] = []
    for name, size in zip(layer.names, layer.sizes, strict=True):
        rows = known.get(name, np.zeros((size, table.shape[1]), np.float32))
        if len(rows) != size:
            rows = rows[_nearest(network.vocabulary, base.vocabulary, size)]
        elif _is_new_degree(name, network, base):
            rows = np.tile(rows[-1:], (size, 1))  # as where there is no degree
        parts.append(rows)
    return np.concatenate(parts)


def _map_outputs(
    array: FloatArray,
    shape: Sequence[int],
    vocabulary: NoteVocabulary,
    base: NoteVocabulary,
) -> FloatArray:
    """Return weights whose last axis is that of what the network writes."""
    mapped: FloatArray = array[..., _nearest(vocabulary, base, shape[-1])]
    if len(shape) == 1:  # the bias
        mapped += _NEW_NOTE * (vocabulary.numbers_in(base) < 0)
    return mapped


def _nearest(vocabulary: NoteVocabulary, base: NoteVocabulary, rows: int) -> IntArray:
    """Return the number in the base's vocabulary of each number.

    A note that the base lacks has that of the base's nearest note, of the same kind:
    struck or held, if the vocabulary tells them from each other.
    """
    numbers = vocabulary.numbers_in(base, rows)
    notes = np.arange(vocabulary.lowest, vocabulary.highest + 1)
    notes = notes.clip(base.lowest, base.highest) - base.lowest
    kinds = np.arange(base.note_kinds)[:, np.newaxis]
    nearest = (1 + kinds * base.note_count + notes).ravel()
    numbers[1 : 1 + len(nearest)] = nearest
    return numbers


def _is_new_degree(name: str, network: Any, base: Any) -> bool:
    """Return whether weights are those of scale degrees, which the base cannot see."""
    sees = ["key" in each.plan_features for each in (network, base)]
    return _DEGREE in name and sees == [True, False]

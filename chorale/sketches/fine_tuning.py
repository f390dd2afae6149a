"""Fine-tuning: training that begins with the weights of a trained classifier, its
*base*.

The network is that of the base, except for its last layer, which has a row for each
word of the drawings to learn. A word that the base knows keeps its row, so a classifier
of the same words predicts before training what the base predicts; the rows of other
words start new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.sketches.models import Card, find_model, load_card, load_weights
from chorale.sketches.options import NetworkOptions
from chorale.utils.arrays import Arrays, FloatArray

# Options of a network that its weights do not depend on.
_FREE = {"dropout"}
_LAST = ("words/kernel", "words/bias")  # the last layer; its last axis is the words


def base_options(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of network and training by name, to fine-tune a classifier.

    Args:
        name: of the base, or its folder.
        changes: options by name that are asked for.

    Returns:
        the options of the base's network, and the changes.

    Raises:
        UsageError: there is no such classifier.
    """
    return {**asdict(load_card(name).network), **changes, "base": name}


def base_card(name: str, network_options: NetworkOptions) -> Card:
    """Return the card of a base, if its weights fit a network.

    Raises:
        UsageError: there is no such classifier, an option differs that its weights
            depend on, or it was stored without a file of weights.
    """
    card = load_card(name)
    for field in fields(network_options):
        expected = getattr(card.network, field.name)
        found = getattr(network_options, field.name)
        if field.name not in _FREE and expected != found:
            raise UsageError(
                f"the network of {name} has {field.name} {expected}, not {found}: "
                "leave the option out"
            )
    if not card.has_weights:
        raise UsageError(
            f"expected a classifier with a file of weights, got {name}, stored by "
            "version 0.18 or before with its weights in the graph: to begin with it, "
            "train it again by the command in its card"
        )
    return card


def assign_base(network: Any, words: Sequence[str], name: str) -> None:
    """Give a new Keras network of some words the weights of a base.

    Raises:
        ModelError: a file of the base is damaged.
    """
    from chorale.nn.weights import assign_weights

    folder = find_model(name)
    card = load_card(name)
    weights = load_weights(folder, card)
    new = {weight.path: np.asarray(weight) for weight in network.weights}
    assign_weights(network, map_words(weights, card.words, new, words))


def map_words(
    weights: Arrays, known: Sequence[str], new: Arrays, words: Sequence[str]
) -> Arrays:
    """Return the weights of a base for other words.

    Args:
        weights: of the base, by path.
        known: words of the base.
        new: of a new network of the other words, by path.
        words: of the new network.

    Returns:
        The weights of the base; in its last layer, those of the new network where a
        word is not known.
    """
    places = {word: place for place, word in enumerate(known)}
    kept = [index for index, word in enumerate(words) if word in places]
    rows = [places[words[index]] for index in kept]
    mapped = dict(weights)
    for path in _LAST:
        layer: FloatArray = new[path].copy()
        layer[..., kept] = weights[path][..., rows]
        mapped[path] = layer
    return mapped

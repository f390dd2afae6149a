"""Fine-tuning: training that begins with the weights of a trained model, its *base*.

The network is that of the base. Its vocabulary is the union of the base's and the
corpus's; its plan has the features of the base and those that are added. Before
training it predicts what the base predicts (`chorale.models.networks.mapping`). A base
that knows tunes (`chorale.encoding.tunes`) learns to use those of the new train split,
which take the place of its own.

Steps are many, two pieces in each, and dropout is less than a network needs that starts
from random weights and sees many pieces. On 30 movements of masses by Palestrina, from
`bach`, ten epochs with a dropout of 0.1 reach 0.407 nats per note on valid at the usual
learning rate, 0.423 at half of it, and 0.426 at half of it with the dropout of `bach`,
0.3. On 24 other movements of his, with three seeds, two epochs (a minute of one core)
reach 0.33, and the same network from nothing, with the same dropout and batches, 0.43
to 0.47; five epochs 0.27 to 0.28, and from nothing 0.30 to 0.31.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from chorale.errors import UsageError
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import Card, load_card, load_model
from chorale.training.options import CommonOptions

DROPOUT = 0.1
BATCH_SIZE = 2  # pieces: small corpora have few batches of more
# Options of a network that its weights do not depend on.
_FREE = {"dropout", "input_dropout", "recurrent_dropout", "unlikelihood"}


def base_options(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of network and training by name, to fine-tune a model.

    Args:
        name: of the base, or its folder.
        changes: options by name that are asked for; features in `plan` are added to
            those of the base.

    Returns:
        the options of the base's network, its encoding and plan, DROPOUT and
        BATCH_SIZE, and the changes.

    Raises:
        UsageError: there is no such model, or it has another network.
    """
    card = load_card(name)
    values = asdict(card.network)
    network = values.get("network", values.get("body"))
    if changes.get("network", network) != network:
        raise UsageError(
            f"the network of {name} is {network}, not {changes['network']}: leave the "
            "network out"
        )
    return {
        **values,
        "encoding": card.vocabulary.encoding,
        "dropout": DROPOUT,
        "batch_size": BATCH_SIZE,
        **changes,
        "network": network,
        "plan": tuple(dict.fromkeys([*card.plan_features, *changes.get("plan", ())])),
        "base": name,
    }


def base_card(
    name: str,
    network_options: NetworkOptions | InfillerOptions,
    options: CommonOptions,
) -> Card:
    """Return the card of a base, if its weights fit a network and its training.

    Raises:
        UsageError: there is no such model, or an option differs that its weights depend
            on.
    """
    card = load_card(name)
    if type(card.network) is not type(network_options):
        raise UsageError(
            f"expected the options of the network of {name}, a model of kind "
            f"{card.kind}, got {type(network_options).__name__}"
        )
    pairs = {
        each.name: (getattr(card.network, each.name), value)
        for each in fields(network_options)
        if each.name not in _FREE
        for value in [getattr(network_options, each.name)]
    }
    pairs["encoding"] = (card.vocabulary.encoding, options.encoding)
    for option, (expected, found) in pairs.items():
        if expected != found:
            raise UsageError(
                f"the network of {name} has {option.replace('_', '-')} {expected}, not "
                f"{found}: leave the option out"
            )
    if missing := [each for each in card.plan_features if each not in options.plan]:
        raise UsageError(
            f"the network of {name} uses {', '.join(missing)}: add it to the plan"
        )
    return card


def assign_base(network: Any, name: str) -> None:
    """Give a new network the weights of a base, mapped to its vocabulary and plan.

    Raises:
        ModelError: a file of the base is damaged.
    """
    from chorale.models.networks.mapping import map_weights
    from chorale.nn.weights import assign_weights

    base: Any = load_model(name, backend="keras")
    assign_weights(network, map_weights(base.network, network))

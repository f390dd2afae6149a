"""`python -m chorale.benchmarks.untrained FOLDER NETWORK...`: stores networks.

Each has the default size and random weights, and is stored as a trained model would be.
This takes Keras, and a while; whoever runs the models needs neither.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from chorale.encoding.tokens import Vocabulary
from chorale.models.options import NetworkOptions
from chorale.models.storage import (
    DEFAULT_MODEL,
    NEXT_STEP,
    Card,
    load_card,
    save_model,
)
from chorale.music.voices import VOICE_ORDER
from chorale.training.options import TrainingOptions


def store_untrained(body: str, folder: Path, **sizes: int) -> Card:
    """Store a network of random weights as a model, with the notes of the default one.

    Args:
        body: one of `chorale.nn.bodies.BODIES`.
        folder: created if missing.
        sizes: options of the network other than the defaults.
    """
    training = TrainingOptions()
    options = NetworkOptions(body=body, **sizes)  # type: ignore[arg-type]
    vocabulary = load_card(DEFAULT_MODEL).vocabulary
    assert isinstance(vocabulary, Vocabulary)
    from chorale.models.networks.next_step import NextStepNetwork  # loads Keras

    network = NextStepNetwork(options, vocabulary, training.plan)
    card = Card(
        kind=NEXT_STEP,
        name=body,
        network=options,
        vocabulary=vocabulary,
        plan_features=training.plan,
        voice_order=VOICE_ORDER,
        memory=tuple(network.rings()),
        training=asdict(training),
        data={},
        command="chorale benchmark",
        figures={},
        versions={},
        files={},
    )
    return save_model(network, card, folder)


def main() -> None:
    """Store a model for each network, in a folder of its name."""
    folder, *bodies = sys.argv[1:]
    for body in bodies:
        store_untrained(body, Path(folder) / body)


if __name__ == "__main__":
    main()

"""Time per note of every body at its default size, with random weights.

The networks are stored as trained models are, once in a run of the benchmark, which
takes Keras; then they run without it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from chorale.benchmarks.lengths import prepare_lengths
from chorale.benchmarks.measures import Measure, Prepared
from chorale.benchmarks.sampling import BATCHES, prepare_batch
from chorale.errors import ModelError
from chorale.nn.bodies import BODIES

_BARS = 8  # the time per note does not depend on the length, see `length`
_NEEDS = ("tensorflow", "keras", "tf2onnx", "onnx")


def untrained_model(folder: Path, body: str) -> Path:
    """Return the folder of a model with random weights, stored if it is not yet.

    Raises:
        ModelError: it cannot be built.
    """
    model = folder / "untrained" / body
    if not (model / "card.json").exists():  # which is written last
        module = "chorale.benchmarks.untrained"
        done = subprocess.run(
            [sys.executable, "-m", module, str(model.parent), body],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ModelError(f"the network {body} cannot be stored: {last}")
    return model


def _batch(body: str, pieces: int) -> Measure:
    def prepare(folder: Path) -> Prepared:
        return prepare_batch(untrained_model(folder, body), "plain", pieces, _BARS)

    return Measure(
        name=f"bodies/{body}/{pieces}",
        title=f"{body}, plain, batch {pieces}",
        prepare=prepare,
        process="bodies",
        modules=_NEEDS,
        pieces=pieces,
    )


def _length(body: str) -> Measure:
    def prepare(folder: Path) -> Prepared:
        return prepare_lengths(untrained_model(folder, body))

    return Measure(
        name=f"length/{body}",
        title=f"{body}, untrained",
        prepare=prepare,
        process="bodies",
        modules=_NEEDS,
    )


MEASURES = (
    *(_batch(body, pieces) for body in BODIES for pieces in BATCHES),
    *(_length(body) for body in BODIES),
)

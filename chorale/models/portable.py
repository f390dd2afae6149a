"""Models that other processes and other machines open by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from chorale.errors import ModelError, UsageError, WorkerError
from chorale.models.ensemble import average
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.models.storage import (
    DEFAULT_MODEL,
    NEXT_STEP,
    find_model,
    load_card,
    load_model,
)
from chorale.nn.cards import WEIGHTS_FILE
from chorale.version import __version__


class Portable(NamedTuple):
    """A model that another process opens.

    Attributes:
        name: of a bundled model, or the absolute path of the folder of another.
        weights: SHA-256 of its weights.
        version: of chorale where it was named.
    """

    name: str
    weights: str
    version: str = __version__


def portable(names: Sequence[str]) -> tuple[Portable, ...]:
    """Return models by name as other processes, or other machines, find them.

    Raises:
        UsageError: there is no such model.
        ModelError: its card is damaged.
    """
    bundled = find_model(DEFAULT_MODEL).parent
    found = []
    for name in names:
        folder, card = find_model(name), load_card(name)
        path = name if folder.parent == bundled else str(folder.resolve())
        found.append(Portable(path, card.files.get(WEIGHTS_FILE, "")))
    return tuple(found)


def open_portable(
    models: Sequence[Portable], averaging: str = "none"
) -> Predictor[Any] | Infiller:
    """Open models in any process, once for all that it does.

    Each uses one thread: the processes share the work.

    Args:
        models: an infiller, or next-step models, which are averaged.
        averaging: one of `chorale.models.ensemble.AVERAGES`.

    Raises:
        WorkerError: this process has another version of chorale.
        ModelError: it has another model of a name, or none.
    """
    with _OPENING:  # threads of one worker share its models
        return _open(tuple(models), averaging)


def open_predictor(
    models: Sequence[Portable], averaging: str = "none"
) -> Predictor[Any]:
    """Open next-step models, see `open_portable`.

    Raises:
        UsageError: one is an infiller.
        WorkerError, ModelError: as `open_portable`.
    """
    model = open_portable(models, averaging)
    if isinstance(model, Infiller):
        raise UsageError(
            f"expected a model of kind {NEXT_STEP}, got the infiller {models[0].name}"
        )
    return model


_OPENING = Lock()


@lru_cache(maxsize=2)
def _open(models: tuple[Portable, ...], averaging: str) -> Predictor[Any] | Infiller:
    predictors: list[Predictor[Any]] = []
    for name, weights, version in models:
        if version != __version__:
            raise WorkerError(
                f"a worker has chorale {__version__}, expected {version}: install the "
                "same version on all machines"
            )
        if load_card(name).files.get(WEIGHTS_FILE, "") != weights:
            raise ModelError(
                f"a worker has another model {name} than this process: copy the folder "
                "of the model to its machine"
            )
        model = load_model(name)
        model.threads = 1
        if isinstance(model, Infiller):
            return model
        predictors.append(model)
    return average(predictors, averaging)

"""Training a network of either kind on a corpus of chorales: options → run → model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from chorale.corpus.loading import Corpus
from chorale.errors import UsageError
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import Card
from chorale.nn.fitting import EpochProgress
from chorale.nn.runs import Run
from chorale.nn.trainer import Task, begin, resume
from chorale.training.infiller import InfillerTask
from chorale.training.next_step import NextStepTask
from chorale.training.options import CommonOptions, TrainingOptions


def train_network(
    corpus: Corpus,
    network_options: NetworkOptions | InfillerOptions,
    options: CommonOptions,
    output: Path | str,
    *,
    command: str = "",
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Train a network in a new run.

    Args:
        corpus: its train split is learned, its valid split chooses the best epoch.
        network_options: a next-step network or an infilling one.
        options: the training; TrainingOptions for a next-step network.
        output: folder of the run; must not contain one yet.
        command: command line of the run, for the card.
        tensorboard: whether to write the metrics for TensorBoard too.
        progress: callbacks for every batch and epoch.

    Returns:
        The card of the model in `output/model`.

    Raises:
        UsageError: the folder already holds a run, or the options do not match.
        DataError: valid has notes that train lacks.
    """
    task: Task[Card]
    if isinstance(network_options, InfillerOptions):
        task = InfillerTask(corpus, network_options, options)
    elif isinstance(options, TrainingOptions):
        task = NextStepTask(corpus, network_options, options)
    else:
        raise UsageError("expected TrainingOptions for a next-step network")
    return begin(
        task, output, command=command, tensorboard=tensorboard, progress=progress
    )


def resume_training(
    corpus: Corpus,
    output: Path | str,
    *,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Continue a run after its last whole epoch; see `train_network`.

    Args:
        finish: whether to train no further and to store the best epoch so far.

    Raises:
        UsageError: there is no run in `output`, or none with a whole epoch to finish.
        ModelError: the corpus or a teacher differs from what the run began with.
    """
    fitting: dict[str, Any] = {
        "finish": finish,
        "tensorboard": tensorboard,
        "progress": progress,
    }
    if "network" in Run(output).options().get("network", {}):  # only infillers name it
        make_infiller = partial(InfillerTask, corpus)
        return resume(make_infiller, InfillerOptions, CommonOptions, output, **fitting)
    make_next_step = partial(NextStepTask, corpus)
    return resume(make_next_step, NetworkOptions, TrainingOptions, output, **fitting)

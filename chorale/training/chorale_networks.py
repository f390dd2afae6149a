"""Training a network of either kind on a corpus of chorales: options → run → model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Unpack

from chorale.corpus.loading import Corpus
from chorale.errors import UsageError
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import Card
from chorale.nn.fitting import RunArguments
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
    **fitting: Unpack[RunArguments],
) -> Card:
    """Train a network in a new run.

    Args:
        corpus: its train split is learned, its valid split chooses the best epoch.
        network_options: a next-step network or an infilling one.
        options: the training; TrainingOptions for a next-step network, CommonOptions
            for an infiller.
        output: folder of the run; must not contain one yet.
        command: command line of the run, for the card.
        fitting: see `chorale.nn.fitting.RunArguments`.

    Returns:
        The card of the model in `output/model`.

    Raises:
        UsageError: the folder already holds a run, or the options do not match.
        DataError: the train split is empty, or a voice never sounds.
    """
    infills = isinstance(network_options, InfillerOptions)
    expected = CommonOptions if infills else TrainingOptions
    if type(options) is not expected:
        raise UsageError(
            f"expected {expected.__name__} for this network, got "
            f"{type(options).__name__}"
        )
    task_class = InfillerTask if infills else NextStepTask
    task: Task[Card] = task_class(corpus, network_options, options)
    return begin(task, output, command=command, **fitting)


def resume_training(
    corpus: Corpus,
    output: Path | str,
    **fitting: Unpack[RunArguments],
) -> Card:
    """Continue a run after its last whole epoch; see `train_network`.

    Raises:
        UsageError: there is no run in `output`, or none with a whole epoch to finish.
        ModelError: the corpus or a teacher differs from what the run began with.
    """
    if "network" in Run(output).options().get("network", {}):  # only infillers name it
        make_infiller = partial(InfillerTask, corpus)
        return resume(make_infiller, InfillerOptions, CommonOptions, output, **fitting)
    make_next_step = partial(NextStepTask, corpus)
    return resume(make_next_step, NetworkOptions, TrainingOptions, output, **fitting)

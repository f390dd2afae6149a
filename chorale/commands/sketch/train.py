"""`chorale sketch train`: fit a network to drawings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import names_typed
from chorale.commands.progress import EpochLines, progress_bar
from chorale.commands.training_options import (
    ClipNorm,
    Epochs,
    Finish,
    LearningRate,
    Output,
    Patience,
    Plot,
    Resume,
    Seed,
    Tensorboard,
    WeightDecay,
    check_flags,
    check_same,
    command_line,
    interruptible,
    only,
)
from chorale.errors import UsageError
from chorale.nn.runs import Run, plot_history
from chorale.sketches.examples import Examples, hold_out, load_examples
from chorale.sketches.options import NETWORKS, NetworkOptions, TrainingOptions
from chorale.sketches.training import MONITOR, resume_training, train_classifier
from chorale.utils.extras import require_keras

_NETWORK = NetworkOptions()
_TRAINING = TrainingOptions()


def train(
    context: typer.Context,
    data: Annotated[
        list[Path],
        typer.Option(help="File or folder of drawings to learn; may be given again."),
    ],
    output: Output,
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            help="File of drawings that choose the best epoch; a tenth of DATA if left "
            "out."
        ),
    ] = None,
    resume: Resume = False,
    finish: Finish = False,
    network: Annotated[
        str, typer.Option(help=f"One of {', '.join(NETWORKS)}.")
    ] = _NETWORK.network,
    epochs: Epochs = _TRAINING.epochs,
    batch_size: Annotated[
        int, typer.Option(help="Drawings in a step of the optimizer.")
    ] = _TRAINING.batch_size,
    augment: Annotated[
        float, typer.Option(help="How much drawings are varied; 0 = not at all.")
    ] = _TRAINING.augment,
    learning_rate: LearningRate = _TRAINING.learning_rate,
    weight_decay: WeightDecay = _TRAINING.weight_decay,
    clip_norm: ClipNorm = _TRAINING.clip_norm,
    patience: Patience = _TRAINING.patience,
    seed: Seed = _TRAINING.seed,
    units: Annotated[
        int | None, typer.Option(help="Width of the recurrent layers.")
    ] = _NETWORK.units,
    layers: Annotated[
        int | None, typer.Option(help="Recurrent layers.")
    ] = _NETWORK.layers,
    dropout: Annotated[
        float | None, typer.Option(help="Share dropped before the last layer.")
    ] = _NETWORK.dropout,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Open sketch-rnn .npz files, which can run code."),
    ] = False,
    tensorboard: Tensorboard = False,
    plot: Plot = False,
) -> None:
    """Train a classifier of drawings; write a run folder with the model.

    Example: chorale sketch train --data quickdraw338_train.npz --output runs/sketch
    """
    network_options = NetworkOptions(**only(NetworkOptions, context.params))
    training_options = TrainingOptions(**only(TrainingOptions, context.params))
    unused = {"units", "layers", "dropout"} & {*names_typed(context)}
    if network == "book" and unused:
        raise UsageError(f"the book's network has one shape: leave out --{min(unused)}")
    require_keras("training")
    check_flags(resume=resume, finish=finish, plot=plot)
    if resume:
        asked = {**asdict(network_options), **asdict(training_options)}
        begun = Run(output).options()
        check_same(
            names_typed(context), asked, {**begun["network"], **begun["training"]}
        )
    learned, validated = _load(data, valid or [], trust)
    words = ["chorale", "sketch", "train", "--output", str(output), "--resume"]
    for option, paths in (("--data", data), ("--valid", valid or [])):
        words += [word for path in paths for word in (option, str(path))]
    words += ["--trust"] if trust else []
    with interruptible(words), EpochLines(MONITOR) as progress:
        if resume:
            card = resume_training(
                learned,
                validated,
                output,
                finish=finish,
                tensorboard=tensorboard,
                progress=progress,
            )
        else:
            card = train_classifier(
                learned,
                validated,
                network_options,
                training_options,
                output,
                command=command_line(context, "chorale sketch train"),
                tensorboard=tensorboard,
                progress=progress,
            )
    if plot:
        typer.echo(f"curves  {plot_history(Run(output), MONITOR)}")
    figures = card.figures["valid"]
    typer.echo(f"model   {output / 'model'}")
    typer.echo(
        f"valid   top-1 {figures['top1']:.4f}, top-5 {figures['top5']:.4f}, "
        f"{figures['nats']:.4f} nats a drawing"
    )


def _load(
    data: list[Path], valid: list[Path], trust: bool
) -> tuple[Examples, Examples]:
    """Return the drawings to learn and those to validate on; say what was left out."""
    with progress_bar("Reading") as progress:
        learned = load_examples(data, trust=trust, progress=progress)
    if valid:
        with progress_bar("Reading") as progress:
            validated = load_examples(
                valid, words=learned.words, trust=trust, progress=progress
            )
        everything = [learned, validated]
    else:
        everything = [learned]
        learned, validated = hold_out(learned)
        typer.echo(
            f"note: {len(validated.labels)} of {len(everything[0].labels)} drawings, "
            "chosen by content, are held out to validate",
            err=True,
        )
    for examples in everything:
        for reason, count in examples.left_out.items():
            typer.echo(f"note: left out {count} drawings {reason}", err=True)
    return learned, validated

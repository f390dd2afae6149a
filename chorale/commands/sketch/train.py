"""`chorale sketch train`: train a classifier on drawings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.progress import EpochLines, progress_bar
from chorale.commands.sketch.options import Trust
from chorale.commands.training_options import (
    Finish,
    Output,
    Plot,
    Resume,
    Tensorboard,
    check_flags,
    check_same,
    chosen,
    command_line,
    interruptible,
    options_typed,
    report_run,
    with_options,
)
from chorale.errors import UsageError
from chorale.nn.runs import Run
from chorale.sketches.examples import Examples, hold_out, load_examples
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.sketches.training import MONITOR, resume_training, train_classifier
from chorale.utils.extras import require_keras


@with_options(TrainingOptions, NetworkOptions)
def train(
    context: typer.Context,
    data: Annotated[
        list[Path],
        typer.Option(help="File or folder of drawings to learn; may be repeated."),
    ],
    output: Output,
    valid: Annotated[
        list[Path] | None,
        typer.Option(
            help="File or folder of drawings that choose the best epoch; default: a "
            "tenth of the drawings to learn."
        ),
    ] = None,
    resume: Resume = False,
    finish: Finish = False,
    plot: Plot = False,
    tensorboard: Tensorboard = False,
    trust: Trust = False,
    **options: Any,
) -> None:
    """Train a classifier of drawings; write a run folder with the model.

    Example: chorale sketch train --data quickdraw338_train.npz --output runs/sketch
    """
    typed = options_typed(context)
    network_options = chosen(NetworkOptions, typed)
    training_options = chosen(TrainingOptions, typed)
    unused = {"units", "layers", "dropout"} & set(typed)
    if network_options.network == "book" and unused:
        raise UsageError(f"the book's network has one shape: leave out --{min(unused)}")
    require_keras("training")
    check_flags(resume=resume, finish=finish, plot=plot)
    if resume:
        begun = Run(output).options()
        asked = {**asdict(network_options), **asdict(training_options)}
        check_same(list(typed), asked, {**begun["network"], **begun["training"]})
    learned, validated = _load(data, valid or [], trust)
    words = ["chorale", "sketch", "train", "--output", str(output), "--resume"]
    for option, paths in (("--data", data), ("--valid", valid or [])):
        words += [word for path in paths for word in (option, str(path))]
    words += ["--trust"] if trust else []
    with interruptible(words), EpochLines(MONITOR) as progress:
        fitting: dict[str, Any] = {"tensorboard": tensorboard, "progress": progress}
        if resume:
            card = resume_training(learned, validated, output, finish=finish, **fitting)
        else:
            card = train_classifier(
                learned,
                validated,
                network_options,
                training_options,
                output,
                command=command_line(context, "chorale sketch train"),
                **fitting,
            )
    report_run(output, MONITOR, plot=plot)
    figures = card.figures["valid"]
    typer.echo(
        f"valid   top-1 {figures['top1']:.4f}, top-5 {figures['top5']:.4f}, "
        f"{figures['nats']:.4f} nats per drawing"
    )


def _load(
    data: list[Path], valid: list[Path], trust: bool
) -> tuple[Examples, Examples]:
    """Return the drawings to learn and to validate on; report what was left out."""
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

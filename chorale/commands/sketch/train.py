"""`chorale sketch train`: train a classifier on drawings."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sketch.options import Trust
from chorale.commands.training_options import (
    Output,
    RunOptions,
    check_same,
    chosen,
    options_typed,
    train_run,
    with_options,
)
from chorale.errors import UsageError
from chorale.nn.runs import Run
from chorale.sketches.examples import Examples, hold_out, load_examples
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.sketches.training import MONITOR, resume_training, train_classifier
from chorale.utils.extras import require_keras
from chorale.utils.text import counted


@with_options(RunOptions, Training=TrainingOptions, Network=NetworkOptions)
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
    run = chosen(RunOptions, options)
    run.check()
    if run.resume:
        begun = Run(output).options()
        asked = {**asdict(network_options), **asdict(training_options)}
        check_same(list(typed), asked, {**begun["network"], **begun["training"]})
    examples = _load(data, valid or [], trust)
    words = [word for path in data for word in ("--data", str(path))]
    words += [word for path in valid or [] for word in ("--valid", str(path))]
    card = train_run(
        context,
        "chorale sketch train",
        MONITOR,
        partial(train_classifier, *examples, network_options, training_options),
        partial(resume_training, *examples),
        [*words, "--trust"] if trust else words,
    )
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
        print_remarks(
            f"{len(validated.labels)} of {len(everything[0].labels)} drawings, chosen "
            "by content, are held out to validate"
        )
    for examples in everything:
        for reason, count in examples.left_out.items():
            print_remarks(f"left out {counted(count, 'drawing')} {reason}")
    return learned, validated

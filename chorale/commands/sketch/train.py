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
from chorale.sketches.fine_tuning import base_card, base_options
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
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Classifier to fine-tune, a name or folder: its network and weights. "
            "The words are those of the drawings; what it has learned of a word that "
            "both have is kept.",
        ),
    ] = None,
    trust: Trust = False,
    **options: Any,
) -> None:
    """Train a classifier of drawings; write a run folder with the model.

    Example: chorale sketch train --data quickdraw338_train.npz --output runs/sketch

    Example: chorale sketch train --from quickdraw --data mine.npz --output runs/mine
    """
    typed = options_typed(context)
    begins_with = None if typed.get("resume") else base  # else the run has its options
    values = base_options(begins_with, typed) if begins_with else typed
    network_options = chosen(NetworkOptions, values)
    training_options = chosen(TrainingOptions, values)
    unused = {"units", "layers", "dropout"} & set(typed)
    if network_options.network == "book" and unused:
        raise UsageError(f"the book's network has one shape: leave out --{min(unused)}")
    if begins_with:
        base_card(begins_with, network_options)  # before the drawings are read
    require_keras("training")
    run = chosen(RunOptions, options)
    run.check()
    if run.resume:
        stored = Run(output).options()
        begun = {"base": "", **stored["network"], **stored["training"]}
        asked = {**asdict(network_options), **asdict(training_options)}
        check_same(list(typed), asked, begun)
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

"""`chorale forecast gradients`: where do gradients vanish and explode?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.forecast.options import FOLDER, AsJson, Seed
from chorale.commands.options import Force
from chorale.commands.printing import print_naming
from chorale.commands.progress import progress_bar
from chorale.forecasting.gradient_tables import (
    Summary,
    summarize,
    write_gradients,
    write_tensorboard,
)
from chorale.forecasting.gradients import (
    CLIP_NORM,
    GradientOptions,
    measure_gradients,
)
from chorale.utils.saving import drafts, save_numbered

_QUICK = {"steps": 50, "updates": 60}  # sizes of `--quick`


def gradients(
    quick: Annotated[
        bool, typer.Option("--quick", help="Train on shorter series, fewer updates.")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Write the results for TensorBoard too."),
    ] = False,
    seed: Seed = 0,
    output: Annotated[
        Path, typer.Option(help="Folder of gradients.csv and the norms by step.")
    ] = FOLDER,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Measure how gradients vanish and explode through time.

    Recurrent layers with tanh and ReLU are trained by plain gradient descent, with and
    without gradient clipping and layer normalization.

    Example: chorale forecast gradients --quick --tensorboard
    """
    options = GradientOptions(seed=seed, **(_QUICK if quick else {}))
    with progress_bar("Training") as progress:
        trainings = measure_gradients(options, progress=progress)
    with drafts(output) as drafted:
        write_gradients(drafted, trainings)
        files = [drafted / "gradients.csv"]
        files += sorted({*drafted.iterdir()} - {*files})
        saved = save_numbered(files, output, overwrite=force)
    print_naming(files, saved)
    folder = output / "tensorboard"
    if tensorboard:
        write_tensorboard(folder, trainings)
    summaries = [summarize(training) for training in trainings]
    if as_json:
        answer = {
            "options": asdict(options),
            "recurrences": [summary._asdict() for summary in summaries],
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo("\n".join(_table(summaries, options)))
    typer.echo(f"results: {saved.paths[0]}")
    if tensorboard:
        typer.echo(f"see     tensorboard --logdir {folder}")


def _table(summaries: Sequence[Summary], options: GradientOptions) -> Iterator[str]:
    yield (
        "norm of the gradient with respect to the state at step 1, divided by that at "
        f"step {options.steps}; {options.updates} updates"
    )
    yield (
        f"{'':<25}{'recurrent weights':<19}{'before':>9}{'after':>9}"
        f"{'largest gradient':>18}{'largest step':>14}{'loss':>10}"
    )
    for row in summaries:
        before = row.first_norm / row.last_norm
        after = row.first_norm_after / row.last_norm_after
        loss = f"{row.loss:.4f}" if row.loss is not None else f"NaN at {row.blew_up}"
        yield (
            f"{row.name:<25}{row.recurrent_weights:<19}{before:>9.0e}{after:>9.0e}"
            f"{row.largest_gradient:>18.2g}{row.largest_step:>14.2g}{loss:>10}"
        )
    yield (
        f"-clip: gradient clipping to a norm of {CLIP_NORM:g}; -norm: layer "
        "normalization; NaN at N: loss or gradient not finite at update N"
    )

"""`chorale forecast memory` and `gradients`: two experiments beside the suite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.progress import progress_bar
from chorale.forecasting.gradient_tables import (
    Summary,
    summarize,
    write_gradients,
    write_tensorboard,
)
from chorale.forecasting.gradients import (
    RECURRENCES,
    GradientOptions,
    measure_gradients,
)
from chorale.forecasting.memory import (
    CANDIDATES,
    MemoryOptions,
    Recall,
    measure_memory,
    reaches,
    write_memory,
)

# How much `--quick` tries.
_QUICK_MEMORY: dict[str, Any] = {"lags": (30, 100), "updates": 500}
_QUICK_GRADIENTS = {"steps": 50, "updates": 60}


def memory(
    networks: Annotated[
        str,
        typer.Option(
            metavar="NAME,...", help=f"Only these, out of {', '.join(CANDIDATES)}."
        ),
    ] = ",".join(CANDIDATES),
    quick: Annotated[
        bool, typer.Option("--quick", help="Lags up to 100, fewer updates.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of weights and series.")] = 0,
    output: Annotated[Path, typer.Option(help="Folder of memory.csv.")] = Path(
        "forecast"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how many steps back each network recalls a value: 10 to 3,000.

    Each is trained from nothing by a limited number of updates; it gives up at the
    first lag at which its error stays above a tenth of that of forecasting the mean,
    and is not tried at longer ones. What is measured is kept as it comes.

    Example: chorale forecast memory --networks gru,wavenet --quick
    """
    names = tuple(name.strip() for name in networks.split(",") if name.strip())
    settings = _QUICK_MEMORY if quick else {}
    options = MemoryOptions(networks=names, seed=seed, **settings)
    path = output / "memory.csv"
    kept: list[Recall] = []

    def finished(recall: Recall) -> None:
        kept.append(recall)
        write_memory(path, kept)

    with progress_bar("Training") as progress:
        recalls = measure_memory(options, progress=progress, finished=finished)
    if as_json:
        answer = {
            "options": asdict(options),
            "recalls": [recall._asdict() for recall in recalls],
            "reaches": reaches(recalls),
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo("\n".join(_memory_table(recalls, options)))
    typer.echo(f"results {path}")


def gradients(
    quick: Annotated[
        bool, typer.Option("--quick", help="Shorter series, fewer updates.")
    ] = False,
    tensorboard: Annotated[
        bool,
        typer.Option("--tensorboard", help="Write the norms for TensorBoard too."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of weights and series.")] = 0,
    output: Annotated[
        Path, typer.Option(help="Folder of gradients.csv and of the norms by step.")
    ] = Path("forecast"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how gradients vanish and explode through time.

    Recurrences of tanh and of rectified units are trained by plain gradient descent,
    with and without clipping and layer normalization.

    Example: chorale forecast gradients --quick --tensorboard
    """
    settings = _QUICK_GRADIENTS if quick else {}
    options = GradientOptions(seed=seed, **settings)
    with progress_bar("Training") as progress:
        trainings = measure_gradients(options, progress=progress)
    write_gradients(output, trainings)
    folder = output / "tensorboard"
    if tensorboard:
        write_tensorboard(folder, trainings)
    summaries = [summarize(training) for training in trainings]
    if as_json:
        answer = {
            "options": asdict(options),
            "recurrences": [asdict(summary) for summary in summaries],
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo("\n".join(_gradient_table(summaries, options)))
    typer.echo(f"results {output / 'gradients.csv'}")
    if tensorboard:
        typer.echo(f"see     tensorboard --logdir {folder}")


def _memory_table(recalls: Sequence[Recall], options: MemoryOptions) -> Iterator[str]:
    yield (
        f"error over that of forecasting the mean, by the steps since the value was "
        f"seen; {options.updates:,} updates of {options.batch_size} series at most"
    )
    header = "".join(f"{lag:>8,}" for lag in options.lags)
    yield f"{'':<24}{header}{'recalls from':>14}"
    for name, reach in reaches(recalls).items():
        cells = "".join(
            f"{_error(recall):>8}" for recall in recalls if recall.network == name
        )
        yield f"{CANDIDATES[name].title:<24}{cells}{f'{reach:,}' if reach else '-':>14}"


def _error(recall: Recall) -> str:
    if recall.error is None:
        return "failed" if recall.updates else "-"
    return f"{recall.error:.3f}"


def _gradient_table(
    summaries: Sequence[Summary], options: GradientOptions
) -> Iterator[str]:
    yield (
        f"norm of the gradient by the state at step 1, over that at step "
        f"{options.steps}; {options.updates} updates"
    )
    yield (
        f"{'':<25}{'recurrent weights':<19}{'before':>9}{'after':>9}"
        f"{'largest gradient':>18}{'largest step':>14}{'loss':>10}"
    )
    for one in summaries:
        before, after = (
            f"{first / last:.0e}"
            for first, last in (
                (one.first_norm, one.last_norm),
                (one.first_norm_after, one.last_norm_after),
            )
        )
        loss = f"{one.loss:.4f}" if one.loss is not None else f"up at {one.blew_up}"
        yield (
            f"{one.name:<25}{one.recurrent_weights:<19}{before:>9}{after:>9}"
            f"{one.largest_gradient:>18.2g}{one.largest_step:>14.2g}{loss:>10}"
        )
    clip_norm = max(it.clip_norm for it in RECURRENCES.values())
    yield (
        f"-clip: gradient of the weights clipped to a norm of {clip_norm:g}; -norm: "
        "layer normalization; up at N: not finite in update N"
    )

"""`chorale forecast memory`: over which lag can a network learn to recall a value?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.forecast.options import FOLDER, AsJson, Seed, parse_names
from chorale.commands.options import Force
from chorale.commands.progress import progress_bar
from chorale.forecasting.memory import (
    CANDIDATES,
    MemoryOptions,
    Recall,
    longest_lags,
    measure_memory,
    write_memory,
)
from chorale.utils.saving import reserve

# Sizes of `--quick`.
_QUICK: dict[str, Any] = {"lags": (30, 100), "updates": 500}


def memory(
    networks: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help=f"Networks to train, out of {', '.join(CANDIDATES)}; by default all.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Try lags up to 100, with fewer updates.")
    ] = False,
    seed: Seed = 0,
    output: Annotated[Path, typer.Option(help="Folder of memory.csv.")] = FOLDER,
    as_json: AsJson = False,
    force: Force = False,
) -> None:
    """Measure how many steps back each network recalls a value: 10 to 3,000.

    Each network is trained from random weights for a limited number of updates. At the
    first lag at which its error stays above a tenth of the variance of the value, it
    fails, and longer lags are skipped. Results are saved one by one.

    Example: chorale forecast memory --networks gru,wavenet --quick
    """
    names = CANDIDATES if networks is None else parse_names(networks)
    options = MemoryOptions(
        networks=tuple(names), seed=seed, **(_QUICK if quick else {})
    )
    path = output / "memory.csv"
    if not force:
        path = reserve(path)
    saved: list[Recall] = []

    def finished(recall: Recall) -> None:
        saved.append(recall)
        write_memory(path, saved)

    try:
        with progress_bar("Training") as progress:
            recalls = measure_memory(options, progress=progress, finished=finished)
    finally:
        if not saved and not force:  # an empty file that only kept the name free
            path.unlink(missing_ok=True)
    if as_json:
        answer = {
            "options": asdict(options),
            "recalls": [recall._asdict() for recall in recalls],
            "reaches": longest_lags(recalls),
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    typer.echo("\n".join(_table(recalls, options)))
    typer.echo(f"results: {path}")


def _table(recalls: Sequence[Recall], options: MemoryOptions) -> Iterator[str]:
    yield (
        "error relative to forecasting the mean, by lag in steps; at most "
        f"{options.updates:,} updates of {options.batch_size} series"
    )
    header = "".join(f"{lag:>8,}" for lag in options.lags)
    yield f"{'':<24}{header}{'longest lag':>14}"
    for name, lag in longest_lags(recalls).items():
        cells = "".join(
            f"{_error(recall):>8}" for recall in recalls if recall.network == name
        )
        yield f"{CANDIDATES[name].title:<24}{cells}{f'{lag:,}' if lag else '-':>14}"


def _error(recall: Recall) -> str:
    if recall.error is None:
        return "failed" if recall.updates else "-"
    return f"{recall.error:.3f}"

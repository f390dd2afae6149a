"""`chorale forecast plot`: draw the results of the time-series suite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.forecast.options import parse_names
from chorale.forecasting.plotting import plot_suite
from chorale.forecasting.series import TASKS


def plot_command(
    folder: Annotated[
        Path, typer.Argument(help="What `chorale forecast run` has left.")
    ] = Path("forecast"),
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK",
            help=f"Out of {', '.join(TASKS)}, if the suite has it, or series, that of "
            "own series or steps; ten-steps if left out.",
        ),
    ] = None,
    networks: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Networks, baselines or the oracle to draw; a handful if left out.",
        ),
    ] = "",
    count: Annotated[int, typer.Option(help="Test series to draw.")] = 3,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the PNG files; that of the suite.")
    ] = None,
) -> None:
    """Draw series, forecasts with error bars, learning curves and errors to PNG.

    Example: chorale forecast plot --task ten-steps --networks oracle,gru,wavenet
    """
    paths = plot_suite(
        folder, task=task, networks=parse_names(networks), count=count, output=output
    )
    for path in paths:
        typer.echo(str(path))

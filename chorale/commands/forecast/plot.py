"""`chorale forecast plot`: plot the results of the suite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.forecast.options import FOLDER, parse_names
from chorale.commands.options import Force
from chorale.commands.printing import print_saved
from chorale.forecasting.series import TASKS
from chorale.forecasting.suite_chart import plot_suite_chart
from chorale.forecasting.suite_plots import MOST_SERIES, plot_suite
from chorale.utils.saving import drafts, save_numbered


def plot(
    folder: Annotated[
        Path, typer.Argument(help="Folder that `chorale forecast run` has written.")
    ] = FOLDER,
    task: Annotated[
        str | None,
        typer.Option(
            metavar="TASK",
            help=f"Task to plot, out of {', '.join(TASKS)}, or series if --series, "
            "--steps or --ahead was given; by default ten-steps.",
        ),
    ] = None,
    networks: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Networks, baselines or the oracle to plot; by default the oracle, "
            "the best baseline and the best network.",
        ),
    ] = "",
    count: Annotated[
        int, typer.Option(help=f"Test series to plot, 1 to {MOST_SERIES}.")
    ] = 3,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the PNG files; by default that of the suite."),
    ] = None,
    force: Force = False,
) -> None:
    """Plot series, forecasts with error bars, learning curves and errors to PNG files.

    For synthetic series `suite.png` has the errors of all networks and tasks, relative
    to those of the oracle, beside the book's.

    Example: chorale forecast plot --task ten-steps --networks oracle,gru,wavenet
    """
    target = folder if output is None else output
    with drafts(target) as drafted:
        files = plot_suite(
            folder,
            task=task,
            networks=parse_names(networks),
            count=count,
            output=drafted,
        )
        files += plot_suite_chart(folder, drafted)
        for file in files:
            print_saved([file], save_numbered([file], target, overwrite=force))

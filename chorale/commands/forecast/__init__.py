"""`chorale forecast`: every network of the subject on series of a known law."""

from __future__ import annotations

import typer

from chorale.commands.forecast.experiments import gradients, memory
from chorale.commands.forecast.plot import plot_command
from chorale.commands.forecast.run import run_command

app = typer.Typer(
    help="Forecast time series, synthetic or your own, with every network.",
    no_args_is_help=True,
)
app.command("run")(run_command)
app.command("plot")(plot_command)
app.command("memory")(memory)
app.command("gradients")(gradients)

"""`chorale forecast`: recurrent and convolutional networks on time series."""

from __future__ import annotations

import typer

from chorale.commands.forecast import gradients, memory, plot, run

app = typer.Typer(
    help="Forecast time series, synthetic or your own, with every network.",
    no_args_is_help=True,
)
app.command()(run.run)
app.command()(plot.plot)
app.command()(memory.memory)
app.command()(gradients.gradients)

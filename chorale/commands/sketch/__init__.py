"""`chorale sketch`: classify drawings, and train classifiers of drawings."""

from __future__ import annotations

import typer

from chorale.commands.sketch import classify, convert, download, evaluate, train

app = typer.Typer(
    help="Classify drawings; train and evaluate classifiers.",
    no_args_is_help=True,
)
app.command()(classify.classify)
app.command()(evaluate.evaluate)
app.command()(train.train)
app.command()(convert.convert)
app.command()(download.download)

"""Options of the commands that share much work among processes or machines."""

from __future__ import annotations

from typing import Annotated

import typer

from chorale.commands.options import ADVANCED

Workers = Annotated[
    int | None,
    typer.Option(
        help="Number of worker processes, 1 or more.",
        show_default="threads of this process",
        rich_help_panel=ADVANCED,
    ),
]
ExecutorName = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Where the work is done: processes or threads of this machine, a Dask "
        "cluster (dask://host:port), or Ray (ray, ray://host:port). The result is the "
        "same.",
        show_default="processes if --workers is given, threads otherwise",
        rich_help_panel=ADVANCED,
    ),
]

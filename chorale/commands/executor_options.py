"""Options of the commands that share much work among processes or machines."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chorale.commands.options import ADVANCED


def workers_option(default: str) -> Any:
    """Return the option of the number of workers, which shows a default."""
    return typer.Option(
        "--workers",
        help="Number of worker processes, 1 or more.",
        show_default=default,
        rich_help_panel=ADVANCED,
    )


def executor_option(default: str) -> Any:
    """Return the option of the name of an executor, which shows a default."""
    return typer.Option(
        "--executor",
        metavar="NAME",
        help="Where the work is done: processes or threads of this machine, a Dask "
        "cluster (dask://host:port), or Ray (ray, ray://host:port). The result is the "
        "same. Machines of a cluster need the same files at the same paths.",
        show_default=default,
        rich_help_panel=ADVANCED,
    )


Workers = Annotated[int | None, workers_option("threads of this process")]
ExecutorName = Annotated[
    str | None,
    executor_option("processes if --workers is given, threads otherwise"),
]

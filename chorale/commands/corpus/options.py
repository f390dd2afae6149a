"""Options of `chorale corpus import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.executor_options import executor_option, workers_option
from chorale.commands.options import OUTPUT

Sources = Annotated[
    list[Path],
    typer.Argument(
        metavar="SOURCE...", help="Files, folders, and archives (.zip, .tar, .tgz)."
    ),
]
Output = Annotated[Path, typer.Option(help="Folder to write the corpus to; a new one.")]
Shares = Annotated[str, typer.Option(help="Shares of train, valid and test.")]
RandomState = Annotated[int, typer.Option(help="Seed of the splits.")]
Range = Annotated[
    str,
    typer.Option(
        "--range",
        help="Refuse pieces with notes outside these ranges of the voices: satb (the "
        "usual ranges of a choir and an octave beyond), any, C2-C6, or four such as "
        "C4-A5,G3-E5,C3-A4,E2-D4.",
    ),
]
OffGrid = Annotated[
    float,
    typer.Option(
        help="Refuse pieces with a larger share of notes off the grid of sixteenths, "
        "such as triplets."
    ),
]
InShards = Annotated[
    bool,
    typer.Option(
        "--shards",
        help="Write shards of TFRecords, not CSVs: for corpora larger than memory.",
        rich_help_panel=OUTPUT,
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open pickled files (.pkl, and some .npz): only those of a source that "
        "you trust.",
    ),
]
Workers = Annotated[int | None, workers_option("one per core")]
ExecutorName = Annotated[str | None, executor_option("processes")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace an earlier import in the folder. Other files are never replaced.",
        rich_help_panel=OUTPUT,
    ),
]

"""Options that the sketch commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Model = Annotated[
    str | None,
    typer.Option(
        help="Folder of a model or of a training run, or the name of a bundled model; "
        "the bundled quickdraw by default."
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open sketch-rnn .npz files. They are pickled, so a hidden program can "
        "run: only for files of a source that you trust.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, for programs.")
]

"""Options that the sketch commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from chorale.sketches.formats.files import FORMAT_NAMES

Model = Annotated[
    str | None,
    typer.Option(
        help="Folder of a model or of a training run, or the name of a bundled model; "
        "the bundled quickdraw by default."
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        "--format",
        metavar="FORMAT",
        help=f"Format of the files, one of {', '.join(FORMAT_NAMES)}; needed for "
        "/dev/stdin and other files without an ending.",
        show_default="by the ending of each file",
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

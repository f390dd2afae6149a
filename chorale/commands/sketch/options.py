"""Options that the sketch commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Model = Annotated[
    str | None,
    typer.Option(
        help="Folder of a run or model; the one that comes along if left out."
    ),
]


Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open sketch-rnn .npz files, which can run code: only if you know whom "
        "they are from.",
    ),
]


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

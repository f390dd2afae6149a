"""Options that the forecast commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[
    int, typer.Option(help="Random seed of initial weights and series, from 0.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the results as JSON instead of a table.")
]
FOLDER = Path("forecast")  # of results, unless another is given


def parse_names(text: str) -> list[str]:
    """Return the names in a list with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]

"""Tables of results as text: a line for each forecaster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import typer


class Row(Protocol):
    """The result of a forecaster."""

    @property
    def name(self) -> str: ...

    @property
    def is_converged(self) -> bool: ...


AnyRow = TypeVar("AnyRow", bound=Row)
# The title of a column, its width in characters, and the text of its cells.
Column = tuple[str, int, Callable[[AnyRow], str]]


def print_rows(columns: Sequence[Column[AnyRow]], rows: Sequence[AnyRow]) -> None:
    """Print a header and a line for each row, unfinished trainings marked by a star."""
    header = "".join(f"{title:>{width}}" for title, width, _ in columns)
    typer.echo(f"  {'':<24}{header}")
    for row in rows:
        cells = "".join(f"{cell(row):>{width}}" for _, width, cell in columns)
        name = row.name + ("" if row.is_converged else " *")
        typer.echo(f"  {name:<24}{cells}".rstrip())

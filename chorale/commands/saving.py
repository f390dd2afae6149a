"""Lines on the files that commands have written, or not written again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from chorale.utils.saving import Saved


def print_saved(files: Sequence[Path], saved: Saved) -> None:
    """Print the paths of files; say on stderr if their names are not the usual ones.

    Args:
        files: drafts that have the usual names.
        saved: where they are now.
    """
    for path in saved.paths:
        typer.echo(path)
    print_note(files, saved)


def print_note(files: Sequence[Path], saved: Saved) -> None:
    """Say on stderr if files have not their usual names, or have not changed."""
    if saved.unchanged:
        print_unchanged(saved.paths)
    elif saved.number > 1:
        first, *_ = saved.paths
        names = ", ".join(file.name for file in files)
        verb = "exists" if len(files) == 1 else "or one of them exists"
        typer.echo(
            f"note: {names} {verb}: -{saved.number} is appended, as in {first.name} "
            "(--force overwrites)",
            err=True,
        )


def print_unchanged(paths: Sequence[Path]) -> None:
    """Say on stderr that files had the same content before."""
    for path in paths:
        typer.echo(f"note: {path} is unchanged", err=True)

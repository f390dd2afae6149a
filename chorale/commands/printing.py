"""Lines that commands print about the files they read and write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from chorale.utils.saving import Saved


def print_remarks(*remarks: str) -> None:
    """Print sentences on stderr, a line each: what was read or done differently."""
    for remark in remarks:
        typer.echo(f"note: {remark}", err=True)


def print_saved(files: Sequence[Path], saved: Saved) -> None:
    """Print the paths of files; say on stderr if their names are not the usual ones.

    Args:
        files: drafts that have the usual names.
        saved: where they are now.
    """
    for path in saved.paths:
        typer.echo(path)
    print_naming(files, saved)


def print_naming(files: Sequence[Path], saved: Saved) -> None:
    """Say on stderr if files have not their usual names, or have not changed."""
    if saved.unchanged:
        print_unchanged(saved.paths)
    elif saved.number > 1:
        first, *_ = saved.paths
        names = ", ".join(file.name for file in files)
        verb = "exists" if len(files) == 1 else "or one of them exists"
        appended = f"-{saved.number} is appended, as in {first.name}"
        print_remarks(f"{names} {verb}: {appended} (--force overwrites)")


def print_unchanged(paths: Sequence[Path]) -> None:
    """Say on stderr that files had the same content before."""
    print_remarks(*(f"{path} is unchanged" for path in paths))

"""`chorale sketch download`: download Quick, Draw! drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.progress import progress_bar
from chorale.sketches.downloading import FORMS, PUBLIC_BUCKET
from chorale.sketches.downloading import download as download_files
from chorale.sketches.models import load_card


def download(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Such as cat or 'alarm clock'; all of the model's if none."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option(help=f"One of {', '.join(FORMS)}.")
    ] = "simplified",
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; quickdraw-FORM if left out."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="Address of the files, or of a copy of them.")
    ] = PUBLIC_BUCKET,
) -> None:
    """Download public drawings, word by word; resumable.

    Example: chorale sketch download cat 'alarm clock' --output drawings
    """
    wanted = words or load_card().words
    folder = output or Path(f"quickdraw-{form}")
    with progress_bar("Downloading") as progress:
        found = download_files(wanted, folder, form=form, base=base, progress=progress)
    for path in found:
        typer.echo(str(path))

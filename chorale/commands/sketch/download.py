"""`chorale sketch download`: download drawings of the Quick, Draw! dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.progress import progress_bar
from chorale.sketches import download as quickdraw
from chorale.sketches.models import load_card


def download(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Words of the dataset, such as cat or 'alarm clock'; by default all "
            "classes of the bundled model."
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            help=f"One of {', '.join(quickdraw.FORMS)}. Simplified files are smaller "
            "than raw ones, and preprocessed to nearly the same."
        ),
    ] = "simplified",
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; quickdraw-FORM by default."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="URL of the files, or of a copy of them.")
    ] = quickdraw.PUBLIC_BUCKET,
) -> None:
    """Download public drawings, word by word; resumable.

    Example: chorale sketch download cat 'alarm clock' --output drawings
    """
    with progress_bar("Downloading") as progress:
        paths = quickdraw.download(
            words or load_card().words,
            output or f"quickdraw-{form}",
            form=form,
            base=base,
            progress=progress,
        )
    for path in paths:
        typer.echo(path)

"""`chorale corpus import`: files, folders and archives become a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from chorale.commands.corpus import options
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.corpus.importing.importer import ImportOptions, import_corpus
from chorale.corpus.importing.journal import journal_path
from chorale.corpus.importing.outcomes import Workers
from chorale.corpus.importing.pieces import PieceOptions
from chorale.corpus.importing.report import summary
from chorale.corpus.importing.sources import REPORT_FILE
from chorale.corpus.ranges import parse_ranges
from chorale.errors import DataError, UsageError
from chorale.utils.text import listed


def import_(
    sources: options.Sources,
    output: options.Output,
    shares: options.Shares = "0.8,0.1,0.1",
    random_state: options.RandomState = 0,
    voice_range: options.Range = "satb",
    off_grid: options.OffGrid = PieceOptions.off_grid,
    trust: options.Trust = False,
    in_shards: options.InShards = False,
    workers: options.Workers = None,
    executor: options.ExecutorName = None,
    as_json: options.Json = False,
    force: options.Force = False,
) -> None:
    """Import files, folders and archives into a corpus.

    Each piece is accepted, repaired or refused; the summary and report.json in the
    folder say why.
    Similar pieces, transposed ones too, are in one split. If the import is stopped,
    the same command continues it.

    Example: chorale corpus import hymns.zip psalms/ --output corpora/hymns
    """
    how = ImportOptions(
        pieces=PieceOptions(
            ranges=parse_ranges(voice_range), off_grid=off_grid, trust=trust
        ),
        shares=_parse_shares(shares),
        random_state=random_state,
        in_shards=in_shards,
    )
    try:
        with progress_bar("Importing") as progress:
            report, is_new = import_corpus(
                sources,
                output,
                how,
                workers=Workers(executor=executor, workers=workers),
                overwrite=force,
                progress=progress,
            )
    except KeyboardInterrupt:
        journal = journal_path(output)
        print_remarks(
            f"what is done is in {journal}: the same command continues the import"
        )
        raise
    if as_json:
        typer.echo(json.dumps(report.answer(), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(summary(report)))
    if not report.kept:
        raise DataError(f"no piece can be imported from {_listed(sources)}")
    if not as_json:
        typer.echo(output / REPORT_FILE)
    for source in sources:
        if not source.exists():
            print_remarks(f"{source}: there is no such file or folder")
    if not is_new:
        print_remarks(f"{output} is this import already, nothing is changed")


def _listed(sources: list[Path]) -> str:
    shown = [str(source) for source in sources[:3]]
    return listed([*shown, "others"] if len(sources) > len(shown) else shown)


def _parse_shares(text: str) -> tuple[float, ...]:
    """Return shares such as `0.8,0.1,0.1`; their sum is checked elsewhere."""
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise UsageError(
            f"expected --shares of train, valid and test such as 0.8,0.1,0.1, got "
            f"{text!r}"
        ) from None

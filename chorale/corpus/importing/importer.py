"""Import files into a corpus: find them, read them in workers, group, split, write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.corpus.groups import group_passages
from chorale.corpus.importing.identities import identity_of
from chorale.corpus.importing.journal import journal_path, open_journal
from chorale.corpus.importing.names import unique_names
from chorale.corpus.importing.outcomes import Outcomes, Workers
from chorale.corpus.importing.pieces import (
    REFUSED,
    Music,
    Piece,
    PieceOptions,
)
from chorale.corpus.importing.report import Report, Row
from chorale.corpus.importing.sources import Listing, find_sources
from chorale.corpus.importing.writing import check_output, write_corpus
from chorale.corpus.index import Entry
from chorale.corpus.splitting import SHARES, assign_splits, spanning_groups
from chorale.errors import OutputError
from chorale.utils.progress import Progress
from chorale.utils.saving import drafts
from chorale.utils.temporary import remove_abandoned
from chorale.version import __version__


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How files become a corpus.

    Attributes:
        pieces: what pieces have to be like.
        shares: of train, valid and test, which add up to 1.
        random_state: seed of the splits.
        in_shards: whether to write shards instead of CSVs, see `chorale.corpus.shards`.

    Raises:
        UsageError: shares that do not add up to 1.
    """

    pieces: PieceOptions = field(default_factory=PieceOptions)
    shares: tuple[float, ...] = SHARES
    random_state: int = 0
    in_shards: bool = False

    def __post_init__(self) -> None:
        assign_splits([], [], shares=self.shares)  # which checks them

    def settings(self) -> dict[str, Any]:
        """Return the options ready for JSON."""
        return {
            **self.pieces.settings(),
            "shares": list(self.shares),
            "random_state": self.random_state,
            "shards": self.in_shards,
        }


def import_corpus(
    paths: Sequence[Path],
    output: Path,
    options: ImportOptions | None = None,
    *,
    workers: Workers | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Report, bool]:
    """Import files, folders and archives into a corpus.

    The corpus appears whole. If the import is killed, the same call continues it: what
    became of each file is in a journal beside the folder. If the same import is there
    already, it is left as it is.

    Args:
        paths: of what to import.
        output: the folder of the corpus.
        options: how.
        workers: what reads the files; a process for each core by default.
        overwrite: whether to replace an earlier import in this folder.
        progress: called with the files done and their number.

    Returns:
        The report, and whether a corpus was written: none without a single piece, nor
        if it is there already.

    Raises:
        OutputError: the folder has something else in it, or cannot be written.
    """
    options = options or ImportOptions()
    earlier = check_output(output, overwrite=overwrite)
    remove_abandoned()
    with drafts(output.parent) as folder:  # beside the corpus, where there is room
        listing = find_sources(paths, folder, (output, journal_path(output), folder))
        if earlier is not None:
            return _unchanged(earlier, listing, options, output), False
        settings = {"version": __version__, **options.pieces.settings()}
        with open_journal(output, settings) as journal:
            outcomes = Outcomes(listing.sources, journal)
            outcomes.read(options.pieces, workers or Workers(), progress)
            report = _finish(listing, outcomes, options, output)
            journal.remove()
    return report, report.kept > 0


def _unchanged(
    report: Report, listing: Listing, options: ImportOptions, output: Path
) -> Report:
    """Return the report of an import if this one would be the same.

    Raises:
        OutputError: it would not.
    """
    sources = {source.name: identity_of(source) for source in listing.sources}
    if (report.options, report.sources) != (options.settings(), sources):
        raise OutputError(
            f"{output}: there is an import of other files or options: name another "
            "folder, or add --force to replace it"
        )
    return report


# === The corpus ===


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A piece of the corpus; its music stays in the journal."""

    source: int
    number: int  # among the pieces of its source
    row: int
    label: str
    split: str  # that its source fixes
    key: str  # equal for equal music
    sha256: str
    passages: Any


def _finish(
    listing: Listing, outcomes: Outcomes, options: ImportOptions, output: Path
) -> Report:
    """Group and split the pieces; write the corpus, if there is any piece."""
    rows, kept = _collect(listing, outcomes)
    groups = group_passages([piece.passages for piece in kept])
    splits = assign_splits(
        groups,
        [piece.key for piece in kept],
        shares=options.shares,
        seed=options.random_state,
        preset=[piece.split for piece in kept],
    )
    names = unique_names(
        [(outcomes.sources[piece.source].place, piece.label) for piece in kept]
    )
    first: dict[str, str] = {}
    for piece, name, split, group in zip(kept, names, splits, groups, strict=True):
        file = f"chorales/{split}/{name}.csv"
        same_as = first.setdefault(piece.key, file)
        rows[piece.row] = replace(
            rows[piece.row],
            file=file,
            split=split,
            group=group,
            same_as="" if same_as == file else same_as,
        )
    report = Report(
        options=options.settings(),
        sources={
            source.name: identity
            for source, identity in zip(
                outcomes.sources, outcomes.identities, strict=True
            )
        },
        hidden=listing.hidden,
        spanning_groups=len(spanning_groups(groups, splits)),
        rows=tuple(rows),
    )
    if kept:
        pieces = _pieces(outcomes, kept, rows)
        write_corpus(pieces, report, output, in_shards=options.in_shards)
    return report


def _collect(listing: Listing, outcomes: Outcomes) -> tuple[list[Row], list[_Kept]]:
    """Return a row for each piece, and the pieces of the corpus."""
    rows = [
        Row(source=name, status=REFUSED, reason=reason)
        for name, reason in listing.refused
    ]
    kept = []
    first: dict[str, int] = {}  # the first source with a content
    for index, source in enumerate(outcomes.sources):
        outcome = outcomes[index]
        if any(piece.music for piece in outcome.pieces):
            same = outcomes.sources[first.setdefault(outcome.content, index)]
            if same is not source:
                reason = f"it has the same content as another file: {same.name}"
                if (same.path, same.member) == (source.path, source.member):
                    reason = f"it is named twice: as {same.name} too"
                rows.append(Row(source=source.name, status=REFUSED, reason=reason))
                continue
        for number, piece in enumerate(outcome.pieces):
            if piece.music is not None:
                text = piece.music.csv + piece.music.annotations
                kept.append(
                    _Kept(
                        source=index,
                        number=number,
                        row=len(rows),
                        label=piece.label,
                        split=piece.split or source.split,
                        key=_sha256(text),
                        sha256=_sha256(piece.music.csv),
                        passages=np.array(piece.music.passages, np.int64),
                    )
                )
            rows.append(_row(source.name, piece))
    return rows, kept


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _row(name: str, piece: Piece) -> Row:
    return Row(
        source=name,
        piece=piece.label,
        status=piece.status,
        reason=piece.reason,
        changes=piece.changes,
        notes=piece.notes,
        estimated=piece.estimated,
        off_grid=round(piece.off_grid, 4),
    )


def _pieces(
    outcomes: Outcomes, kept: Sequence[_Kept], rows: Sequence[Row]
) -> Iterator[tuple[Music, Entry]]:
    """Yield the pieces with their entries, source by source."""
    current, outcome = -1, None
    for each in kept:
        if each.source != current:
            current, outcome = each.source, outcomes[each.source]
        assert outcome is not None
        piece, row = outcome.pieces[each.number], rows[each.row]
        music = piece.music
        assert music is not None
        yield (
            music,
            Entry(
                file=row.file,
                split=row.split,
                score=outcomes.sources[each.source].score,
                title=music.title,
                key=music.key,
                metre=music.metre,
                pickup=music.pickup,
                steps=music.steps,
                tune_group=row.group,
                sha256=each.sha256,
                source_sha256=outcome.sha256,
                estimated=piece.estimated,
                off_grid=music.off_grid,
            ),
        )

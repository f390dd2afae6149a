"""What the commands that write chorales share: options, checks, and the files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chorale.errors import DataError, OutputError, UsageError
from chorale.formats.files import OUTPUT_ENDINGS, write
from chorale.models.storage import DEFAULT_MODEL, NEXT_STEP, load_card, load_model
from chorale.music.score import Chorale
from chorale.music.voices import INSTRUMENTS
from chorale.sampling.best_of import Candidate, choose_each, typical_of
from chorale.utils.reports import (
    Block,
    Heading,
    Paragraph,
    Table,
    check_report_path,
    write_report,
)

BestOf = Annotated[
    int,
    typer.Option(
        help="Chorales drawn for each one that is kept: the one that the judge likes "
        "most."
    ),
]
Variations = Annotated[int, typer.Option("-n", help="How many to write.")]
RandomState = Annotated[int, typer.Option(help="Another number, another piece.")]
OutputFolder = Annotated[Path, typer.Option("--output", help="Folder to write to.")]
Formats = Annotated[
    str,
    typer.Option("--format", help=f"Any of {', '.join(OUTPUT_ENDINGS)}, with commas."),
]
Instrument = Annotated[str, typer.Option(help=f"One of {', '.join(INSTRUMENTS)}.")]
Report = Annotated[
    Path | None,
    typer.Option(help="Write what was drawn, and why it was kept: .md or .html."),
]
Temperature = Annotated[float, typer.Option(help="Below 1 safer, above 1 bolder.")]
TopK = Annotated[int | None, typer.Option(help="Draw from this many likeliest notes.")]
Rules = Annotated[str, typer.Option(help="Part-writing: off, lenient or strict.")]


# === Checks before the work ===


def check_outputs(
    *, best_of: int, report: Path | None, formats: str, instrument: str
) -> list[str]:
    """Refuse what cannot be written, before anything is read.

    Returns:
        The endings of the formats.

    Raises:
        UsageError: an option that makes no sense.
    """
    if best_of < 1:
        raise UsageError(f"expected the best of at least 1, got {best_of}")
    if report is not None:
        check_report_path(report)
    endings = parse_formats(formats)
    if instrument not in INSTRUMENTS:
        raise UsageError(
            f"expected an instrument out of {', '.join(INSTRUMENTS)}, "
            f"got {instrument!r}"
        )
    return endings


def parse_formats(text: str) -> list[str]:
    """Return the endings of formats named with commas between them."""
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in OUTPUT_ENDINGS]
    if unknown:
        raise UsageError(
            f"expected formats out of {', '.join(OUTPUT_ENDINGS)}, got {unknown[0]!r}"
        )
    return [OUTPUT_ENDINGS[name] for name in dict.fromkeys(names)]


def check_writable(folder: Path) -> None:
    """Find out before the work whether its result can be written; leave no trace.

    Raises:
        OutputError: the folder, or the nearest one above it, takes no files.
    """
    try:
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{folder}: cannot write there: {reason}") from error


def stems(name: str, random_state: int, variations: int) -> list[str]:
    """Return the names of the files of each variation, without their endings."""
    stem = name + (f"-state{random_state}" if random_state else "")
    if variations == 1:
        return [stem]
    return [f"{stem}-{number}" for number in range(1, variations + 1)]


def write_pieces(
    pieces: Mapping[str, Chorale],
    folder: Path,
    endings: list[str],
    instrument: str,
) -> None:
    """Write pieces in every format, by the names of their files, and print these."""
    for stem, piece in pieces.items():
        for ending in endings:
            path = folder / f"{stem}{ending}"
            write(piece, path, instrument=instrument)
            typer.echo(path)


# === Choosing and writing ===


def keep_best(
    drawn: Sequence[Chorale],
    files: Sequence[str],
    *,
    best_of: int,
    report: Path | None,
    semitones: int = 0,
) -> tuple[dict[str, Chorale], dict[str, list[Candidate]]]:
    """Let the judge choose among chorales that were completed.

    The default model judges. It is not opened if there is nothing to choose.

    Args:
        drawn: `best_of` for each file.
        files: the names of the files.
        best_of: how many were drawn for each.
        report: where to tell what was drawn; None if nowhere.
        semitones: by which the chorales are moved to be judged.

    Returns:
        What is kept and what is held against all, by the names of the files; of the
        latter nothing if nothing was judged, which is said if it was asked for.
    """
    first = dict(zip(files, drawn[::best_of], strict=True))
    if best_of == 1 and report is None:
        return first, {}
    try:
        lots = choose_each(
            load_model(DEFAULT_MODEL, kind=NEXT_STEP),
            [one.transpose(semitones) for one in drawn],
            best_of,
            typical=typical_of(load_card(DEFAULT_MODEL)),
        )
    except DataError as error:
        # A model of other ranges has written, or kept, what this one cannot read.
        typer.echo(f"note: nothing was judged, the first is kept: {error}", err=True)
        return first, {}
    chosen = dict(zip(files, lots, strict=True))
    best = {}
    for file, lot in chosen.items():
        kept = lot[0].chorale.transpose(-semitones)
        best[file] = replace(kept, key=drawn[0].key)
    return best, chosen


def write_choices(chosen: Mapping[str, list[Candidate]], report: Path | None) -> None:
    """Write what was drawn, by the name of the file that it became."""
    if report is not None:
        write_report(choice_blocks(chosen), report)


def warn_of_endings(chosen: Mapping[str, list[Candidate]], best_of: int) -> None:
    """Say if of several that were drawn none ended on a cadence."""
    if best_of > 1 and not all(best[0].ends_well for best in chosen.values()):
        typer.echo(
            f"note: of {best_of} chorales none ended on a cadence; a higher --best-of "
            "may find one that does",
            err=True,
        )


def choice_blocks(drawn: Mapping[str, Sequence[Candidate]]) -> list[Block]:
    """Return what is held against chorales that were drawn to choose from.

    Args:
        drawn: the best first, by the name of the file that it became.
    """
    blocks: list[Block] = [
        Heading("What was drawn", level=1),
        Paragraph(
            "The first of each table was kept: one that ends on a complete cadence "
            "before one that does not, then the one that costs least. Costs are in "
            "nats: of findings beyond those that Bach would have, the rarer the "
            "dearer, and of a likelihood unlike that of his own chorales."
        ),
    ]
    for name, candidates in drawn.items():
        rows = [
            (
                str(number),
                "yes" if one.ends_well else "no",
                f"{one.nats_per_note:.3f}",
                f"{one.typicality:.2f}",
                f"{one.rules:.1f}",
                f"{one.cost:.1f}",
                ", ".join(f"{count} {rule}" for rule, count in one.findings.items()),
            )
            for number, one in enumerate(candidates, start=1)
        ]
        header = ("place", "cadence", "nats a note", "atypical", "rules", "cost")
        blocks += [Heading(name), Table((*header, "findings"), tuple(rows))]
    return blocks

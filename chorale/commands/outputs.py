"""Output of the commands that write chorales: options, checks, files and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import ADVANCED, OUTPUT
from chorale.commands.printing import print_remarks, print_saved
from chorale.formats.files import FORMATS, OUTPUT_ENDINGS, losses, write
from chorale.music.score import Chorale
from chorale.music.voices import INSTRUMENTS
from chorale.sampling.best_of import Candidate, Choice, Judge, choose_if_judged
from chorale.sampling.log_ratio import summary_of
from chorale.utils.checks import check_at_least, check_choice
from chorale.utils.extras import require
from chorale.utils.reports import (
    Block,
    Heading,
    Paragraph,
    Table,
    check_report_path,
    write_report,
)
from chorale.utils.saving import check_new, drafts, save_numbered
from chorale.utils.text import listed

Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help=f"Any of {', '.join(OUTPUT_ENDINGS)}, separated by commas.",
        rich_help_panel=OUTPUT,
    ),
]
Instrument = Annotated[
    str,
    typer.Option(
        help=f"Sound of MIDI and WAV files, one of {', '.join(INSTRUMENTS)}.",
        rich_help_panel=OUTPUT,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        help="Write a report on all pieces drawn and their costs, a file that ends in "
        ".md or .html.",
        show_default="none",
        rich_help_panel=ADVANCED,
    ),
]


_HEADER = (
    *("place", "cadence", "nats per note", "atypical", "rules", "style", "like Bach"),
    *("cost", "findings", "what is least like Bach"),
)
_LEAST = 3  # features and measures that a report names
_NAMED = 8  # pieces that a remark names; of more it gives the number


# === Checks before the work ===


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where and how the best of several chorales are written.

    Raises:
        UsageError: an unknown format or instrument, a `best_of` below 1, or a report
            with another ending than .md or .html.
        OutputError: there is a file of the report's name.
    """

    output: Path  # folder, made if there is none
    formats: str  # names separated by commas
    instrument: str  # of MIDI and WAV files
    best_of: int  # number of chorales drawn for each one that is kept
    report: Path | None  # file of the report on all chorales drawn; None for no report
    force: bool = False  # whether to overwrite files of the same names

    def __post_init__(self) -> None:
        check_at_least(self, best_of=1)
        if self.report is not None:
            check_report_path(self.report)
            if not self.force:
                check_new(self.report)
        parse_formats(self.formats)
        check_choice("an instrument", self.instrument, INSTRUMENTS)

    @classmethod
    def of(cls, context: typer.Context) -> Destination:
        """Return the destination that the options of a command name."""
        named = {field.name: context.params[field.name] for field in fields(cls)}
        # Up to typer 0.28, paths in a context are text.
        named["output"] = Path(named["output"])
        if named["report"] is not None:
            named["report"] = Path(named["report"])
        return cls(**named)


def parse_formats(text: str) -> list[str]:
    """Return the file endings of formats separated by commas.

    Raises:
        UsageError: there is no such format.
        MissingExtraError: a format needs an extra that is not installed.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        check_choice("formats", name, OUTPUT_ENDINGS)
        if extra := FORMATS[name].extra:
            require(extra, f"--format {name}")
    return [OUTPUT_ENDINGS[name] for name in dict.fromkeys(names)]


def name_of(source: str) -> str:
    """Return a name for what is made of a file, or of a bundled chorale."""
    return Path(source).stem if Path(source).exists() else source.casefold()


def stems(name: str, random_state: int, variations: int) -> list[str]:
    """Return the names of the files of each variation, without their endings."""
    stem = name + (f"-state{random_state}" if random_state else "")
    if variations == 1:
        return [stem]
    return [f"{stem}-{number}" for number in range(1, variations + 1)]


# === Writing ===


def write_best(
    destination: Destination,
    names: Sequence[str],
    drawn: Sequence[Chorale],
    load_judge: Callable[[], Judge] = Judge.load,
    *,
    opening: int = 0,
    semitones: int = 0,
    warn_of_endings: bool = True,
    plans: Sequence[str] = (),
) -> None:
    """Write the best chorale of each group, and the report; print the file names.

    Args:
        destination: where and how.
        names: file names without endings, one per group.
        drawn: `destination.best_of` chorales for each name.
        load_judge: opens the judge; called only if there is something to rank.
        opening: steps at the beginning that were given.
        semitones: transposition under which the chorales are judged.
        warn_of_endings: say on stderr which of the best do not end on a cadence.
        plans: see `choose_best`; those of what is kept are said on stderr.
    """
    choices, remarks = choose_if_judged(
        drawn,
        destination.best_of,
        load_judge,
        opening=opening,
        semitones=semitones,
        report=destination.report is not None,
        plans=plans,
    )
    print_remarks(*remarks)
    write_choices(destination, names, choices, warn_of_endings=warn_of_endings)


def write_choices(
    destination: Destination,
    names: Sequence[str],
    choices: Iterable[Choice],
    *,
    warn_of_endings: bool = True,
    more: Sequence[Block] = (),
) -> None:
    """Write chorales as they come, and the report; print the file names.

    Args:
        destination: where and how.
        names: file names without endings, one per chorale.
        choices: the chorales.
        warn_of_endings: see `write_best`.
        more: at the end of the report.
    """
    endings = parse_formats(destination.formats)
    said: dict[str, None] = {}
    reported: dict[str, Sequence[Candidate]] = {}
    open_ended = []
    for name, choice in zip(names, choices, strict=True):
        written = write_piece(destination, name, choice.chorale)
        if choice.plan:
            print_remarks(f"{written}: {choice.plan}")
        for ending in endings:
            said |= dict.fromkeys(losses(choice.chorale, f"chorale{ending}"))
        if choice.candidates:
            reported[written] = choice.candidates
        if not choice.ends_well:
            open_ended.append(written)
    print_remarks(*said)
    if destination.report is not None:
        blocks = [*choice_blocks(reported), *more]
        write_report(blocks, destination.report, overwrite=destination.force)
    if warn_of_endings and destination.best_of > 1 and open_ended:
        which = "" if len(names) == 1 else f" for {listed(open_ended)}"
        if len(open_ended) > _NAMED:
            which = f" for {len(open_ended)} of {len(names)} pieces"
        print_remarks(
            f"the best of {destination.best_of} drafts does not end on a cadence in "
            f"the home key{which}; another --random-state may give one that does"
        )


def write_piece(destination: Destination, name: str, chorale: Chorale) -> str:
    """Write the files of a chorale, print their names, and return that of the piece."""
    with drafts(destination.output) as folder:
        files = []
        for ending in parse_formats(destination.formats):
            files.append(folder / f"{name}{ending}")
            write(chorale, files[-1], instrument=destination.instrument)
        saved = save_numbered(files, destination.output, overwrite=destination.force)
    print_saved(files, saved)
    return saved.paths[0].stem


def choice_blocks(drawn: Mapping[str, Sequence[Candidate]]) -> list[Block]:
    """Return the report on chorales drawn, best first, by name of the file written."""
    blocks: list[Block] = [
        Heading("What was drawn", level=1),
        Paragraph(
            "The first of each table, the one with the lowest cost, was kept. Costs "
            "are in nats: for an end without a complete cadence; for findings beyond "
            "Bach's own rate, where rarer violations cost more; for what is less "
            "common in his style, or more; and for a likelihood that is not typical of "
            "his chorales. The column 'like Bach' is subtracted: a log ratio, which "
            "says how much more a piece is like his chorales than like a model's. The "
            "last column names what lowers it most, too much or too little of it."
        ),
    ]
    for name, candidates in drawn.items():
        rows = [
            (
                str(number),
                "yes" if candidate.ends_well else "no",
                f"{candidate.nats_per_note:.3f}",
                f"{candidate.typicality:.2f}",
                f"{candidate.rules:.1f}",
                f"{candidate.style:.1f}",
                f"{candidate.log_ratio:.1f}",
                f"{candidate.cost:.1f}",
                findings_of(candidate),
                least_of(candidate),
            )
            for number, candidate in enumerate(candidates, start=1)
        ]
        blocks += [Heading(name), Table(_HEADER, tuple(rows))]
    return blocks


def findings_of(candidate: Candidate) -> str:
    """Return the findings in a piece, such as `2 crossing, 1 overlap`."""
    return ", ".join(f"{count} {rule}" for rule, count in candidate.findings.items())


def least_of(candidate: Candidate) -> str:
    """Return what lowers the log ratio most: `-0.4 bass notes that return at once`."""
    lowest = sorted(candidate.terms.items(), key=lambda item: item[1])[:_LEAST]
    return "; ".join(
        f"{nats:.1f} {summary_of(name)}" for name, nats in lowest if nats < 0
    )

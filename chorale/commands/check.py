"""`chorale check`: a linter for part-writing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands import marked_scores, reading_options
from chorale.commands.analyses import analysis_lines
from chorale.commands.checked_files import Checked, check_files, checks_json
from chorale.commands.marked_scores import MarkedScore, save_marked
from chorale.commands.options import OUTPUT, Force, names_typed, option_name
from chorale.commands.output_folder import OutputFolder, check_writable
from chorale.commands.printing import print_naming
from chorale.errors import ChoraleError, UsageError
from chorale.formats.files import READABLE_NAMES
from chorale.utils.text import counted
from chorale.voice_leading.checking import Tally, total
from chorale.voice_leading.rule import LEVELS
from chorale.voice_leading.rules import RULES, choose_rules

_STANDARD = "standard"
_LEVELS = "; ".join(f"{level}: {meaning}" for level, meaning in LEVELS.items())
_WORST = 5  # files listed with the rates

_Level = Annotated[
    str | None,
    typer.Option(
        help=f"How much is marked. {_LEVELS}; each includes those before it.",
        show_default=_STANDARD,
    ),
]
_Select = Annotated[
    str | None,
    typer.Option(
        help="Check only these rules, of any level: names separated by commas."
    ),
]
_Ignore = Annotated[
    str, typer.Option(help="Skip these rules: names separated by commas.")
]
_Rates = Annotated[
    bool,
    typer.Option(
        "--rates",
        help="Print the rate of each rule over all files, and the files with the "
        "highest rates, instead of single findings.",
    ),
]
_ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code",
        help="For scripts: exit with code 1 if anything was found, as git diff does.",
    ),
]
_List = Annotated[
    bool,
    typer.Option(
        "--list",
        help="Print the names of the rules, their levels and what they say; all rules "
        "without --level.",
    ),
]
_ShowAnalysis = Annotated[
    bool,
    typer.Option(
        "--analysis",
        help="Print the harmonic analysis under the findings: roman numerals, keys and "
        "the cadence of each phrase, and the form.",
    ),
]
_Json = Annotated[
    bool, typer.Option("--json", help="Print findings, rates and analysis as JSON.")
]
_Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="Write each piece as a score with its findings on the notes, in red, and "
        "the roman numerals below: musicxml. Of exercise.mid it is "
        "exercise-checked.musicxml.",
        rich_help_panel=OUTPUT,
        show_default="none is written",
    ),
]


def check(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help=f"{READABLE_NAMES} files, or folders of them.",
            show_default=False,
        ),
    ] = None,
    level: _Level = None,
    select: _Select = None,
    ignore: _Ignore = "",
    show_rates: _Rates = False,
    exit_code: _ExitCode = False,
    show_rules: _List = False,
    show_analysis: _ShowAnalysis = False,
    as_json: _Json = False,
    output_format: _Format = None,
    output: OutputFolder = Path(),
    force: Force = False,
    key: reading_options.KeyName = None,
    parts: reading_options.Parts = None,
    source_format: reading_options.From = None,
) -> None:
    """Check the part-writing of chorales.

    Each line is `file:bar:beat rule message`. Of a folder, all such files in it and
    below are checked, a CSV with the annotations of its corpus. The level beginner is
    for a first-year exercise, standard for any, strict for strict style. With
    `--format musicxml` the exercise comes back marked, to open in MuseScore. Bach
    breaks every rule occasionally: `--rates` prints findings per 1,000 opportunities,
    which are comparable between pieces.

    Example: chorale check exercise.musicxml --level beginner --format musicxml
    """
    if show_rules:
        _print_rules(_chosen_rules(level or [*LEVELS][-1], select, ignore), as_json)
        return
    if output_format is None:
        _check_output_unused(context)
    else:
        marked_scores.check_format(output_format)
        check_writable(output)
    level = level or _STANDARD
    rules = _chosen_rules(level, select, ignore)
    files = _chosen_files(files, show_rates and show_analysis and not as_json)
    options = reading_options.reading_options(context)
    needs_analysis = show_analysis or output_format is not None
    checked, refused = check_files(files, rules, options, needs_analysis)
    none = dict.fromkeys(rules, Tally())
    tallies = total([none, *(file.tallies for file in checked)])
    if as_json:
        answer = {"level": level if select is None else None}
        answer |= checks_json(checked, refused, tallies, show_analysis)
        typer.echo(json.dumps(answer, indent=2))
    elif show_rates:
        _print_rates(tallies)
        _print_worst(checked)
    else:
        _print_findings(checked, show_analysis)
    if output_format is not None:
        _save_marked(checked, output, force, as_json)
    _print_summary(checked, refused)
    if refused or (exit_code and any(file.findings for file in checked)):
        raise typer.Exit(ChoraleError.exit_code)


def _check_output_unused(context: typer.Context) -> None:
    """Raise a UsageError for an option about marked scores, of which none is asked."""
    for name in names_typed(context):
        if name in ("output", "force"):
            raise UsageError(
                f"{option_name(context, name)} is for marked scores: add --format "
                "musicxml, or leave it out"
            )


def _chosen_files(files: list[Path] | None, is_both: bool) -> list[Path]:
    """Return the files, unless there are none or rates and an analysis as text."""
    if not files:
        raise UsageError("expected a file or a folder to check, got none")
    if is_both:
        raise UsageError("expected --rates or --analysis, got both: --json prints both")
    return files


def _chosen_rules(level: str, select: str | None, ignore: str) -> list[str]:
    """Return the names of the rules to check.

    Raises:
        UsageError: there is no rule of a name, no such level, or no rule is left.
    """
    ignored = choose_rules(_names(ignore))
    names = None if select is None else _names(select)
    selected = choose_rules(names, level=level)
    rules = [rule.name for rule in selected if rule not in ignored]
    if not rules:
        raise UsageError("expected a rule to check, none is left")
    return rules


def _names(text: str) -> list[str]:
    """Return the names in a list separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


# === Printing ===


def _print_rules(names: Sequence[str], as_json: bool) -> None:
    """Print the names of rules, their levels and what they forbid."""
    rules = [RULES[name] for name in names]
    if as_json:
        listed = {
            rule.name: {"level": rule.level, "summary": rule.summary} for rule in rules
        }
        typer.echo(json.dumps(listed, indent=2))
        return
    for rule in rules:
        typer.echo(f"{rule.name:<25}{rule.level:<10}{rule.summary}")


def _print_findings(checked: Sequence[Checked], with_analysis: bool) -> None:
    """Print the findings of each file, and its analysis."""
    for file in checked:
        for finding in file.findings:
            place = f"{file.path}:{finding.bar}:{finding.beat:g}"
            typer.echo(f"{place} {finding.rule} {finding.message}")
        if with_analysis and file.analysis is not None:
            for line in analysis_lines(file.reading.chorale, file.analysis):
                typer.echo(f"{file.path}: {line}")


def _print_rates(tallies: dict[str, Tally]) -> None:
    typer.echo(f"{'rule':<25}{'findings':>10}{'of':>10}{'per 1,000':>11}")
    for name, tally in tallies.items():
        typer.echo(f"{name:<25}{_columns(tally)}")


def _print_worst(checked: Sequence[Checked]) -> None:
    """Print the files with the highest rates, if there are several."""
    if len(checked) < 2:
        return
    typer.echo("\nmost findings for their opportunities")
    sums = [(sum(file.tallies.values(), Tally()), file.path) for file in checked]
    sums.sort(key=lambda row: -(row[0].per_thousand or 0))
    for tally, path in sums[:_WORST]:
        typer.echo(f"{_columns(tally)}  {path}")


def _columns(tally: Tally) -> str:
    rate = "-" if tally.per_thousand is None else f"{tally.per_thousand:.2f}"
    return f"{tally.findings:>10,}{tally.opportunities:>10,}{rate:>11}"


def _print_summary(checked: Sequence[Checked], refused: Sequence[str]) -> None:
    """Print to stderr remarks, refused files and the number of findings."""
    for file in checked:
        for remark in file.reading.remarks():
            typer.echo(f"{file.path}: {remark}", err=True)
    for message in refused:
        typer.echo(f"chorale: {message}", err=True)
    if refused and not checked:
        return
    findings = sum(len(file.findings) for file in checked)
    typer.echo(
        f"{counted(findings, 'finding')} in {counted(len(checked), 'file')}", err=True
    )


def _save_marked(
    checked: Sequence[Checked], folder: Path, force: bool, as_json: bool
) -> None:
    """Write the marked scores; print their names, to stderr beside JSON."""
    scores = [
        MarkedScore(
            source=file.path,
            chorale=file.reading.chorale,
            spelling=file.reading.spelling,
            findings=file.findings,
            analysis=file.analysis,
        )
        for file in checked
        if file.analysis is not None
    ]
    for draft, saved in save_marked(scores, folder, overwrite=force):
        typer.echo(saved.paths[0], err=as_json)
        print_naming([draft], saved)

"""`chorale check`: a linter for part-writing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from chorale.commands import reading_options
from chorale.commands.analyses import analysis_json, analysis_lines
from chorale.commands.progress import progress_bar
from chorale.corpus.reading import find_files, read_piece
from chorale.errors import ChoraleError, DataError, UsageError
from chorale.formats.files import READABLE_NAMES
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.harmony.analysis import Analysis
from chorale.music.harmony.analyzing import analyze
from chorale.music.voices import VOICE_NAMES
from chorale.utils.text import counted
from chorale.voice_leading import checking
from chorale.voice_leading.checking import Finding, Tally, total
from chorale.voice_leading.rule import LEVELS
from chorale.voice_leading.rules import RULES, choose_rules

_STANDARD = "standard"
_LEVELS = "; ".join(f"{level}: {meaning}" for level, meaning in LEVELS.items())
_WORST = 5  # files listed with the rates


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
    level: Annotated[
        str | None,
        typer.Option(
            help=f"How much is marked. {_LEVELS}; each includes those before it.",
            show_default=_STANDARD,
        ),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(
            help="Check only these rules, of any level: names separated by commas."
        ),
    ] = None,
    ignore: Annotated[
        str, typer.Option(help="Skip these rules: names separated by commas.")
    ] = "",
    show_rates: Annotated[
        bool,
        typer.Option(
            "--rates",
            help="Print the rate of each rule over all files, and the files with the "
            "highest rates, instead of single findings.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with code 1 if anything was found."),
    ] = False,
    show_rules: Annotated[
        bool,
        typer.Option(
            "--list",
            help="Print the names of the rules, their levels and what they say; all "
            "rules without --level.",
        ),
    ] = False,
    show_analysis: Annotated[
        bool,
        typer.Option(
            "--analysis",
            help="Print the harmonic analysis under the findings: roman numerals, keys "
            "and the cadence of each phrase, and the form.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print findings, rates and analysis as JSON.")
    ] = False,
    key: reading_options.KeyName = None,
    parts: reading_options.Parts = None,
    source_format: reading_options.FromFormat = None,
) -> None:
    """Check the part-writing of chorales.

    Each line is `file:bar:beat rule message`. Of a folder, all such files in it and
    below are checked, a CSV with the annotations of its corpus. Bach breaks every rule
    occasionally: `--rates` prints findings per 1,000 opportunities, which are
    comparable between pieces.

    Example: chorale check exercise.musicxml --level beginner --ignore range
    """
    if show_rules:
        _print_rules(_chosen_rules(level or [*LEVELS][-1], select, ignore), as_json)
        return
    level = level or _STANDARD
    rules = _chosen_rules(level, select, ignore)
    files = _chosen_files(files, show_rates and show_analysis and not as_json)
    options = reading_options.reading_options(context)
    checked, refused = _check_files(files, rules, options, show_analysis)
    none = dict.fromkeys(rules, Tally())
    tallies = total([none, *(file.tallies for file in checked)])
    if as_json:
        answer = {"level": level if select is None else None}
        answer |= _as_json(checked, refused, tallies)
        typer.echo(json.dumps(answer, indent=2))
    elif show_rates:
        _print_rates(tallies)
        _print_worst(checked)
    else:
        _print_findings(checked)
    _print_summary(checked, refused)
    if refused or (strict and any(file.findings for file in checked)):
        raise typer.Exit(ChoraleError.exit_code)


class _Checked(NamedTuple):
    """A file and the result of its check."""

    path: Path
    reading: Reading
    findings: list[Finding]
    tallies: dict[str, Tally]
    analysis: Analysis | None


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


def _check_files(
    files: Sequence[Path],
    rules: Sequence[str],
    options: ReadingOptions,
    with_analysis: bool,
) -> tuple[list[_Checked], list[str]]:
    """Check files and folders; return the results and the errors."""
    paths: list[Path] = []
    checked: list[_Checked] = []
    refused: list[str] = []
    for path in files:
        try:
            paths += find_files([path])
        except DataError as error:
            refused.append(str(error))
    with progress_bar("Checking files") as progress:
        for done, path in enumerate(paths, start=1):
            try:
                checked.append(_check(path, rules, options, with_analysis))
            except ChoraleError as error:
                refused.append(str(error))
            progress(done, len(paths))
    return checked, refused


def _check(
    path: Path, rules: Sequence[str], options: ReadingOptions, with_analysis: bool
) -> _Checked:
    reading = read_piece(path, options)
    chorale, spelling = reading.chorale, reading.spelling
    findings, tallies = checking.check_and_count(
        chorale, rules=rules, spelling=spelling
    )
    analysis = analyze(chorale, spelling) if with_analysis else None
    return _Checked(path, reading, findings, tallies, analysis)


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


def _print_findings(checked: Sequence[_Checked]) -> None:
    """Print the findings of each file, and its analysis if there is one."""
    for file in checked:
        for finding in file.findings:
            place = f"{file.path}:{finding.bar}:{finding.beat:g}"
            typer.echo(f"{place} {finding.rule} {finding.message}")
        if file.analysis is not None:
            for line in analysis_lines(file.reading.chorale, file.analysis):
                typer.echo(f"{file.path}: {line}")


def _print_rates(tallies: dict[str, Tally]) -> None:
    typer.echo(f"{'rule':<25}{'findings':>10}{'of':>10}{'per 1,000':>11}")
    for name, tally in tallies.items():
        typer.echo(f"{name:<25}{_columns(tally)}")


def _print_worst(checked: Sequence[_Checked]) -> None:
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


def _print_summary(checked: Sequence[_Checked], refused: Sequence[str]) -> None:
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


def _as_json(
    checked: Sequence[_Checked], refused: Sequence[str], tallies: dict[str, Tally]
) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(file.path),
                "assumed_metre": file.reading.chorale.metre.name
                if file.reading.metre_assumed
                else None,
                "notes_off_grid": file.reading.off_grid,
                "rates": {
                    name: tally.to_json() for name, tally in file.tallies.items()
                },
                "findings": [
                    asdict(finding)
                    | {"level": RULES[finding.rule].level}
                    | {"voices": [VOICE_NAMES[voice] for voice in finding.voices]}
                    for finding in file.findings
                ],
            }
            | _analysis_json(file)
            for file in checked
        ],
        "refused": list(refused),
        "rates": {name: tally.to_json() for name, tally in tallies.items()},
    }


def _analysis_json(file: _Checked) -> dict[str, Any]:
    if file.analysis is None:
        return {}
    return {"analysis": analysis_json(file.reading.chorale, file.analysis)}

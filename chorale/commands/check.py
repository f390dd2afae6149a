"""`chorale check`: where the part-writing of some files breaks the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale import voice_leading
from chorale.commands.progress import progress_bar
from chorale.corpus.reading import find_files, read_piece
from chorale.errors import ChoraleError, DataError, UsageError
from chorale.music.voices import VOICE_NAMES
from chorale.voice_leading import RULES, Finding, Tally, choose_rules, total

_WORST = 5  # files that are named


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="CSV, MIDI or MusicXML files, or folders of them.",
            show_default=False,
        ),
    ] = None,
    select: Annotated[
        str | None, typer.Option(help="Only these rules, with commas between.")
    ] = None,
    ignore: Annotated[
        str | None, typer.Option(help="Leave these rules out, with commas between.")
    ] = None,
    show_rates: Annotated[
        bool,
        typer.Option(
            "--rates",
            help="Print how often each rule is broken, over all files, and the files "
            "that do so most.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if anything was found.")
    ] = False,
    show_rules: Annotated[
        bool, typer.Option("--list", help="Print the rules instead.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print faults of part-writing, one per line, as a linter does.

    A line is `file:bar:beat rule message`. Of a folder every CSV, MIDI and MusicXML
    file is checked, those below it too; a CSV with the annotations of its corpus. Bach
    breaks every rule now and then: `--rates` counts findings per 1,000 opportunities,
    so that pieces compare.

    Example: chorale check exercise.musicxml --ignore range,leading-tone-leap
    """
    rules = _rules(select, ignore)
    if not rules:
        raise UsageError("expected a rule to check, none is left")
    if show_rules:
        _print_rules(rules, as_json)
        return
    if not files:
        raise UsageError("expected a file or a folder to check, got none")

    checked: list[_Checked] = []
    refused: list[str] = []
    with progress_bar("Checking files") as progress:
        paths = _found(files, refused)
        for done, path in enumerate(paths, start=1):
            try:
                checked.append(_check(path, rules))
            except ChoraleError as error:
                refused.append(str(error))
            progress(done, len(paths))
    tallies = total(
        [{name: Tally() for name in rules}, *(it.tallies for it in checked)]
    )
    if as_json:
        typer.echo(json.dumps(_as_json(checked, refused, tallies), indent=2))
    elif show_rates:
        _print_rates(tallies)
        _print_worst(checked)
    else:
        for one in checked:
            _print_findings(one)
    _print_summary(checked, refused)
    found = any(one.findings for one in checked)
    if refused or (strict and found):
        raise typer.Exit(ChoraleError.exit_code)


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """What was found in a file.

    Attributes:
        assumed_metre: in which bars were counted because the file does not say; None
            if it does.
        off_grid: how many of its notes begin or end between two sixteenths.
    """

    path: Path
    findings: Sequence[Finding]
    tallies: dict[str, Tally]
    assumed_metre: str | None
    off_grid: int


def _rules(select: str | None, ignore: str | None) -> list[str]:
    """Return the names of the rules to check, in the order of RULES."""
    chosen = [rule.name for rule in choose_rules(_names(select))]
    left_out = [rule.name for rule in choose_rules(_names(ignore or ""))]
    return [name for name in chosen if name not in left_out]


def _names(text: str | None) -> list[str] | None:
    """Return the names in a list with commas; None for None."""
    if text is None:
        return None
    return [name.strip() for name in text.split(",") if name.strip()]


# === Files ===


def _found(paths: Iterable[Path], refused: list[str]) -> list[Path]:
    """Return the files, and in their place those that lie in the folders.

    Args:
        refused: gets a line for a folder in which there is nothing to check.
    """
    found = []
    for path in paths:
        try:
            found += find_files([path])
        except DataError as error:
            refused.append(str(error))
    return found


def _check(path: Path, rules: Sequence[str]) -> _Checked:
    reading = read_piece(path)
    chorale, spelling = reading.chorale, reading.spelling
    return _Checked(
        path=path,
        findings=voice_leading.check(chorale, rules=rules, spelling=spelling),
        tallies=voice_leading.count(chorale, rules=rules, spelling=spelling),
        assumed_metre=chorale.metre.name if reading.metre_assumed else None,
        off_grid=reading.off_grid,
    )


# === Printing ===


def _print_rules(rules: Sequence[str], as_json: bool) -> None:
    summaries = {name: RULES[name].summary for name in rules}
    if as_json:
        typer.echo(json.dumps(summaries, indent=2))
        return
    for name, summary in summaries.items():
        typer.echo(f"{name:<25}{summary}")


def _print_findings(checked: _Checked) -> None:
    for one in checked.findings:
        place = f"{checked.path}:{one.bar}:{one.beat:g}"
        typer.echo(f"{place} {one.rule} {one.message}")


def _print_rates(tallies: dict[str, Tally]) -> None:
    typer.echo(f"{'rule':<25}{'findings':>10}{'of':>10}{'per 1,000':>11}")
    for name, tally in tallies.items():
        rate = tally.per_thousand
        typer.echo(
            f"{name:<25}{tally.findings:>10,}{tally.opportunities:>10,}"
            + (f"{'-':>11}" if rate is None else f"{rate:>11.2f}")
        )


def _print_worst(checked: Sequence[_Checked]) -> None:
    """Print the files with the most findings for their opportunities, if several."""
    if len(checked) < 2:
        return
    typer.echo("\nmost findings for their opportunities")
    sums = [
        (
            sum(tally.findings for tally in one.tallies.values()),
            sum(tally.opportunities for tally in one.tallies.values()),
            one.path,
        )
        for one in checked
    ]
    sums.sort(key=lambda row: -row[0] / max(row[1], 1))
    for findings, opportunities, path in sums[:_WORST]:
        rate = 1000 * findings / max(opportunities, 1)
        typer.echo(f"{findings:>10,}{opportunities:>10,}{rate:>11.2f}  {path}")


def _print_summary(checked: Sequence[_Checked], refused: Sequence[str]) -> None:
    """Say on stderr what was assumed, what was refused and how much was found."""
    for one in checked:
        if one.assumed_metre:
            typer.echo(
                f"{one.path}: bars are counted in {one.assumed_metre} from the first "
                "row, the file does not say otherwise",
                err=True,
            )
        if one.off_grid:
            typer.echo(
                f"{one.path}: off the grid of sixteenths: "
                f"{_counted(one.off_grid, 'note')}, moved to it and checked there",
                err=True,
            )
    for message in refused:
        typer.echo(f"chorale: {message}", err=True)
    findings = sum(len(one.findings) for one in checked)
    typer.echo(
        f"{_counted(findings, 'finding')} in {_counted(len(checked), 'file')}", err=True
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _as_json(
    checked: Sequence[_Checked], refused: Sequence[str], tallies: dict[str, Tally]
) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(one.path),
                "assumed_metre": one.assumed_metre,
                "notes_off_grid": one.off_grid,
                "rates": _rates(one.tallies),
                "findings": [
                    asdict(finding)
                    | {"voices": [VOICE_NAMES[voice] for voice in finding.voices]}
                    for finding in one.findings
                ],
            }
            for one in checked
        ],
        "refused": list(refused),
        "rates": _rates(tallies),
    }


def _rates(tallies: dict[str, Tally]) -> dict[str, Any]:
    return {
        name: asdict(tally) | {"per_thousand": tally.per_thousand}
        for name, tally in tallies.items()
    }

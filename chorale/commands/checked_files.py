"""Files that are checked: the result of each, as JSON too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from chorale.commands.analyses import analysis_json
from chorale.commands.progress import progress_bar
from chorale.corpus.reading import find_files, read_piece
from chorale.errors import ChoraleError, DataError
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.harmony.analysis import Analysis
from chorale.music.harmony.analyzing import analyze
from chorale.music.voices import VOICE_NAMES
from chorale.voice_leading import checking
from chorale.voice_leading.checking import Finding, Tally
from chorale.voice_leading.rules import RULES


class Checked(NamedTuple):
    """A file and the result of its check."""

    path: Path
    reading: Reading
    findings: list[Finding]
    tallies: dict[str, Tally]
    analysis: Analysis | None


def check_files(
    files: Sequence[Path],
    rules: Sequence[str],
    options: ReadingOptions,
    with_analysis: bool,
) -> tuple[list[Checked], list[str]]:
    """Check files and folders; return the results and the errors."""
    paths: list[Path] = []
    checked: list[Checked] = []
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
) -> Checked:
    reading = read_piece(path, options)
    chorale, spelling = reading.chorale, reading.spelling
    findings, tallies = checking.check_and_count(
        chorale, rules=rules, spelling=spelling
    )
    analysis = analyze(chorale, spelling) if with_analysis else None
    return Checked(path, reading, findings, tallies, analysis)


def checks_json(
    checked: Sequence[Checked],
    refused: Sequence[str],
    tallies: dict[str, Tally],
    with_analysis: bool,
) -> dict[str, Any]:
    """Return the results of files and the rates of all, as JSON."""
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
            | (_analysis_json(file) if with_analysis else {})
            for file in checked
        ],
        "refused": list(refused),
        "rates": {name: tally.to_json() for name, tally in tallies.items()},
    }


def _analysis_json(file: Checked) -> dict[str, Any]:
    if file.analysis is None:
        return {}
    return {"analysis": analysis_json(file.reading.chorale, file.analysis)}

"""`chorale benchmark`: how fast chorale is on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chorale.benchmarks.goals import to_json
from chorale.benchmarks.machine import describe_machine
from chorale.benchmarks.measures import Measure
from chorale.benchmarks.pictures import is_drawn, results_picture
from chorale.benchmarks.registry import choose, missing_modules
from chorale.benchmarks.rounds import run_rounds
from chorale.benchmarks.tables import result_blocks
from chorale.benchmarks.workers import Workers
from chorale.commands.options import Force
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.errors import ChoraleError, UsageError
from chorale.utils.extras import require
from chorale.utils.reports import to_text
from chorale.utils.saving import check_new, drafts, save_exactly
from chorale.utils.temporary import temporary_folder

_ROUNDS, _QUICK_ROUNDS = 5, 3
_QUICK_SECONDS = 60.0


def benchmark(
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Leave out what takes long: about a minute in all."
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Measures to run, by the beginning of their names in the JSON, such "
            "as cold or notes/bach; may be given several times.",
            show_default="all",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            help="Trials of each measure, 1 or more.",
            show_default=f"{_ROUNDS}, or {_QUICK_ROUNDS} with --quick",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Also draw a picture, a PNG file.", show_default="none"),
    ] = None,
    force: Force = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how fast chorale is on this machine, beside other programs.

    All is measured in turn, several times, and medians are printed with quartiles. A
    note is one voice at one sixteenth. The floor is the least time in which the
    processor could read the weights, or multiply by them. Quit other programs first;
    the whole benchmark takes a quarter of an hour.

    Example: chorale benchmark --quick
    """
    if rounds is not None and rounds < 1:
        raise UsageError(f"expected at least 1 round, got {rounds}")
    machine = describe_machine()
    measures, left_out = _chosen(only or (), quick)
    if plot is not None:
        _check_plot(plot, force, measures)
    with (
        temporary_folder() as folder,
        Workers(folder) as workers,
        progress_bar("Measuring") as progress,
    ):
        results = run_rounds(
            measures,
            workers.ask,
            rounds or (_QUICK_ROUNDS if quick else _ROUNDS),
            limit=_QUICK_SECONDS if quick else None,
            progress=progress,
        )
        results.megabytes.update(workers.megabytes)
    if as_json:
        report = {"machine": machine, "left_out": left_out, **results.to_json()}
        typer.echo(json.dumps({**report, "goals": to_json(results)}, indent=2))
    else:
        typer.echo(to_text(result_blocks(results, machine)))
    if plot is not None:
        with drafts(plot.parent) as folder:
            picture = folder / plot.name
            picture.write_bytes(results_picture(results, machine))
            save_exactly([picture], [plot], overwrite=force)
        print_remarks(f"the picture is {plot}")
    if results.failed:
        failures = "; ".join(f"{name}: {why}" for name, why in results.failed.items())
        raise ChoraleError(f"measures that failed: {failures}")


def _chosen(names: Sequence[str], quick: bool) -> tuple[list[Measure], dict[str, str]]:
    """Return the measures to run, and why others are left out, by name."""
    chosen = choose(names, quick=quick)
    reasons = {measure.name: missing_modules(measure) for measure in chosen}
    left_out = {name: reason for name, reason in reasons.items() if reason}
    print_remarks(*(f"{name} is left out: {left_out[name]}" for name in left_out))
    measures = [measure for measure in chosen if measure.name not in left_out]
    if not measures:
        raise UsageError("nothing is left to measure")
    return measures, left_out


def _check_plot(path: Path, force: bool, measures: Sequence[Measure]) -> None:
    """Check that a picture can be drawn before anything is measured."""
    if not any(is_drawn(measure) for measure in measures):
        raise UsageError(
            "the picture has no place for these measures: add --only notes, cold or "
            "length"
        )
    if path.suffix.lower() != ".png":
        raise UsageError(
            f"{path}: expected a picture that ends in .png, "
            f"got {path.suffix or 'no ending'}"
        )
    if not force:
        check_new(path)
    with drafts(path.parent):  # fails where no file can be written
        pass
    require("plot", "a picture")

"""`chorale sketch evaluate`: measure a sketch classifier."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from chorale.commands.progress import progress_bar
from chorale.commands.sketch.options import Json, Model, Trust
from chorale.errors import DataError, UsageError
from chorale.sketches.evaluation import (
    Paired,
    Report,
    WordRow,
    measure,
    paired_difference,
    places,
)
from chorale.sketches.examples import Examples, load_examples
from chorale.sketches.models import load_classifier
from chorale.sketches.pictures import write_pictures
from chorale.sketches.strokes import Floats32
from chorale.utils.extras import require

_SHOWN = 10  # words and mistakes of a printed report


def evaluate(
    files: Annotated[list[Path], typer.Argument(help="Drawings with their words.")],
    model: Model = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="The same drawings in another form: print the difference of top-1 "
            "and its 95 % interval too."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Folder for PNGs of the worst mistakes, confusions and calibration."
        ),
    ] = None,
    words: Annotated[
        bool,
        typer.Option("--words", help="Print the figures of every word, hardest first."),
    ] = False,
    threads: Annotated[
        int, typer.Option(help="Threads to compute with; 0 = one a core.")
    ] = 0,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Measure a classifier on labeled drawings.

    Drawings of words that the model does not know are left out, and counted.

    Example: chorale sketch evaluate quickdraw338_valid.npz --json
    """
    if pictures is not None:
        require("plot", "drawing pictures")
    if threads < 0:
        raise UsageError(f"expected threads of at least 0, got {threads}")
    classifier = load_classifier(model, threads=threads)
    measured = []
    seconds = 0.0
    for paths in [files, *([[against]] if against is not None else [])]:
        with progress_bar("Reading") as progress:
            examples = load_examples(
                paths, words=classifier.words, trust=trust, progress=progress
            )
        for reason, count in examples.left_out.items():
            typer.echo(f"note: left out {count} drawings {reason}", err=True)
        began = time.perf_counter()
        with progress_bar("Classifying") as progress:
            probabilities = classifier.probabilities(examples.inks, progress=progress)
        seconds += time.perf_counter() - began
        measured.append((examples, probabilities))
    (examples, probabilities), *others = measured
    report = measure(probabilities, examples.labels, classifier.words)
    count = sum(len(examples.labels) for examples, _ in measured)
    answer = {
        "model": classifier.card.name,
        **report.to_json(),
        "drawings_per_second": round(count / seconds),
    }
    if others:
        answer["against"] = {"file": str(against), **asdict(_compare(measured))}
    if pictures is not None:
        answer["pictures"] = [
            str(path)
            for path in write_pictures(pictures, examples, probabilities, report)
        ]
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    _print_report(report, answer["drawings_per_second"], with_words=words)
    if others:
        paired = answer["against"]
        typer.echo(
            f"top-1 minus that of {against}: {paired['difference']:+.4f}, 95 % "
            f"interval {paired['low']:+.4f} to {paired['high']:+.4f}"
        )
    for path in answer.get("pictures", []):
        typer.echo(path)


def _compare(measured: list[tuple[Examples, Floats32]]) -> Paired:
    """Return the paired difference of top-1 of the same drawings in two forms."""
    (one, _), (other, _) = measured
    if not np.array_equal(one.labels, other.labels):
        raise DataError(
            "expected the same drawings in the same order in both forms, got "
            f"{len(one.labels)} and {len(other.labels)} of other words"
        )
    right = [
        places(probabilities, examples.labels) == 1
        for examples, probabilities in measured
    ]
    return paired_difference(*right)


def _print_report(report: Report, per_second: int, *, with_words: bool) -> None:
    typer.echo(
        f"{report.drawings} drawings\n"
        f"top-1              {report.top1:.4f}\n"
        f"top-3              {report.top3:.4f}\n"
        f"top-5              {report.top5:.4f}\n"
        f"MAP@3              {report.map3:.4f}\n"
        f"nats a drawing     {report.nats:.4f}\n"
        f"calibration error  {report.calibration_error:.4f}\n"
        f"drawings a second  {per_second}"
    )
    hardest = sorted(
        (row for row in report.words if row.top1 is not None),
        key=lambda row: row.top1 or 0,
    )
    if with_words:
        _print_words(hardest)
    else:
        typer.echo("hardest words")
        for row in hardest[:_SHOWN]:
            typer.echo(
                f"  {row.word:<24}{row.top1:.2f}"
                + (f"  taken for {row.taken_for}" if row.taken_for else "")
            )
    typer.echo("most frequent mistakes")
    for pair in report.confusions[:_SHOWN]:
        typer.echo(f"  {pair.word:<24}taken for {pair.taken_for:<24}{pair.count}")


def _print_words(rows: Sequence[WordRow]) -> None:
    """Print a table of the figures of words; a dash is a figure that is not there."""
    typer.echo(
        f"{'word':<26}{'drawings':>8}{'top-1':>8}{'top-5':>8}{'precision':>11}"
        "  taken for"
    )
    for row in rows:
        top1, top5, precision = (
            "-" if share is None else f"{share:.3f}"
            for share in (row.top1, row.top5, row.precision)
        )
        typer.echo(
            f"  {row.word:<24}{row.drawings:>8}{top1:>8}{top5:>8}{precision:>11}"
            f"  {row.taken_for or '-'}"
        )

"""`chorale sketch evaluate`: measure a classifier of drawings."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from chorale.commands.options import Force
from chorale.commands.printing import print_naming, print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sketch.options import From, Json, Model, Trust
from chorale.errors import DataError
from chorale.sketches.comparison import PairedDifference, paired_difference
from chorale.sketches.evaluation import Report, measure, ranks
from chorale.sketches.examples import Examples, load_examples
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.pictures import write_pictures
from chorale.utils.arrays import FloatArray
from chorale.utils.extras import require
from chorale.utils.saving import drafts, save_numbered
from chorale.utils.text import counted

_SHOWN = 10  # words and mistakes of a printed report
_output = partial(typer.Option, rich_help_panel="Output")
_advanced = partial(typer.Option, rich_help_panel="Advanced")


def evaluate(
    files: Annotated[
        list[Path],
        typer.Argument(help="Labeled drawings: .ndjson, .bin, .npz or .tfrecord."),
    ],
    model: Model = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="The same drawings in another form: the difference in top-1 accuracy "
            "and its 95 % confidence interval are printed too."
        ),
    ] = None,
    words: Annotated[
        bool,
        _output(
            "--words",
            help=f"Print the metrics of all words instead of the {_SHOWN} with the "
            "lowest accuracy.",
        ),
    ] = False,
    pictures: Annotated[
        Path | None,
        _output(
            help="Folder for pictures (PNG) of the most confident mistakes, the "
            "confusions and the calibration."
        ),
    ] = None,
    as_json: Json = False,
    force: Force = False,
    threads: Annotated[
        int, _advanced(min=0, help="Threads of ONNX Runtime; 0 = one per core.")
    ] = 0,
    form: From = None,
    trust: Trust = False,
) -> None:
    """Measure a classifier on labeled drawings.

    Drawings of words that the model does not know are left out, and counted.

    Example: chorale sketch evaluate quickdraw338_valid.npz --json
    """
    if pictures is not None:
        require("plot", "drawing pictures")
    classifier = load_classifier(model, threads=threads)
    examples, probabilities, per_second = _predict(classifier, files, trust, form)
    report = measure(probabilities, examples.labels, classifier.words)
    answer = {
        "model": classifier.card.name,
        **asdict(report),
        "drawings_per_second": per_second,
    }
    if against is not None:
        other, other_probabilities, _ = _predict(classifier, [against], trust, None)
        paired = _paired(examples, probabilities, other, other_probabilities)
        answer["against"] = {"file": str(against), **asdict(paired)}
    if pictures is not None:
        with drafts(pictures) as folder:
            files = write_pictures(folder, examples, probabilities, report)
            saved = save_numbered(files, pictures, overwrite=force)
        print_naming(files, saved)
        answer["pictures"] = [str(path) for path in saved.paths]
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    _print_report(report, per_second, with_all_words=words)
    if against is not None:
        typer.echo(
            f"top-1 minus that of {against}: {paired.difference:+.4f}, 95 % "
            f"interval {paired.low:+.4f} to {paired.high:+.4f}"
        )
    for path in answer.get("pictures", []):
        typer.echo(path)


def _predict(
    classifier: Classifier, files: list[Path], trust: bool, form: str | None
) -> tuple[Examples, FloatArray, int]:
    """Return the drawings of files, their probabilities, and drawings per second."""
    with progress_bar("Reading") as progress:
        examples = load_examples(
            files,
            words=classifier.words,
            trust=trust,
            progress=progress,
            form=form,
        )
    for reason, count in examples.left_out.items():
        print_remarks(f"left out {counted(count, 'drawing')} {reason}")
    began = time.perf_counter()
    with progress_bar("Classifying") as progress:
        probabilities = classifier.probabilities(examples.inks, progress=progress)
    seconds = time.perf_counter() - began
    return examples, probabilities, round(len(examples.labels) / seconds)


def _paired(
    examples: Examples,
    probabilities: FloatArray,
    other: Examples,
    other_probabilities: FloatArray,
) -> PairedDifference:
    """Return how accurate a classifier is on drawings in one form and in another."""
    if not np.array_equal(examples.labels, other.labels):
        raise DataError(
            "expected the same drawings in the same order in both forms, got "
            f"{len(examples.labels)} and {len(other.labels)} of other words"
        )
    return paired_difference(
        ranks(probabilities, examples.labels) == 1,
        ranks(other_probabilities, other.labels) == 1,
    )


def _print_report(report: Report, per_second: int, *, with_all_words: bool) -> None:
    """Print a report; a dash stands for a metric without drawings."""
    typer.echo(
        f"{counted(report.drawings, 'drawing')}\n"
        f"top-1                 {report.top1:.4f}\n"
        f"top-3                 {report.top3:.4f}\n"
        f"top-5                 {report.top5:.4f}\n"
        f"MAP@3                 {report.map3:.4f}\n"
        f"nats per drawing      {report.nats:.4f}\n"
        f"calibration error     {report.calibration_error:.4f}\n"
        f"drawings per second   {per_second}"
    )
    hardest = [row for row in report.words if row.top1 is not None]
    hardest.sort(key=lambda row: row.top1 or 0)
    typer.echo("all words" if with_all_words else "hardest words")
    line = "  {:<24}{:>8}{:>8}{:>8}{:>11}  {}".format
    typer.echo(line("word", "drawings", "top-1", "top-5", "precision", "taken for"))
    for row in hardest if with_all_words else hardest[:_SHOWN]:
        shares = (
            "-" if share is None else f"{share:.3f}"
            for share in (row.top1, row.top5, row.precision)
        )
        typer.echo(line(row.word, row.drawings, *shares, row.taken_for or "-"))
    typer.echo("most frequent mistakes")
    for pair in report.confusions[:_SHOWN]:
        typer.echo(f"  {pair.word:<24}taken for {pair.taken_for:<24}{pair.count}")

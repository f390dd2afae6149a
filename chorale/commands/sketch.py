"""`chorale sketch`: what is it that somebody has drawn?"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from chorale.commands.progress import progress_bar
from chorale.commands.sketch_train import train
from chorale.errors import DataError, UsageError
from chorale.extras import require
from chorale.sketches.classifying import classify_many
from chorale.sketches.converting import convert as convert_files
from chorale.sketches.downloading import FORMS, PUBLIC_BUCKET
from chorale.sketches.downloading import download as download_files
from chorale.sketches.evaluation import (
    Paired,
    Report,
    WordRow,
    measure,
    paired_difference,
    places,
)
from chorale.sketches.examples import Examples, load_examples, read_words
from chorale.sketches.formats import read_sketches, read_svg_path
from chorale.sketches.formats.json_strokes import read_strokes
from chorale.sketches.models import (
    Classifier,
    find_model,
    load_card,
    load_classifier,
)
from chorale.sketches.pictures import write_pictures
from chorale.sketches.strokes import Floats32

_SHOWN = 10  # words and mistakes of a printed report
_AT_ONCE = 1000  # drawings classified before their answers are printed
_STDIN = Path("-")

app = typer.Typer(
    help="Classify drawings, and learn to.",
    no_args_is_help=True,
)
app.command()(train)

_Model = Annotated[
    str | None,
    typer.Option(
        help="Folder of a run or model; the one that comes along if left out."
    ),
]
_Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open sketch-rnn .npz files, which can run code: only if you know whom "
        "they are from.",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="Drawings with their words.")],
    model: _Model = None,
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
    trust: _Trust = False,
    as_json: _Json = False,
) -> None:
    """Measure a classifier on drawings whose words are known.

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


@app.command()
def classify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Drawings in any format; - reads a JSON list of strokes, each a list "
            "of points \\[x, y], from the standard input."
        ),
    ] = None,
    svg_path: Annotated[
        str | None, typer.Option(help="The d attribute of an SVG path, to classify.")
    ] = None,
    top: Annotated[int, typer.Option(help="Words to print of each drawing.")] = 5,
    limit: Annotated[
        int | None, typer.Option(help="Drawings to take of each file at most.")
    ] = None,
    model: _Model = None,
    trust: _Trust = False,
    as_json: _Json = False,
) -> None:
    """Say what drawings are likely to be.

    Example: chorale sketch classify my-drawing.svg --top 3
    """
    if not files and svg_path is None:
        raise UsageError("expected files, - for the standard input, or --svg-path")
    if limit is not None and limit < 1:
        raise UsageError(f"expected a limit of at least 1, got {limit}")
    if top < 1:
        raise UsageError(f"expected at least 1 word to give, got {top}")
    classifier = load_classifier(model)
    answers, failed = [], False
    for file in [*(files or []), *([] if svg_path is None else [None])]:
        drawings = 0
        try:
            for answer in _answers(file, svg_path, limit, trust, top, classifier):
                drawings += 1
                if as_json:
                    answers.append(answer)
                else:
                    typer.echo(_line(answer))
        except DataError as error:  # the other files are none the worse for it
            typer.echo(f"chorale: {error}", err=True)
            failed = True
        else:
            if not drawings:
                typer.echo(f"note: {file} holds no drawings", err=True)
    if as_json:
        typer.echo(json.dumps(answers, indent=2, ensure_ascii=False))
    if failed:
        raise typer.Exit(DataError.exit_code)


@app.command()
def convert(
    sources: Annotated[
        list[Path], typer.Argument(help="Files of any format, or folders of them.")
    ],
    output: Annotated[
        Path,
        typer.Argument(
            help="What to write: .npz (compact), or .tfrecord (the tutorial's, which "
            "loses the proportions of drawings)."
        ),
    ],
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Mix all drawings, on disk.")
    ] = False,
    random_state: Annotated[
        int, typer.Option(help="Another number, another order.")
    ] = 0,
    recognized: Annotated[
        bool,
        typer.Option("--recognized", help="Only drawings that the game recognized."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="Drawings of each word at most.")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(help="Text file of the classes, one a line, in this order."),
    ] = None,
    trust: _Trust = False,
) -> None:
    """Turn drawings of any format into one file to train on, however large.

    Example: chorale sketch convert quickdraw/ drawings.npz --shuffle --limit 1000
    """
    with progress_bar("Converting") as progress:
        converted = convert_files(
            sources,
            output,
            shuffle=shuffle,
            random_state=random_state,
            recognized_only=recognized,
            limit=limit,
            words=None if words is None else read_words(words),
            trust=trust,
            progress=progress,
        )
    typer.echo(
        f"{output}: {converted.written} drawings of {len(converted.words)} words"
        + (f", {converted.left_out} left out" if converted.left_out else "")
    )


@app.command()
def download(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Such as cat or 'alarm clock'; all of the model's if none."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option(help=f"One of {', '.join(FORMS)}.")
    ] = "simplified",
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the files; quickdraw-FORM if left out."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="Address of the files, or of a copy of them.")
    ] = PUBLIC_BUCKET,
) -> None:
    """Fetch the public drawings of words; what was begun goes on.

    Example: chorale sketch download cat 'alarm clock' --output drawings
    """
    wanted = words or load_card(find_model()).words
    folder = output or Path(f"quickdraw-{form}")
    with progress_bar("Downloading") as progress:
        found = download_files(wanted, folder, form=form, base=base, progress=progress)
    for path in found:
        typer.echo(str(path))


def _answers(
    file: Path | None,
    svg_path: str | None,
    limit: int | None,
    trust: bool,
    top: int,
    classifier: Classifier,
) -> Iterator[dict[str, Any]]:
    """Yield what is said of each drawing of a file, or of the path if there is none."""
    name = "--svg-path" if file is None else str(file)
    if file is None:
        sketches = iter([read_svg_path(svg_path or "")])
    elif file == _STDIN:
        name = "standard input"
        sketches = iter([read_strokes(sys.stdin.buffer.read(), name)])
    else:
        sketches = islice(read_sketches(file, trust=trust), limit)
    number = 0
    while chunk := list(islice(sketches, _AT_ONCE)):
        strokes = [sketch.strokes for sketch in chunk]
        guesses = classify_many(strokes, top=top, model=classifier)
        for sketch, words in zip(chunk, guesses, strict=True):
            number += 1
            yield {
                "file": name,
                "drawing": number,
                "word": sketch.word or None,
                "guesses": [guess._asdict() for guess in words],
            }


def _line(answer: dict[str, Any]) -> str:
    """Return an answer on one line."""
    of = f" ({answer['word']})" if answer["word"] else ""
    said = ", ".join(
        f"{guess['word']} {guess['probability']:.3f}" for guess in answer["guesses"]
    )
    return f"{answer['file']}:{answer['drawing']}{of}: {said or 'nothing drawn'}"


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

"""`chorale sketch classify`: print the most likely words of drawings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.printing import print_remarks
from chorale.commands.sketch.options import From, Json, Model, Trust
from chorale.errors import DataError, UsageError
from chorale.sketches.classification import classify_many
from chorale.sketches.formats.files import read_content, read_sketches
from chorale.sketches.formats.svg.reader import read_svg_path
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.strokes import Sketch

_CHUNK = 1000  # drawings classified before their answers are printed
_STDIN, _STDIN_NAME = Path("-"), "standard input"


def classify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files of drawings: .svg, .json, .ndjson, .bin, .npz or .tfrecord. "
            "With - the standard input is read: SVG, lines of .ndjson, a JSON list of "
            "strokes, each a list of points \\[x, y], or the format of --from."
        ),
    ] = None,
    svg_path: Annotated[
        str | None,
        typer.Option(help="Classify the d attribute of an SVG path, too."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="Number of words to print for each drawing.")
    ] = 5,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help="Maximum number of drawings per file; all by default."
        ),
    ] = None,
    model: Model = None,
    form: From = None,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Print the most likely words for drawings.

    Example: chorale sketch classify my-drawing.svg --top 3
    """
    if not files and svg_path is None:
        raise UsageError("expected files, - for the standard input, or --svg-path")
    classifier = load_classifier(model)
    printed, failed = [], False
    for name, sketches in _sources(files or [], svg_path, limit, trust, form):
        answer = None
        try:
            for answer in _answers(name, sketches, top, classifier):
                if as_json:
                    printed.append(answer)
                else:
                    typer.echo(_line(answer))
        except DataError as error:  # the other files are still classified
            typer.echo(f"chorale: {error}", err=True)
            failed = True
        else:
            if answer is None:
                print_remarks(f"{name} holds no drawings")
    if as_json:
        typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))
    if failed:
        raise typer.Exit(DataError.exit_code)


def _sources(
    files: list[Path],
    svg_path: str | None,
    limit: int | None,
    trust: bool,
    form: str | None,
) -> Iterator[tuple[str, Iterator[Sketch]]]:
    """Yield the name and the drawings of each file, then those of the SVG path."""
    for file in files:
        if file == _STDIN:
            content = sys.stdin.buffer.read()
            found = read_content(content, _STDIN_NAME, trust=trust, form=form)
            yield _STDIN_NAME, islice(found, limit)
        else:
            yield str(file), islice(read_sketches(file, trust=trust, form=form), limit)
    if svg_path is not None:
        yield "--svg-path", map(read_svg_path, [svg_path])


def _answers(
    name: str, sketches: Iterator[Sketch], top: int, classifier: Classifier
) -> Iterator[dict[str, Any]]:
    """Yield the answer for each drawing of a file."""
    number = 0
    while chunk := list(islice(sketches, _CHUNK)):
        drawings = [sketch.strokes for sketch in chunk]
        guesses = classify_many(drawings, top=top, model=classifier)
        for sketch, words in zip(chunk, guesses, strict=True):
            number += 1
            print_remarks(*(f"{name}: {note}" for note in sketch.notes))
            yield {
                "file": name,
                "drawing": number,
                "word": sketch.word or None,
                "guesses": [guess._asdict() for guess in words],
            }


def _line(answer: dict[str, Any]) -> str:
    """Return the answer for a drawing on one line."""
    word = f" ({answer['word']})" if answer["word"] else ""
    guesses = ", ".join(
        f"{guess['word']} {guess['probability']:.3f}" for guess in answer["guesses"]
    )
    return f"{answer['file']}:{answer['drawing']}{word}: {guesses or 'nothing drawn'}"

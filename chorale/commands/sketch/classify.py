"""`chorale sketch classify`: classify drawings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.sketch.options import Json, Model, Trust
from chorale.errors import DataError, UsageError
from chorale.sketches.classifying import classify_many
from chorale.sketches.formats import read_sketches, read_svg_path
from chorale.sketches.formats.json_strokes import read_strokes
from chorale.sketches.models import Classifier, load_classifier

_AT_ONCE = 1000  # drawings classified before their answers are printed


_STDIN = Path("-")


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
    model: Model = None,
    trust: Trust = False,
    as_json: Json = False,
) -> None:
    """Print the most likely words for drawings.

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

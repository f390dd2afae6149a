"""`chorale corpus describe`: statistics of a corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chorale.corpus.loading import SPLITS, load_corpus
from chorale.corpus.statistics import Description
from chorale.corpus.statistics import describe as describe_corpus
from chorale.errors import DataError


def describe(
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder of CSV files.", show_default="the bundled corpus"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print statistics of a corpus, and which of its files are invalid.

    Example: chorale corpus describe my-chorales
    """
    description = describe_corpus(load_corpus(path, strict=False))
    if as_json:
        typer.echo(json.dumps(asdict(description), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(description)))
    if not any(description.pieces.values()):
        raise DataError("none of its files can be read", description.path)


def _lines(description: Description) -> Iterator[str]:
    yield description.path
    yield ""
    yield f"{'split':<9}{'pieces':>8}{'steps':>9}"
    for split in SPLITS:
        pieces, steps = description.pieces[split], description.steps[split]
        yield f"{split:<9}{pieces:>8,}{steps:>9,}"
    yield ""
    yield f"{'voice':<9}{'lowest':>8}{'highest':>9}{'rests':>8}"
    for voice, bounds in description.ranges.items():
        lowest, highest = bounds or ("-", "-")
        yield f"{voice:<9}{lowest:>8}{highest:>9}{description.rests[voice]:>8.1%}"
    yield ""
    yield f"keys: {_listed(description.keys)}"
    yield f"metres: {_listed(description.metres)}"
    yield f"pieces with fermatas: {description.fermatas:,}"
    yield f"onsets that repeat the pitch before: {description.repeated_onsets:.1%}"
    yield f"refused files: {len(description.refused):,}"
    yield from (f"  {reason}" for reason in description.refused)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"

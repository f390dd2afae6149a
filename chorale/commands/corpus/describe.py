"""`chorale corpus describe`: statistics of a corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chorale.corpus.loading import SPLITS, load_corpus
from chorale.corpus.statistics import UNKNOWN, Description
from chorale.corpus.statistics import describe as describe_corpus
from chorale.errors import DataError
from chorale.music.keys import pitch_name
from chorale.utils.text import counted, listed

_NAMED = 5  # files that a line names


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
        lowest, highest = map(pitch_name, bounds) if bounds else ("-", "-")
        yield f"{voice:<9}{lowest:>8}{highest:>9}{description.rests[voice]:>8.1%}"
    yield ""
    yield f"keys: {_listed(description.keys)}"
    yield f"metres: {_listed(description.metres)}"
    if any(description.estimated.values()):
        yield f"estimated from the notes: {_listed(description.estimated)}"
    if description.metres.get(UNKNOWN):
        yield "  bars of an unknown metre are counted in 4/4"
    yield from _on_melodies(description)
    yield f"pieces with fermatas: {description.fermatas:,}"
    yield f"onsets that repeat the pitch before: {description.repeated_onsets:.1%}"
    if description.off_grid:
        share = description.off_grid / description.notes
        yield f"notes moved to the grid of sixteenths: {share:.2%}"
    yield from _files("without a row in the index", description.without_row)
    yield from _files("in the index, but not there", description.without_file)
    yield f"refused files: {len(description.refused):,}"
    yield from (f"  {reason}" for reason in description.refused)


def _on_melodies(description: Description) -> Iterator[str]:
    melodies = description.melodies
    found = "by the index" if melodies.stated else "by the notes"
    line = f"different melodies: {melodies.groups:,}, {found}"
    shared = [
        f"{number:,} of {counted(description.pieces[split], 'piece')} of {split}"
        for split, number in melodies.in_train.items()
        if description.pieces[split]
    ]
    yield line
    if shared:
        yield f"  in train too: the melodies of {listed(shared)}"


def _files(label: str, files: Sequence[str]) -> Iterator[str]:
    if files:
        more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
        yield f"{label}: {', '.join(files[:_NAMED])}{more}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"

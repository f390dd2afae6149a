"""`chorale seeds`: the chorales for `chorale generate --seed NUMBER`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from chorale.corpus.index import parse_metres
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.seeds import numbered_seeds


def seeds(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the chorales to start from: the test split, unseen in training.

    Example: chorale seeds
    """
    folder = bundled_corpus()
    rows = [
        {
            "number": number,
            "bwv": entry.bwv,
            "title": entry.title,
            "key": entry.key,
            "metre": " ".join(metre.name for metre in parse_metres(entry.metre)),
            "bars": int(load_entry(entry, folder).bars[-1]),
        }
        for number, entry in enumerate(numbered_seeds(), start=1)
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(
            f"{row['number']:>3}  BWV {row['bwv']:<9} {row['key']:<9} "
            f"{row['metre']:<5} {row['bars']:>3} bars  {row['title']}"
        )

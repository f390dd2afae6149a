"""`chorale judge`: a model's samples beside Bach's own chorales."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer

from chorale.commands.progress import progress_bar
from chorale.corpus import load_corpus
from chorale.errors import UsageError
from chorale.models import load_predictor
from chorale.plan import Plan
from chorale.sampling import SamplingOptions, Start, sample_each
from chorale.score import Chorale
from chorale.seeds import opening_of
from chorale.style import has_rest, leaves_ranges, share_of_cadences

_LABELS = {
    "complete": "ends on a complete cadence",
    "triad_over_root": "  on a triad over its root",
    "on_tonic": "  on the tonic",
    "authentic_or_plagal": "  by an authentic or plagal bass step",
    "leaves_ranges": "a voice leaves its range in train",
    "has_rest": "a voice is silent somewhere",
}


def judge(
    model: Annotated[
        str | None,
        typer.Option(help="A name from `chorale models` or a folder."),
    ] = None,
    count: Annotated[int, typer.Option("-n", help="How many samples.")] = 64,
    bars: Annotated[int, typer.Option(help="Length of each sample.")] = 16,
    random_state: Annotated[
        int, typer.Option(help="Another number, other samples.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how samples end and what their voices keep to, beside Bach's chorales.

    Each sample goes on from an opening of the valid split, and counts from there on;
    Bach's row is the whole valid split. Samples are drawn once each, with the
    defaults of `chorale generate`; nothing makes them end well but the model and its
    guidance by the key.

    Example: chorale judge -n 64 --bars 16
    """
    options = SamplingOptions(random_state=random_state)
    if count < 1:
        raise UsageError(f"expected at least 1 sample, got {count}")
    bach = load_corpus(splits=("valid",)).split("valid")
    starts = _starts(bach, count, bars, random_state)

    predictor = load_predictor(model)
    with progress_bar("Writing samples") as progress:
        samples = sample_each(predictor, starts, options, progress=progress)
    ranges = predictor.vocabulary.ranges
    openings = [start.opening.steps if start.opening else 0 for start in starts]
    shares = {
        "samples": _shares(samples, openings, ranges),
        "bach": _shares(bach, [0] * len(bach), ranges),
    }
    if as_json:
        typer.echo(json.dumps(shares, indent=2))
        return
    typer.echo(f"{'share of chorales in which':<40}{'samples':>8}{'Bach':>8}")
    for name, label in _LABELS.items():
        figures = "".join(f"{row[name]:>8.3f}" for row in shares.values())
        typer.echo(f"{label:<40}{figures}")


def _starts(
    chorales: Sequence[Chorale], count: int, bars: int, random_state: int
) -> list[Start]:
    """Return openings of shuffled chorales, each once before any comes again."""
    order = np.random.default_rng(random_state).permutation(len(chorales))
    picked = [chorales[int(order[index % len(order)])] for index in range(count)]
    return [Start(Plan.of(one).with_bars(bars), opening_of(one)) for one in picked]


def _shares(
    chorales: Sequence[Chorale],
    starts: Sequence[int],
    ranges: Sequence[tuple[int, int]],
) -> dict[str, float]:
    """Return the share of chorales by name of `_LABELS`.

    Args:
        starts: the step from which each chorale's voices are looked at.
        ranges: lowest and highest MIDI note of each voice, soprano first.
    """
    pairs = list(zip(chorales, starts, strict=True))
    left = [leaves_ranges(one, ranges, start=start) for one, start in pairs]
    rests = [has_rest(one, start=start) for one, start in pairs]
    return {
        **share_of_cadences(chorales),
        "leaves_ranges": float(np.mean(left)),
        "has_rest": float(np.mean(rests)),
    }

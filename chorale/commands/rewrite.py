"""`chorale rewrite`: other notes for some bars and voices of a piece."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import DEFAULT_TOP_P, TopP
from chorale.commands.outputs import (
    BestOf,
    Formats,
    Instrument,
    OutputFolder,
    RandomState,
    Report,
    Rules,
    Temperature,
    TopK,
    Variations,
    check_outputs,
    check_writable,
    keep_best,
    stems,
    write_choices,
    write_pieces,
)
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import (
    INFILLING,
    SAMPLING,
    Guidance,
    Method,
    ModelName,
    Particles,
    Rounds,
    options_for,
)
from chorale.corpus.reading import annotated
from chorale.corpus.seeds import find_bundled
from chorale.errors import UsageError
from chorale.formats.files import read_spelled
from chorale.models.storage import DEFAULT_MODEL, load_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.sampling import completion

_MOST_BARS = 100_000  # beyond lies only a slip of the hand


def rewrite(
    context: typer.Context,
    piece: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A CSV, MIDI or MusicXML file of four voices, which may be silent, or "
            "a bundled chorale, such as bwv253, or 3 as `chorale seeds` counts.",
        ),
    ],
    bars: Annotated[
        str | None,
        typer.Option(help="Such as 5-8 or 1,5-8; 0 is a pickup. All if left out."),
    ] = None,
    voices: Annotated[
        str | None,
        typer.Option(
            help=f"Any of {', '.join(VOICE_NAMES)}, with commas. All if left out."
        ),
    ] = None,
    model: ModelName = DEFAULT_MODEL,
    particles: Particles = completion.PASSAGE_PARTICLES,
    guidance: Guidance = SAMPLING.guidance,
    method: Method = INFILLING.method,
    rounds: Rounds = INFILLING.rounds,
    temperature: Temperature = SAMPLING.temperature,
    top_p: TopP = DEFAULT_TOP_P,
    top_k: TopK = None,
    rules: Rules = SAMPLING.rules,
    best_of: BestOf = 2,
    variations: Variations = 1,
    random_state: RandomState = SAMPLING.random_state,
    output: OutputFolder = Path(),
    formats: Formats = "midi",
    instrument: Instrument = "choir",
    report: Report = None,
) -> None:
    """Rewrite some bars or voices of a piece; keep every other note.

    Example: chorale rewrite hymn.musicxml --bars 5-8 --voices alto,tenor -n 3
    """
    opened = load_model(model)
    options = options_for(context, opened)
    endings = check_outputs(
        best_of=best_of, report=report, formats=formats, instrument=instrument
    )
    wanted_bars = None if bars is None else _parse_bars(bars)
    wanted_voices = None if voices is None else _parse_voices(voices)
    chorale, remarks = _find(piece)
    for remark in remarks:
        typer.echo(f"note: {remark}", err=True)
    check_writable(output)

    with progress_bar("Rewriting") as progress:
        drawn = completion.rewrite(
            opened,
            chorale,
            options,
            bars=wanted_bars,
            voices=wanted_voices,
            variations=variations * best_of,
            progress=progress,
        )
    name = Path(piece).stem if Path(piece).is_file() else piece.casefold()
    best, chosen = keep_best(
        drawn,
        stems(f"{name}-rewritten", random_state, variations),
        best_of=best_of,
        report=report,
    )
    write_pieces(best, output, endings, instrument)
    write_choices(chosen, report)


def _parse_bars(text: str) -> list[int]:
    """Return the numbers in bars such as `5-8` or `1,5-8`."""
    bars: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < _MOST_BARS:
            raise UsageError(f"expected bars such as 5-8 or 1,5-8, got {text!r}")
        bars += range(first, last + 1)
    return bars


def _parse_voices(text: str) -> list[int]:
    return [voice_named(name) for name in text.split(",")]


def _find(name: str) -> tuple[Chorale, list[str]]:
    """Return the piece in a file, or a bundled chorale, and what was guessed of it."""
    chorale = find_bundled(name)
    if chorale is not None:
        return chorale, []
    path = Path(name)
    reading = read_spelled(path)
    if path.suffix.lower() == ".csv":
        reading = annotated(path, reading)
    return reading.chorale, reading.remarks()

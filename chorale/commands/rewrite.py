"""`chorale rewrite`: other notes for some bars and voices of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands import completion_options as completing
from chorale.commands import outputs
from chorale.commands import reading_options as reading
from chorale.commands import sampling_options as sampling
from chorale.commands.model_options import ModelName
from chorale.commands.options import SAMPLING, Force
from chorale.commands.output_folder import OutputFolder, check_writable
from chorale.commands.pieces import find_piece
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.formats.files import READABLE_NAMES
from chorale.models.storage import DEFAULT_MODEL, load_model
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.sampling import rewriting
from chorale.sampling.best_of import Candidate, Judge
from chorale.sampling.fragments import Fragment
from chorale.sampling.passages import name_of, parse_bars, passage_of
from chorale.sampling.variations import Rewritten
from chorale.utils.reports import Block, Heading, Paragraph, Table
from chorale.utils.text import counted, percent

Piece = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help=f"A {READABLE_NAMES} file of four voices, some of which may be silent; or "
        "a bundled chorale: bwv253, or 3 for number 3 of `chorale seeds`.",
    ),
]
Bars = Annotated[
    str | None,
    typer.Option(
        help="Bars to rewrite, such as 5-8 or 1,5-8; 0 is the pickup.",
        show_default="all",
    ),
]
Voices = Annotated[
    str | None,
    typer.Option(
        help=f"Voices to rewrite, any of {', '.join(VOICE_NAMES)}, separated by "
        "commas.",
        show_default="all",
    ),
]
Distance = Annotated[
    float,
    typer.Option(
        help="Share of the passage that differs from what it was, and between any two "
        "pieces of -n, 0 to 1, where the model has such notes; 0 asks for no "
        "difference, 1 for the largest.",
        rich_help_panel=SAMPLING,
    ),
]


def rewrite(
    context: typer.Context,
    piece: Piece,
    bars: Bars = None,
    voices: Voices = None,
    key: reading.KeyName = None,
    tempo: reading.Tempo = None,
    parts: reading.Parts = None,
    source_format: reading.From = None,
    model: ModelName = DEFAULT_MODEL,
    variations: sampling.Variations = 1,
    random_state: sampling.RandomState = sampling.NEXT_STEP.random_state,
    output: OutputFolder = Path(),
    formats: outputs.Formats = "midi",
    force: Force = False,
    instrument: outputs.Instrument = "choir",
    distance: Distance = rewriting.DISTANCE,
    best_of: sampling.BestOf = 2,
    temperature: sampling.Temperature = sampling.NEXT_STEP.temperature,
    top_p: sampling.TopP = sampling.NEXT_STEP.top_p,
    rules: sampling.Rules = sampling.NEXT_STEP.rules,
    top_k: sampling.TopK = None,
    particles: sampling.Particles = rewriting.PASSAGE_PARTICLES,
    guidance: sampling.Guidance = sampling.NEXT_STEP.guidance,
    critic: sampling.CriticStrength = sampling.NEXT_STEP.critic,
    method: completing.Method = completing.INFILLING.method,
    rounds: completing.Rounds = completing.INFILLING.rounds,
    report: outputs.Report = None,
) -> None:
    """Rewrite some bars or voices of a piece; keep every other note.

    Example: chorale rewrite hymn.musicxml --bars 5-8 --voices alto,tenor -n 3
    """
    opened = load_model(model)
    options = completing.options_for(context, opened)
    destination = outputs.Destination.of(context)
    wanted_bars = None if bars is None else parse_bars(bars)
    wanted_voices = (
        None if voices is None else list(map(voice_named, voices.split(",")))
    )
    chorale = find_piece(context, piece).chorale
    passage = passage_of(chorale, wanted_bars, wanted_voices)
    check_writable(output)

    load_judge = partial(Judge.default, model, opened)
    choose = rewriting.JudgedChoice(load_judge, report=report is not None)
    with progress_bar("Rewriting") as progress:
        rewritten = rewriting.rewrite_passage(
            opened,
            Fragment(chorale, ~passage),
            options,
            variations=variations,
            best_of=best_of,
            distance=distance,
            choose=choose,
            progress=progress,
        )
    print_remarks(*choose.remarks)
    names = outputs.stems(
        f"{outputs.name_of(piece)}-rewritten", random_state, variations
    )
    outputs.write_choices(
        destination,
        names,
        [each.choice for each in rewritten],
        warn_of_endings=False,  # the passage may not include the end
        more=_changes(names, rewritten, choose([chorale]).candidates),
    )
    for name, each in zip(names, rewritten, strict=True):
        start = f"{name}: " if variations > 1 else ""
        print_remarks(start + rewriting.sentence_of(each, distance))


def _changes(
    names: Sequence[str], rewritten: Sequence[Rewritten], given: Sequence[Candidate]
) -> list[Block]:
    """Return the part of the report on how much changed, and what that costs.

    Args:
        names: of the files.
        rewritten: what is in them.
        given: the piece as it was; none if no report is asked for or nothing judged.
    """
    rows = [("as given", "", "", *_judged(given))]
    for name, each in zip(names, rewritten, strict=True):
        apart = "" if each.apart is None else percent(each.apart)
        judged = [c for c in each.choice.candidates if c.chorale is each.choice.chorale]
        rows.append((name, percent(each.changed), apart, *_judged(judged)))
    cells, chorale = rewritten[0].passage, rewritten[0].choice.chorale
    header = ("", "changed", "from others", "nats per note", "cost", "findings")
    return [
        Heading("What changed"),
        Paragraph(
            f"The share of the {counted(int(cells.sum()), 'sixteenth')} of "
            f"{name_of(cells, chorale)}, all voices together, whose pitch differs from "
            "what was given, and from the variations before; the rest is about the "
            "whole piece."
        ),
        Table(header, tuple(rows)),
    ]


def _judged(candidates: Sequence[Candidate]) -> tuple[str, str, str]:
    """Return likelihood, cost and findings of the first candidate, if there is one."""
    if not candidates:
        return ("", "", "")
    best = candidates[0]
    return (
        f"{best.nats_per_note:.3f}",
        f"{best.cost:.1f}",
        outputs.findings_of(best),
    )

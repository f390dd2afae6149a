"""`chorale generate`: new chorales from an opening of Bach's, or from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import (
    DEFAULT_TOP_P,
    Average,
    Models,
    TopP,
    model_names,
    parse_top_p,
)
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
    stems,
    warn_of_endings,
    write_choices,
    write_pieces,
)
from chorale.commands.progress import progress_bar
from chorale.models.ensemble import average as averaged
from chorale.models.storage import NEXT_STEP, load_card, load_model
from chorale.sampling.best_of import choose_each, typical_of
from chorale.sampling.generate import sample
from chorale.sampling.next_step import SamplingOptions
from chorale.sampling.prompts import find_start

_DEFAULTS = SamplingOptions()


def generate(
    seed: Annotated[
        str,
        typer.Option(
            help="What to continue: a number from `chorale seeds`, a bundled chorale "
            "such as bwv253, a CSV, MIDI or MusicXML file, or none."
        ),
    ] = "1",
    bars: Annotated[
        int | None,
        typer.Option(help="Length of the whole piece; that of the plan if left out."),
    ] = None,
    opening: Annotated[
        int | None,
        typer.Option(help="Bars of the seed to keep; two if left out."),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            help="A seed whose metre, pickup, fermatas and length to follow; that of "
            "--seed if left out."
        ),
    ] = None,
    model: Models = None,
    average: Average = "none",
    temperature: Temperature = _DEFAULTS.temperature,
    top_p: TopP = DEFAULT_TOP_P,
    top_k: TopK = None,
    guidance: Annotated[
        float, typer.Option(help="How closely to end in the key; 0 as the model does.")
    ] = _DEFAULTS.guidance,
    rules: Rules = _DEFAULTS.rules,
    best_of: BestOf = 3,
    variations: Variations = 1,
    random_state: RandomState = _DEFAULTS.random_state,
    output: OutputFolder = Path(),
    formats: Formats = "midi",
    instrument: Instrument = "choir",
    report: Report = None,
) -> None:
    """Write new chorales.

    Of several that are drawn one is kept that ends on a cadence, breaks few rules of
    part-writing and is as likely as Bach's own; `--best-of 1` takes what comes.

    Example: chorale generate --seed 3 --bars 16 -n 4 --format midi,musicxml
    """
    options = SamplingOptions(
        temperature=temperature,
        top_p=parse_top_p(top_p),
        top_k=top_k,
        guidance=guidance,
        rules=rules,
        random_state=random_state,
    )
    endings = check_outputs(
        best_of=best_of, report=report, formats=formats, instrument=instrument
    )
    start = find_start(
        seed, plan=plan, bars=bars, opening_bars=opening, random_state=random_state
    )
    check_writable(output)

    names = model_names(model)
    predictors = [load_model(name, kind=NEXT_STEP) for name in names]
    predictor = averaged(predictors, average)
    with progress_bar("Writing chorales") as progress:
        drawn = sample(
            predictor,
            start.plan,
            start.opening,
            options,
            variations=variations * best_of,
            progress=progress,
        )
    # The judge asks the first model by itself: its card says how likely Bach is to it.
    typical = typical_of(load_card(names[0]))
    candidates = choose_each(
        predictors[0],
        drawn,
        best_of,
        opening=start.opening.steps if start.opening else 0,
        typical=typical,
    )
    files = stems(_stem(seed), random_state, variations)
    chosen = dict(zip(files, candidates, strict=True))
    best = {name: lot[0].chorale for name, lot in chosen.items()}
    write_pieces(best, output, endings, instrument)
    write_choices(chosen, report)
    warn_of_endings(chosen, best_of)


def _stem(seed: str) -> str:
    """Return the name of the files written for a seed, without number and ending."""
    if seed.isdigit():
        return f"chorale-seed{int(seed)}"
    name = Path(seed).stem if Path(seed).is_file() else seed.casefold()
    return f"chorale-{name}"

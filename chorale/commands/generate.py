"""`chorale generate`: new chorales from an opening of Bach's, or from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands import outputs
from chorale.commands import reading_options as reading
from chorale.commands import sampling_options as sampling
from chorale.commands.executor_options import ExecutorName, Workers
from chorale.commands.model_options import Average, Models, model_names
from chorale.commands.options import ADVANCED, Force, names_typed, option_name
from chorale.commands.output_folder import OutputFolder, check_writable
from chorale.commands.pieces import FILE_OPTIONS, find_piece
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.corpus.seeds import NO_SEED, find_seed
from chorale.errors import UsageError
from chorale.formats.files import READABLE_NAMES
from chorale.models.ensemble import average as averaged
from chorale.models.portable import portable
from chorale.models.storage import NEXT_STEP, load_card, load_model
from chorale.music.score import Chorale
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.bulk import Bulk
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import PARTICLES
from chorale.sampling.openings import OPENING_BARS, find_start
from chorale.utils.executors import (
    PROCESSES,
    THREADS,
    check_executor,
    open_executor,
)

_ALONE = (
    "--executor and --workers are used from {least} pieces on: these are drawn by this "
    "process alone"
)
Seed = Annotated[
    str,
    typer.Option(
        help="Chorale whose opening is continued: a number from `chorale seeds`, a "
        f"bundled chorale such as bwv253, a {READABLE_NAMES} file; none for no opening."
    ),
]
Bars = Annotated[
    int | None,
    typer.Option(
        help="Length of the whole piece in bars, opening included.",
        show_default="length of the seed",
    ),
]
Opening = Annotated[
    int | None,
    typer.Option(
        help="Length of the opening in bars, 1 or more. The default establishes metre "
        "and key and leaves the rest to the model.",
        show_default=str(OPENING_BARS),
    ),
]
PlanSeed = Annotated[
    str | None,
    typer.Option(
        help="A seed whose metre, pickup, fermatas and length to follow instead of "
        "those of --seed; none for those of a random chorale.",
        show_default="the plan of --seed",
        rich_help_panel=ADVANCED,
    ),
]
Form = Annotated[
    str | None,
    typer.Option(
        help="What is repeated: none; aab for bar form, in which the first phrases "
        "come twice; or a letter for each phrase, such as 'a b a b c d', where a' is "
        "the melody of a with other voices.",
        show_default="drawn, as often as Bach repeats",
    ),
]
Cadences = Annotated[
    str | None,
    typer.Option(
        help="How each phrase ends: the numeral of its key in the key of the piece, "
        "and PAC, IAC, HC, DC or plagal if it matters, such as 'I:PAC V:HC vi I:PAC'.",
        show_default="drawn, as often as Bach ends so",
    ),
]


def generate(
    context: typer.Context,
    seed: Seed = "1",
    bars: Bars = None,
    opening: Opening = None,
    form: Form = None,
    cadences: Cadences = None,
    model: Models = None,
    variations: sampling.Variations = 1,
    random_state: sampling.RandomState = sampling.NEXT_STEP.random_state,
    output: OutputFolder = Path(),
    formats: outputs.Formats = "midi",
    force: Force = False,
    instrument: outputs.Instrument = "choir",
    best_of: sampling.BestOf = sampling.GENERATED_BEST_OF,
    temperature: sampling.Temperature = sampling.NEXT_STEP.temperature,
    top_p: sampling.TopP = sampling.NEXT_STEP.top_p,
    rules: sampling.Rules = sampling.NEXT_STEP.rules,
    rests: sampling.Rests = sampling.NEXT_STEP.rests,
    plan: PlanSeed = None,
    key: reading.KeyName = None,
    tempo: reading.Tempo = None,
    parts: reading.Parts = None,
    source_format: reading.From = None,
    average: Average = "none",
    top_k: sampling.TopK = None,
    particles: sampling.Particles = PARTICLES,
    guidance: sampling.Guidance = sampling.NEXT_STEP.guidance,
    critic: sampling.CriticStrength = sampling.NEXT_STEP.critic,
    report: outputs.Report = None,
    workers: Workers = None,
    executor: ExecutorName = None,
) -> None:
    """Write new chorales.

    The first bars are those of a chorale of Bach's; the model writes the rest. What it
    repeats, and how its phrases are to end, is said on stderr.

    Example: chorale generate --seed 3 --bars 16 --form aab -n 4 --format midi,musicxml
    """
    destination = outputs.Destination.of(context)
    _check_options(context)
    start = find_start(
        _find(context, seed),
        plan=None if plan is None else _find(context, plan),
        bars=bars,
        opening_bars=opening,
        form=form,
        cadences=cadences,
        random_state=random_state,
    )
    if start.remark:
        followed = seed if plan is None else plan
        name = "the plan" if followed == NO_SEED else followed
        print_remarks(f"{name}: {start.remark}")
    check_writable(output)
    names = outputs.stems(_stem(seed), random_state, variations)
    bulk = Bulk(
        models=portable(model_names(model)),
        averaging=average,
        plan=start.plan,
        opening=start.opening,
        form=start.form,
        endings=start.endings,
        options=sampling.next_step_options(context),
        variations=variations,
        best_of=best_of,
        report=report is not None,
    )
    if bulk.is_large:
        _write_many(destination, names, bulk, executor, workers)
        return
    if workers or executor:
        print_remarks(_ALONE.format(least=bulk.least))
    _write_few(destination, names, bulk, model_names(model))


def _write_few(
    destination: outputs.Destination,
    names: Sequence[str],
    bulk: Bulk,
    model_names: Sequence[str],
) -> None:
    """Draw chorales side by side, and write the best."""
    models = {name: load_model(name, kind=NEXT_STEP) for name in model_names}
    averaging = averaged(list(models.values()), bulk.averaging)
    with progress_bar("Writing chorales") as progress:
        drawn = sample(
            averaging,
            bulk.plan,
            bulk.opening,
            bulk.options,
            form=bulk.form,
            endings=bulk.endings,
            variations=bulk.variations * bulk.best_of,
            progress=progress,
        )
    # The first model is the judge: its card has its likelihoods of Bach's own chorales.
    name, predictor = next(iter(models.items()))
    outputs.write_best(
        destination,
        names,
        drawn,
        lambda: Judge(predictor, typical_of(load_card(name))),
        opening=bulk.opening.steps if bulk.opening else 0,
        plans=bulk.plans(averaging),
    )


def _write_many(
    destination: outputs.Destination,
    names: Sequence[str],
    bulk: Bulk,
    executor: str | None,
    workers: int | None,
) -> None:
    """Draw chorales in chunks over an executor, and write them as they come."""
    spec = executor or (THREADS if workers is None else PROCESSES)
    with (
        open_executor(spec, workers) as pool,
        progress_bar("Writing chorales") as progress,
    ):
        outputs.write_choices(destination, names, bulk.choices(pool, progress))


def _check_options(context: typer.Context) -> None:
    """Raise a UsageError for another executor, or reading options without effect.

    Those about files need a file, those of key and tempo a seed or a plan.
    """
    asked = context.params
    check_executor(asked["executor"], asked["workers"])
    seed, plan = asked["seed"], asked["plan"]
    names = [name for name in (seed, plan) if name not in (None, NO_SEED)]
    wrong = set() if any(map(_is_file, names)) else {*FILE_OPTIONS}
    if not names:
        wrong |= {"key", "tempo"}
    for option in wrong.intersection(names_typed(context)):
        raise UsageError(
            f"{option_name(context, option)} says how a seed is read, got --seed "
            f"{seed}: leave it out, or name {'a file' if names else 'a seed'}"
        )


def _is_file(name: str | None) -> bool:
    """Return whether a seed is a file; a number is one of `chorale seeds`."""
    if name is None or name == NO_SEED or name.isdigit():
        return False
    return Path(name).exists() and not Path(name).is_dir()


def _find(context: typer.Context, name: str) -> str | Chorale:
    """Return the chorale of a seed, or its name if it is bundled and left as it is."""
    if _is_file(name):
        return find_piece(context, name).chorale
    if {"key", "tempo"}.isdisjoint(names_typed(context)):
        return name
    chorale = find_seed(name)
    return name if chorale is None else reading.reading_options(context).apply(chorale)


def _stem(seed: str) -> str:
    """Return the name of the files written for a seed, without number and ending."""
    if seed.isdigit():
        return f"chorale-seed{int(seed)}"
    return f"chorale-{outputs.name_of(seed)}"

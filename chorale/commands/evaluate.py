"""`chorale evaluate`: the likelihood of a corpus under one or several models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from chorale.commands.executor_options import ExecutorName, Workers
from chorale.commands.model_options import (
    Average,
    Models,
    model_names,
    model_title,
    trainings,
)
from chorale.commands.options import ADVANCED, names_typed, option_name
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.corpus.held_out import (
    leakage_remarks,
    learned_pieces,
    load_divided,
    load_undivided,
)
from chorale.encoding.vocabulary import NoteVocabulary
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate as evaluate_predictor
from chorale.evaluation.orderless import ORDERS, PLACES, evaluate_infiller
from chorale.evaluation.workers import Workers as SharedWork
from chorale.models.ensemble import AVERAGES
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.next_step import NetworkPredictor
from chorale.models.predictor import Predictor
from chorale.models.storage import load_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.utils.text import counted

_ALL = "all"  # of the splits
_PANEL = "Infillers only"
_FOR_INFILLERS = ("orders", "places", "frames", "random_state")
_HEADINGS = {
    "causal": "order of time: each note given the notes before",
    "orderless": "random orders: each note given a random part of the others",
    "frame_by_frame": "by frames: steps in order of time, their voices in random order",
}
_LABELS = {
    "notes": "notes (one voice at one step)",
    "nats_per_note": "nats per note",
    "standard_error": "standard error of the draws",
    "nats_per_frame": "nats per frame",
    "nats_per_changed_note": "nats per changed note",
    "spread": "standard deviation of the pieces",
    "accuracy": "accuracy",
    "orders": "random orders of each piece",
    "places": "places of each order",
    "random_state": "random state",
}

_Orders = Annotated[
    int, typer.Option(help="Random orders of each piece.", rich_help_panel=_PANEL)
]
_Places = Annotated[
    int,
    typer.Option(
        help="Evaluations of each order; more reduce the standard error.",
        rich_help_panel=_PANEL,
    ),
]
_Frames = Annotated[
    bool,
    typer.Option(
        "--frames",
        help="Also print the likelihood by frames, as in Coconet's paper.",
        rich_help_panel=_PANEL,
    ),
]
_RandomState = Annotated[
    int, typer.Option(help="Random state of the orders.", rich_help_panel=_PANEL)
]
_Split = Annotated[
    str,
    typer.Option(
        help="train, valid, test or all. If the corpus has no valid split, valid is "
        "what the training of the model held out of it, and train the rest.",
    ),
]
_Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Stop at the first piece with a note outside the model's vocabulary, "
        "instead of leaving such pieces out.",
        rich_help_panel=ADVANCED,
    ),
]


def evaluate(
    context: typer.Context,
    model: Models = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of CSV files.", show_default="the bundled corpus"),
    ] = None,
    split: _Split = "valid",
    average: Average = "none",
    given: Annotated[
        str,
        typer.Option(
            help="Voices to condition on, separated by commas; the likelihood is that "
            "of the others. A next-step model sees them up to the current step, an "
            "infiller whole."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    orders: _Orders = ORDERS,
    places: _Places = PLACES,
    frames: _Frames = False,
    random_state: _RandomState = 0,
    strict: _Strict = False,
    workers: Workers = None,
    executor: ExecutorName = None,
) -> None:
    """Print the likelihood of a corpus in nats per note; lower is better.

    Several models, or one in several keys, are an ensemble: the geometric mean of their
    probabilities of each note. Infillers are evaluated in random orders of all cells.
    Pieces with a note outside a model's vocabulary are left out and named.

    Example: chorale evaluate --corpus jsb_chorales --split valid --json
    """
    names = model_names(model)
    voices = _parse_voices(given)
    predictors, infiller = _load(context, names)
    if frames and voices:
        raise UsageError("--frames counts all voices: leave out --given")
    loaded = _load_split(corpus, split, names)
    chorales = loaded.chorales
    source = {
        "corpus": str(loaded.path),
        "split": split,
        "given": [VOICE_NAMES[voice] for voice in voices],
        "in_training": loaded.learned,
    }
    options: dict[str, Any] = {"given": voices, "strict": strict}
    with _open_workers(executor, workers, names, average) as shared:
        if infiller is None:
            ensemble = averaged(predictors, average)
            figures = _by_predictor(ensemble, chorales, options, shared)
        else:
            options |= {"orders": orders, "places": places}
            options["random_state"] = random_state
            figures = _by_infiller(infiller, chorales, options, shared, frames)
    counts = _take_counts(figures, len(chorales))
    if infiller is None:
        members = len(names) * len(AVERAGES[average])
        title = {"models": names, "average": average, "members": members}
        report = {**figures["causal"], **title, **source, **counts}
    else:
        report = {"model": names[0], **source, **figures, **counts}
    vocabulary = (infiller or predictors[0]).vocabulary
    print_remarks(*_left_out(counts, vocabulary))
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    number = counted(len(chorales), "chorale")
    if counts["left_out"]:
        number = f"{counts['chorales']} of {number}, the others left out"
    typer.echo(f"{model_title(names, average)}, {vocabulary.encoding} encoding")
    typer.echo(f"{split} of {loaded.path}: {number}")
    typer.echo("\n".join(_lines(figures, voices)))


@contextmanager
def _open_workers(
    executor: str | None, workers: int | None, names: Sequence[str], average: str
) -> Iterator[SharedWork | None]:
    """Open the workers that were asked for; None if this process does the work."""
    if executor is None and workers is None:
        yield None
        return
    from chorale.models.portable import portable
    from chorale.utils.executors import open_executor

    models = portable(names)
    with open_executor(executor, workers) as pool:
        yield SharedWork(pool, models, average)


class _Loaded(NamedTuple):
    """The chorales of a split.

    Attributes:
        chorales: of the split.
        path: folder of the corpus.
        learned: files of the chorales that models have learned, by name of the model.
    """

    chorales: Sequence[Chorale]
    path: Path
    learned: dict[str, list[str]]


def _load_split(path: Path | None, split: str, names: Sequence[str]) -> _Loaded:
    """Return the chorales of a split, as the models' trainings divided the corpus.

    It prints remarks on what was held out, has changed since, or was learned.
    """
    data = trainings(names)
    remarks: Sequence[str] = ()
    if split == _ALL:
        corpus, split = load_undivided(path), "train"
    else:
        corpus, remarks = load_divided(path, (split,), data)
    chorales = corpus.split(split)
    learned = learned_pieces(corpus, split, data)
    if split == "train":  # all of them are learned: that is what train means
        whole = [name for name, files in learned.items() if len(files) == len(chorales)]
        for name in whole:
            del learned[name]
    print_remarks(*remarks, *leakage_remarks(learned, len(chorales)))
    return _Loaded(chorales, corpus.path, learned)


def _load(
    context: typer.Context, names: Sequence[str]
) -> tuple[list[NetworkPredictor], Infiller | None]:
    """Return the next-step models, or the infiller, that the names stand for.

    Raises:
        UsageError: several models with an infiller among them, or an option for models
            of the other kind.
    """
    models = [load_model(name) for name in names]
    predictors = [model for model in models if not isinstance(model, Infiller)]
    infillers = [model for model in models if isinstance(model, Infiller)]
    if infillers and (len(names) > 1 or context.params["average"] != "none"):
        raise UsageError(
            "infillers are evaluated one at a time, without --average: got "
            f"{', '.join(names)}"
        )
    for name in names_typed(context) if predictors else ():
        if name in _FOR_INFILLERS:
            raise UsageError(
                f"{option_name(context, name)} is for infillers, and {names[0]} is a "
                "next-step model: leave it out"
            )
    return predictors, infillers[0] if infillers else None


def _by_predictor(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    options: dict[str, Any],
    shared: SharedWork | None,
) -> dict[str, Any]:
    """Return the likelihood in the order of time, by its name."""
    with progress_bar("Evaluating") as progress:
        likelihood = evaluate_predictor(
            predictor, chorales, **options, workers=shared, progress=progress
        )
    return {"causal": asdict(likelihood)}


def _by_infiller(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    options: dict[str, Any],
    shared: SharedWork | None,
    frames: bool,
) -> dict[str, Any]:
    """Return likelihoods by their names in the JSON; None where not asked for."""
    with progress_bar("Evaluating") as progress:
        orderless = evaluate_infiller(
            infiller, chorales, **options, workers=shared, progress=progress
        )
    figures: dict[str, Any] = {"orderless": asdict(orderless), "frame_by_frame": None}
    if frames:
        with progress_bar("Evaluating by frames") as progress:
            by_frame = evaluate_infiller(
                infiller,
                chorales,
                by_frame=True,
                **options,
                workers=shared,
                progress=progress,
            )
        figures["frame_by_frame"] = asdict(by_frame)
    return figures


def _take_counts(figures: dict[str, Any], chorales: int) -> dict[str, Any]:
    """Move the counts of chorales, equal in all likelihoods, out of them."""
    counts = [
        (likelihood.pop("chorales"), likelihood.pop("left_out"))
        for likelihood in figures.values()
        if likelihood is not None
    ]
    evaluated, left_out = counts[0]
    return {
        "chorales": evaluated,
        "chorales_of_split": chorales,
        "left_out": list(left_out),
    }


def _left_out(counts: dict[str, Any], vocabulary: NoteVocabulary) -> Iterator[str]:
    """Yield a remark on each chorale that is left out."""
    for piece in counts["left_out"]:
        yield (
            f"{piece['piece']} is left out: the {piece['voice']}'s {piece['note']} in "
            f"bar {piece['bar']} is outside the model's vocabulary, "
            f"{vocabulary.compass}"
        )


def _lines(figures: dict[str, Any], given: Sequence[int]) -> Iterator[str]:
    """Yield likelihoods as text."""
    if given:
        names = [VOICE_NAMES[voice] for voice in given]
        others = [name for name in VOICE_NAMES if name not in names]
        yield f"conditional: the {', '.join(others)} given the {', '.join(names)}"
    for name, likelihood in figures.items():
        if likelihood is not None:
            yield _HEADINGS[name]
            for key, label in _LABELS.items():
                value = likelihood.get(key)
                if value is not None:
                    digits = ".4f" if isinstance(value, float) else ""
                    yield f"  {label:<33} {value:{digits}}"
    if "orderless" in figures:
        yield (
            "Likelihoods in different orders are not comparable with each other, nor "
            "with those of next-step models."
        )


def _parse_voices(text: str) -> list[int]:
    """Return the voices named in a comma-separated list, soprano first."""
    return sorted({voice_named(name) for name in text.split(",") if name.strip()})

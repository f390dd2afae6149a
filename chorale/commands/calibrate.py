"""`chorale calibrate`: correct how far a model trusts what it knows of its pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.model_options import ModelName
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.corpus.folds import Fold, hold_out_fold
from chorale.corpus.held_out import learned_pieces
from chorale.corpus.loading import Corpus, load_corpus, split_corpus
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate
from chorale.models.storage import (
    CALIBRATION_FILE,
    CRITIC_FILE,
    DEFAULT_MODEL,
    NEXT_STEP,
    Card,
    find_model,
    load_card,
    load_model,
    save_calibration,
)
from chorale.music.score import Chorale
from chorale.nn.cards import WEIGHTS_FILE
from chorale.nn.provenance import without_folder
from chorale.training.calibration import Examples, fit_calibration, observe_pieces
from chorale.training.task import stored_figures


def calibrate(
    folds: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLD…",
            help="Models or runs of `chorale train --fold`, one for each fold of the "
            "corpus, or for some of them.",
            show_default=False,
        ),
    ],
    model: ModelName = DEFAULT_MODEL,
    corpus: Annotated[
        Path | None,
        typer.Option(
            help="Corpus that the models were trained on; default: the bundled "
            "chorales."
        ),
    ] = None,
) -> None:
    """Correct how far a model trusts what it knows of its pieces.

    A network knows the pieces of its training, and so expects too often that a voice
    returns to a note or that music repeats. Each model of a fold predicts the pieces
    that it held out; a few weights that correct its predictions are fitted to them and
    stored beside the weights of the model. More folds are better.

    Example: chorale calibrate --model runs/mine runs/fold-1 runs/fold-2
    """
    folder = find_model(model)
    beside = CRITIC_FILE, CALIBRATION_FILE
    predictor = load_model(folder, kind=NEXT_STEP, without=beside)
    with progress_bar("Reading the corpus") as progress:
        loaded = load_corpus(corpus, splits=("train", "valid"), progress=progress)
    _, valid, remark = split_corpus(loaded)
    if remark:
        print_remarks(remark)
    cards = {name: load_card(name) for name in folds}
    held_out = _held_out(loaded, cards, predictor.vocabulary.encoding)
    parts: list[list[Examples]] = []
    for name, pieces in held_out.items():
        network = load_model(name, kind=NEXT_STEP)
        with progress_bar(f"Pieces held out of {without_folder(name)}") as progress:
            parts.append(observe_pieces(network, pieces, progress))
    before = evaluate(predictor, valid)
    predictor.calibration = fit_calibration(
        [Examples.joined(voice) for voice in zip(*parts, strict=True)]
    )
    after = evaluate(predictor, valid)
    record = {
        "corpus": loaded.path.name,
        "pieces": sum(map(len, held_out.values())),
        "folds": {
            without_folder(name): _described(card) for name, card in cards.items()
        },
        "command": _command(model, corpus, folds),
    }
    figures = {"valid": stored_figures(after)}
    save_calibration(predictor.calibration, record, figures, folder)
    typer.echo(
        f"valid   {before.nats_per_note:.4f} nats per note, calibrated "
        f"{after.nats_per_note:.4f}"
    )


def _held_out(
    corpus: Corpus, cards: Mapping[str, Card], encoding: str
) -> dict[str, Sequence[Chorale]]:
    """Return the pieces that each model of a fold held out, by its name.

    Raises:
        UsageError: a model is not of a fold of this corpus, or writes in another
            encoding; two models are of one fold, or of different numbers of folds.
    """
    found: dict[str, Sequence[Chorale]] = {}
    folds: dict[Fold, str] = {}
    for name, card in cards.items():
        text = card.training.get("fold")
        if not text:
            raise UsageError(
                f"expected a model that held out a fold, got {name}: train it with "
                "--fold"
            )
        if card.kind != NEXT_STEP or card.vocabulary.encoding != encoding:
            raise UsageError(
                f"expected next-step models in the encoding {encoding}, as the model "
                f"that is calibrated, got {name}"
            )
        fold = Fold.parse(text)
        for other, same in folds.items():
            if other.total != fold.total or other == fold:
                raise UsageError(
                    f"expected different folds of one number, got {text} in {name} "
                    f"and {other.number}/{other.total} in {same}"
                )
        folds[fold] = name
        divided = hold_out_fold(corpus, fold)
        if known := learned_pieces(divided, "valid", {name: card.data}):
            raise UsageError(
                f"expected a model that held out fold {text} of {corpus.path}, but "
                f"{name} has learned {known[name][0]}: name its own --corpus, "
                "unchanged"
            )
        found[name] = divided.valid
    return found


def _described(card: Card) -> dict[str, str]:
    """Return what the card of a calibrated model says of one of a fold."""
    return {
        "fold": card.training["fold"],
        "weights": card.files[WEIGHTS_FILE],
        "command": card.command,
    }


def _command(model: str, corpus: Path | None, folds: Sequence[str]) -> str:
    """Return the command line that makes a calibration again."""
    own = [] if corpus is None else ["--corpus", without_folder(str(corpus))]
    names = map(without_folder, folds)
    words = ["--model", without_folder(model), *own, *names]
    return " ".join(["chorale", "calibrate", *words])

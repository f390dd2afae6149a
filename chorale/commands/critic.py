"""`chorale critic`: fit the critic that steers a model while it writes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.model_options import ModelName
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import RandomState
from chorale.corpus.loading import Corpus, bundled_corpus, load_corpus, split_corpus
from chorale.errors import DataError, UsageError
from chorale.evaluation.style.windows import Window
from chorale.models.storage import (
    CRITIC_FILE,
    DEFAULT_MODEL,
    NEXT_STEP,
    find_model,
    load_model,
    save_critic,
)
from chorale.nn.provenance import without_folder
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.prompts import continue_each, reference_windows
from chorale.training.cadence_keys import count_cadence_keys
from chorale.training.critic import fit_critic
from chorale.training.form import count_forms


def critic(
    model: ModelName = DEFAULT_MODEL,
    corpus: Annotated[
        Path | None,
        typer.Option(
            help="Corpus that the model was trained on; default: the bundled chorales."
        ),
    ] = None,
    drafts: Annotated[
        int,
        typer.Option(help="Pieces drawn from each opening of train, 1 or more."),
    ] = 4,
    rounds: Annotated[
        int,
        typer.Option(
            help="1 to count what the model does alone, 2 to count also what it still "
            "does otherwise than the corpus when the critic of round 1 steers it; "
            "that takes several times as long."
        ),
    ] = 1,
    random_state: RandomState = 0,
) -> None:
    """Fit the critic of a model, which then steers what it writes.

    The model continues the opening of each piece of train. What it does more often than
    the corpus, and less often, is counted and stored beside its weights; generate,
    harmonize and rewrite weigh their drafts by it after every beat (--critic). So are
    the keys in which phrases end, of which generate and harmonize draw one for each,
    and the phrases that repeat earlier ones, from which generate draws a form.

    Example: chorale critic --model runs/hymns --corpus hymns
    """
    if min(rounds, drafts) < 1:
        raise UsageError(f"expected 1 or more, got {rounds} rounds of {drafts} drafts")
    folder = find_model(model)
    predictor = load_model(folder, kind=NEXT_STEP, without=(CRITIC_FILE,))
    with progress_bar("Reading the corpus") as progress:
        loaded = load_corpus(corpus, splits=("train", "valid"), progress=progress)
    learned, _, remark = split_corpus(loaded)
    if remark:
        print_remarks(remark)
    train = [piece for piece in learned if piece.key is not None]
    if not train:
        raise DataError("expected pieces with keys, got none", loaded.path)
    cadence_keys, form = count_cadence_keys(train), count_forms(train)
    plan = [(number, draft) for number in range(rounds) for draft in range(drafts)]
    drawn: list[Window] = []
    for index, (number, draft) in enumerate(plan):
        options = SamplingOptions(random_state=random_state + index)
        with progress_bar(f"Round {number + 1}, draft {draft + 1}") as progress:
            drawn += continue_each(predictor, train, options, progress=progress)
        if draft == drafts - 1:
            bach = reference_windows(drawn, train)
            fitted = fit_critic(bach, drawn, predictor.critic)
            predictor.critic = replace(fitted, cadence_keys=cadence_keys, form=form)
            drawn = []
    assert predictor.critic is not None
    record = _record(loaded, len(train), rounds, drafts, random_state)
    save_critic(predictor.critic, record, folder)


def _record(
    corpus: Corpus, pieces: int, rounds: int, drafts: int, random_state: int
) -> dict[str, Any]:
    """Return what a card says of a critic: its data and the command."""
    name = without_folder(str(corpus.path))
    own = "" if corpus.path == bundled_corpus() else f"--corpus {name} "
    options = f"--drafts {drafts} --rounds {rounds} --random-state {random_state}"
    return {
        "corpus": corpus.path.name,
        "pieces": pieces,
        "sha256_of_train": digest_of_train(corpus),
        "command": f"chorale critic {own}{options}",
    }


def digest_of_train(corpus: Corpus) -> str:
    """Return the SHA-256 of a list of the CSVs of train and their hashes."""
    names = corpus.files.get("train", ())
    lines = [f"{corpus.hashes[name]}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()

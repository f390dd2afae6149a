"""`chorale critic`: fit the critic that steers a model while it writes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.model_options import ModelName
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import RandomState
from chorale.corpus.loading import Corpus, load_corpus, split_corpus
from chorale.errors import DataError, UsageError
from chorale.evaluation.style.windows import Window
from chorale.models.storage import (
    DEFAULT_MODEL,
    NEXT_STEP,
    find_model,
    load_model,
    save_critic,
)
from chorale.sampling.next_step import SamplingOptions
from chorale.sampling.prompts import continue_each, reference_windows
from chorale.training.critic import fit_critic
from chorale.training.provenance import without_folder


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
    ] = 2,
    rounds: Annotated[
        int,
        typer.Option(
            help="1 to count what the model does alone, 2 to count also what it still "
            "does otherwise than the corpus when the critic of round 1 steers it."
        ),
    ] = 2,
    random_state: RandomState = 0,
) -> None:
    """Fit the critic of a model, which then steers what it writes.

    The model continues the opening of each piece of train. What it does more often than
    the corpus, and less often, is counted and stored beside its weights; generate,
    harmonize and rewrite weigh their drafts by it after every beat (--critic).

    Example: chorale critic --model runs/hymns --corpus hymns
    """
    if min(rounds, drafts) < 1:
        raise UsageError(f"expected 1 or more, got {rounds} rounds of {drafts} drafts")
    folder = find_model(model)
    predictor = load_model(folder, kind=NEXT_STEP)
    with progress_bar("Reading the corpus") as progress:
        loaded = load_corpus(corpus, splits=("train", "valid"), progress=progress)
    learned, _, remark = split_corpus(loaded)
    if remark:
        print_remarks(remark)
    train = [piece for piece in learned if piece.key is not None]
    if not train:
        raise DataError("expected pieces with keys, got none", loaded.path)
    predictor.critic = None
    plan = [(number, draft) for number in range(rounds) for draft in range(drafts)]
    drawn: list[Window] = []
    for index, (number, draft) in enumerate(plan):
        options = SamplingOptions(random_state=random_state + index)
        with progress_bar(f"Round {number + 1}, draft {draft + 1}") as progress:
            drawn += continue_each(predictor, train, options, progress=progress)
        if draft == drafts - 1:
            bach = reference_windows(drawn, train)
            predictor.critic = fit_critic(bach, drawn, predictor.critic)
            drawn = []
    assert predictor.critic is not None
    save_critic(predictor.critic, _record(loaded, rounds, drafts, random_state), folder)


def _record(
    corpus: Corpus, rounds: int, drafts: int, random_state: int
) -> dict[str, Any]:
    """Return what a card says of a critic: its data and the command."""
    read = {name: digest for name, digest in corpus.hashes.items() if "train" in name}
    listed = "\n".join(f"{digest}  {name}" for name, digest in sorted(read.items()))
    words = [
        "chorale critic",
        f"--corpus {without_folder(str(corpus.path))}",
        f"--rounds {rounds} --drafts {drafts} --random-state {random_state}",
    ]
    return {
        "corpus": corpus.path.name,
        "pieces": len(corpus.train),
        "sha256_of_train": hashlib.sha256(listed.encode()).hexdigest(),
        "command": " ".join(words),
    }

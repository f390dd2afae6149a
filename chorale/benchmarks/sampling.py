"""Time per note of next-step models, at several batch sizes.

A note is one voice at one sixteenth. The bundled models write the piece of `generate
--seed 3 --bars 16`; only written notes count, though the opening has to be read too.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.benchmarks.stopwatch import Stopwatch
from chorale.models.predictor import Predictor
from chorale.models.storage import (
    NEXT_STEP,
    find_model,
    load_card,
    load_model,
)
from chorale.music.voices import VOICES
from chorale.nn.cards import WEIGHTS_FILE
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.generate import Start, sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import find_start
from chorale.utils.files import load_arrays

SEED, BARS = "3", 16
BATCHES = (1, 8, 64)
BEST_OF = 3  # of `generate`
MODELS = ("bach", "jsb")
SETTINGS = {
    "defaults": SamplingOptions(),
    "plain": SamplingOptions(rules="off", guidance=0, critic=0),
}
_WARM_UP_BARS = 3


@cache
def open_model(model: str | Path) -> Predictor[Any]:
    """Return a next-step model, opened once in a process."""
    return load_model(model, kind=NEXT_STEP)


def notes_of(start: Start) -> int:
    """Return the number of notes that are written after a start."""
    opening = start.opening.steps if start.opening else 0
    return VOICES * (start.plan.steps - opening)


def weights_of(folder: Path) -> int:
    """Return the number of weights of a model that stand in matrices."""
    arrays = load_arrays(folder / WEIGHTS_FILE).values()
    return sum(array.size for array in arrays if array.ndim > 1)


def prepare_batch(model: str | Path, setting: str, pieces: int, bars: int) -> Prepared:
    """Prepare the time per note of a batch of equal pieces."""
    predictor, options = open_model(model), SETTINGS[setting]
    start = find_start(SEED, bars=bars)
    short = find_start(SEED, bars=_WARM_UP_BARS)
    sample(predictor, short.plan, short.opening, options, variations=pieces)

    def trial() -> Figures:
        with Stopwatch() as stopwatch:
            sample(predictor, start.plan, start.opening, options, variations=pieces)
        return stopwatch.per_note(pieces * notes_of(start))

    return Prepared(trial, weights_of(find_model(model)))


def _prepare_best_of(_: Path, model: str) -> Prepared:
    """Prepare the time per note of one piece, the best of several in one batch."""
    predictor = open_model(model)
    judge = Judge(predictor, typical_of(load_card(model)))
    start = find_start(SEED, bars=BARS)
    assert start.opening is not None
    opening = start.opening.steps
    judge.rank([start.opening])

    def trial() -> Figures:
        with Stopwatch() as both:
            with Stopwatch() as drawing:
                drawn = sample(
                    predictor,
                    start.plan,
                    start.opening,
                    SETTINGS["defaults"],
                    variations=BEST_OF,
                )
            judge.rank(drawn, opening=opening)
        notes = notes_of(start)
        chosen = both.per_note(notes)["ms_per_note"]
        return {**drawing.per_note(notes), "ms_per_note_chosen": chosen}

    return Prepared(trial, weights_of(find_model(model)))


def _batch(model: str, setting: str, pieces: int) -> Measure:
    def prepare(_: Path) -> Prepared:
        return prepare_batch(model, setting, pieces, BARS)

    return Measure(
        name=f"notes/{model}/{setting}/{pieces}",
        title=f"{model}, {setting}, batch {pieces}",
        prepare=prepare,
        process="sampling",
        quick=(model, setting) == ("bach", "defaults") or pieces == 1,
        pieces=pieces,
    )


def _best_of(model: str) -> Measure:
    return Measure(
        name=f"notes/{model}/defaults/best-of-{BEST_OF}",
        title=f"{model}, defaults, best of {BEST_OF}, per note of the piece",
        prepare=partial(_prepare_best_of, model=model),
        process="sampling",
        quick=model == "bach",
        pieces=BEST_OF,
        of_one=True,
    )


MEASURES = (
    *(_best_of(model) for model in MODELS),
    *(
        _batch(model, setting, pieces)
        for model in MODELS
        for setting in SETTINGS
        for pieces in BATCHES
    ),
)

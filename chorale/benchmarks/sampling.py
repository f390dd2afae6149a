"""Time per note of next-step models, at several batch sizes.

A note is one voice at one sixteenth. The bundled models write the piece of `generate
--seed 3 --bars 16`; only written notes count, though the opening has to be read too.
"""

from __future__ import annotations

import time
from functools import cache, partial
from pathlib import Path
from typing import Any

from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.models.predictor import Predictor
from chorale.models.storage import (
    NEXT_STEP,
    WEIGHTS_FILE,
    find_model,
    load_card,
    load_model,
)
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.generate import Start, sample
from chorale.sampling.next_step import SamplingOptions
from chorale.sampling.openings import find_start
from chorale.utils.files import load_arrays

SEED, BARS = "3", 16
BATCHES = (1, 8, 64)
BEST_OF = 3  # of `generate`
MODELS = ("bach", "jsb")
SETTINGS = {
    "defaults": SamplingOptions(),
    "plain": SamplingOptions(rules="off", guidance=0),
}
_WARM_UP_BARS = 3


@cache
def open_model(model: str | Path) -> Predictor[Any]:
    """Return a next-step model, opened once in a process."""
    return load_model(model, kind=NEXT_STEP)


def timed_sample(
    predictor: Predictor[Any], start: Start, options: SamplingOptions, pieces: int
) -> tuple[list[Chorale], float]:
    """Write pieces side by side; return them and milliseconds per note of all."""
    began = time.perf_counter()
    written = sample(predictor, *start, options, variations=pieces)
    seconds = time.perf_counter() - began
    opening = start.opening.steps if start.opening else 0
    notes = VOICES * (start.plan.steps - opening) * pieces
    return written, 1000 * seconds / notes


def weights_of(folder: Path) -> int:
    """Return the number of weights of a model that stand in matrices."""
    arrays = load_arrays(folder / WEIGHTS_FILE).values()
    return sum(array.size for array in arrays if array.ndim > 1)


def prepare_batch(model: str | Path, setting: str, pieces: int, bars: int) -> Prepared:
    """Prepare the time per note of a batch of equal pieces."""
    predictor, options = open_model(model), SETTINGS[setting]
    start = Start(*find_start(SEED, bars=bars))
    timed_sample(
        predictor, Start(*find_start(SEED, bars=_WARM_UP_BARS)), options, pieces
    )

    def trial() -> Figures:
        return {"ms_per_note": timed_sample(predictor, start, options, pieces)[1]}

    return Prepared(trial, weights_of(find_model(model)))


def _prepare_best_of(_: Path, model: str) -> Prepared:
    """Prepare the time per note of one piece, the best of several in one batch."""
    predictor = open_model(model)
    judge = Judge(predictor, typical_of(load_card(model)))
    start = Start(*find_start(SEED, bars=BARS))
    assert start.opening is not None
    opening = start.opening.steps
    notes = VOICES * (start.plan.steps - opening)
    judge.rank([start.opening])

    def trial() -> Figures:
        drawn, each = timed_sample(predictor, start, SETTINGS["defaults"], BEST_OF)
        began = time.perf_counter()
        judge.rank(drawn, opening=opening)
        choosing = 1000 * (time.perf_counter() - began) / notes
        drawing = each * BEST_OF
        return {"ms_per_note": drawing, "ms_per_note_chosen": drawing + choosing}

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
        title=f"{model}, defaults, best of {BEST_OF} in one batch",
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

"""Beginnings and melodies of Bach's, to be completed in order to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chorale.completing import Model, Options, fill_in
from chorale.errors import UsageError
from chorale.fragments import with_voice
from chorale.plan import Plan
from chorale.predictors import Predictor
from chorale.progress import Progress
from chorale.sampling import Start, sample_each
from chorale.score import Chorale
from chorale.seeds import opening_of
from chorale.style import Window
from chorale.token_sampling import SamplingOptions
from chorale.voices import SOPRANO


def draw_chorales(
    chorales: Sequence[Chorale], count: int, random_state: int = 0
) -> list[Chorale]:
    """Return so many chorales, shuffled, each once before any comes again.

    Raises:
        UsageError: fewer than one is asked for.
    """
    if count < 1:
        raise UsageError(f"expected at least 1 sample, got {count}")
    order = np.random.default_rng(random_state).permutation(len(chorales))
    return [chorales[int(index)] for index in np.resize(order, count)]


def continue_each(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    options: SamplingOptions | None = None,
    *,
    bars: int | None = None,
    opening_bars: int | None = None,
    progress: Progress | None = None,
) -> list[Window]:
    """Let a model go on from the opening of each chorale, to the chorale's own plan.

    Args:
        predictor: the model.
        chorales: where openings and plans come from.
        options: how to draw; None for the defaults.
        bars: length of what is written, opening included; None for the chorale's own.
        opening_bars: of each opening; None for two, 0 to write everything.
        progress: see `sample_each`.

    Returns:
        What was written, without the openings; its group is the chorale.

    Raises:
        UsageError: the bars leave nothing to write, or an opening is longer than its
            chorale.
    """
    starts = []
    for chorale in chorales:
        plan = Plan.of(chorale) if bars is None else Plan.of(chorale).with_bars(bars)
        opening = None if opening_bars == 0 else opening_of(chorale, opening_bars)
        starts.append(Start(plan, opening))
    written = sample_each(predictor, starts, options, progress=progress)
    return [
        Window(piece, start.opening.steps if start.opening else 0, chorale.source)
        for piece, start, chorale in zip(written, starts, chorales, strict=True)
    ]


def harmonize_each(
    model: Model,
    chorales: Sequence[Chorale],
    options: Options | None = None,
    *,
    progress: Progress | None = None,
) -> list[Window]:
    """Let a model write the other voices to the soprano of each chorale.

    Args:
        model: a predictor or an infiller.
        chorales: where sopranos and plans come from.
        options, progress: see `fill_in`.

    Returns:
        What was written, from its first step on; its group is the chorale.
    """
    fragments = [with_voice(one, SOPRANO) for one in chorales]
    written = fill_in(model, fragments, options, progress=progress)
    return [
        Window(piece, 0, one.source)
        for piece, one in zip(written, chorales, strict=True)
    ]


def beside_each(windows: Sequence[Window], chorales: Sequence[Chorale]) -> list[Window]:
    """Return how Bach goes on from the same openings, for as many steps at most.

    Args:
        windows: as the functions above return them.
        chorales: those that were completed, among others.

    Returns:
        One window for each chorale that was completed, once, in the order of
        `chorales`.
    """
    continued = {window.group: window for window in windows}
    beside = []
    for source, chorale in {one.source: one for one in chorales}.items():
        if source in continued:
            window = continued[source]
            steps = window.chorale.steps
            part = chorale.opening(steps)
            beside.append(Window(part, window.start, source, steps < chorale.steps))
    return beside


def as_classic(chorale: Chorale) -> Chorale:
    """Return a chorale as a CSV of four columns tells it.

    Nothing is struck again, no fermata stands, and bars are counted from the first step
    in 4/4.
    """
    return Chorale(
        pitches=chorale.pitches,
        key=chorale.key,
        title=chorale.title,
        source=chorale.source,
    )

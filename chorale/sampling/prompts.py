"""Beginnings and melodies of Bach's, to be completed in order to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.evaluation.style import Window
from chorale.models.predictor import Predictor
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.completion import Model, Options, fill_in
from chorale.sampling.fragments import with_voice
from chorale.sampling.generate import Start, sample_each
from chorale.sampling.next_step import SamplingOptions
from chorale.utils.progress import Progress


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


OPENING_BARS = 2  # of the opening, unless said otherwise


def find_start(
    seed: str,
    *,
    plan: str | None = None,
    bars: int | None = None,
    opening_bars: int | None = None,
    random_state: int = 0,
) -> Start:
    """Return the plan and the opening of a piece to be written.

    Args:
        seed: the name of a seed, see `find_seed`; `none` for no opening.
        plan: the name of a seed whose metre, pickup, fermatas and length to follow,
            in the key of `seed`; None for the seed's own. A plan `none`, or a seed
            `none` without a plan, borrows one from the chorales of the train split.
        bars: length of the whole piece; None for the plan's own.
        opening_bars: full bars of the seed to keep, its pickup apart; None for two, or
            all if the seed has fewer.
        random_state: picks the borrowed plan.

    Raises:
        UsageError: there is no such seed, a number of bars makes no sense, or the seed
            has fewer bars than the opening.
        DataError: a file is no chorale of four voices.
    """
    chorale = find_seed(seed)
    opening = None
    if chorale is not None:
        opening = opening_of(chorale, opening_bars)
    elif opening_bars is not None:
        raise UsageError("an opening needs a seed to take it from")
    pattern = chorale if plan is None else find_seed(plan)
    if pattern is None:
        pattern = _borrowed(random_state)
    whole = Plan.of(pattern)
    if chorale is not None:
        whole = replace(whole, key=chorale.key)
    return Start(whole if bars is None else whole.with_bars(bars), opening)


def opening_of(chorale: Chorale, bars: int | None = None) -> Chorale:
    """Return the pickup and the first full bars of a chorale.

    Args:
        bars: how many; None for two, or all if there are fewer.

    Raises:
        UsageError: fewer than one bar, or more than the chorale has.
    """
    available = int(chorale.bars[-1])
    if bars is None:
        bars = min(OPENING_BARS, available)
    if not 1 <= bars <= available:
        raise UsageError(
            f"expected an opening of 1 to {available} bars, which is all that the seed "
            f"has, got {bars}"
        )
    return chorale.opening(int((chorale.bars <= bars).sum()))


def _borrowed(random_state: int) -> Chorale:
    """Return a chorale of the train split, picked by `random_state`."""
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "train"]
    picked = np.random.default_rng(random_state).integers(len(entries))
    return load_entry(entries[int(picked)], folder)

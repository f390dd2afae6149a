"""Openings: where a new piece starts, from a chorale of Bach's or from nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.seeds import find_seed
from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.music.phrases import fermatas_of
from chorale.music.score import Chorale
from chorale.sampling.asked_plan import asked_endings, with_asked_form
from chorale.sampling.generate import Start

# Default length of an opening: enough to establish metre and key.
OPENING_BARS = 2


def find_start(
    seed: str | Chorale,
    *,
    plan: str | Chorale | None = None,
    bars: int | None = None,
    opening_bars: int | None = None,
    form: str | None = None,
    cadences: str | None = None,
    random_state: int = 0,
) -> Start:
    """Return the plan and the opening of a new piece.

    Args:
        seed: a chorale or the name of a seed, see `find_seed`; `none` for no opening.
        plan: the same, whose metre, pickup, fermatas and length to follow,
            in the key of `seed`; None for those of `seed`. A plan `none`, or a seed
            `none` without a plan, takes the plan of a random chorale of train. Without
            fermatas, phrase ends are estimated, see `plan_of`.
        bars: length of the whole piece; None for the length of the plan.
        opening_bars: full bars of the seed to keep, in addition to its pickup; None for
            two, or all if the seed has fewer.
        form: `none` to repeat nothing, `aab` for bar form, or a letter for each
            phrase, see `chorale.sampling.asked_plan.with_asked_form`; None to draw it.
        cadences: how phrases end, such as `I:PAC V:HC vi:PAC I:PAC`, see
            `chorale.sampling.asked_plan.asked_endings`; None to draw them.
        random_state: seed of the choice of a random plan.

    Raises:
        UsageError: there is no such seed, a number of bars is out of bounds, the seed
            has fewer bars than the opening, or the plan has no such form.
        DataError: a file holds no chorale of four voices.
    """
    chorale = find_seed(seed)
    opening = None
    if chorale is not None:
        opening = opening_of(chorale, opening_bars)
    elif opening_bars is not None:
        raise UsageError(
            f"an opening of {opening_bars} bars needs a seed to take it from, got "
            f"the seed {seed!r}: name another seed or leave --opening out"
        )
    pattern = chorale if plan is None else find_seed(plan)
    if pattern is None:
        pattern = _random_train_chorale(random_state)
    whole, remark = plan_of(pattern)
    if chorale is not None:
        whole = replace(whole, key=chorale.key)
    whole = whole if bars is None else whole.with_bars(bars)
    repeats = None
    if form is not None:
        steps = opening.steps if opening is not None else 0
        whole, repeats = with_asked_form(whole, form, steps)
    endings = None if cadences is None else asked_endings(whole, cadences)
    return Start(whole, opening, repeats, endings, remark)


def plan_of(chorale: Chorale) -> tuple[Plan, str]:
    """Return the plan of a chorale, to be followed by a new piece.

    If it has no fermatas before its end, the phrases of its soprano are estimated: new
    pieces of a plan without phrases would have no cadences.

    Returns:
        The plan, and a remark if phrases are estimated, or cannot be.
    """
    fermatas, remark = fermatas_of(chorale)
    return replace(Plan.of(chorale), fermatas=fermatas), remark


def opening_of(chorale: Chorale, bars: int | None = None) -> Chorale:
    """Return the pickup and the first full bars of a chorale.

    Args:
        bars: how many; None for two, or all if there are fewer.

    Raises:
        UsageError: fewer than one bar, or more than the chorale has.
    """
    first = max(int(chorale.bars[0]), 1)  # parts of works may begin in any bar
    available = int(chorale.bars[-1]) - first + 1
    if bars is None:
        bars = min(OPENING_BARS, available)
    if not 1 <= bars <= available:
        raise UsageError(
            f"expected an opening of 1 to {available} bars, the length of the seed, "
            f"got {bars}"
        )
    return chorale.opening(int((chorale.bars < first + bars).sum()))


def _random_train_chorale(random_state: int) -> Chorale:
    """Return a random chorale of the train split."""
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "train"]
    picked = np.random.default_rng(random_state).integers(len(entries))
    return load_entry(entries[int(picked)], folder)

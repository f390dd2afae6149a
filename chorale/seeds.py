"""Seeds: the openings that a model continues, and the plans that it follows.

The numbered seeds are the held-out test chorales, so that no model recites what it has
learnt from.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.corpus import bundled_corpus, load_entry
from chorale.errors import UsageError
from chorale.importing import read
from chorale.index import Entry, read_index
from chorale.plan import Plan
from chorale.sampling import Start
from chorale.score import Chorale

NO_SEED = "none"
OPENING_BARS = 2  # of the opening, unless said otherwise


def numbered_seeds() -> tuple[Entry, ...]:
    """Return the index entries of the held-out test chorales; seed 1 comes first."""
    return tuple(
        entry for entry in read_index(bundled_corpus()) if entry.split == "test"
    )


def find_seed(name: str) -> Chorale | None:
    """Return the chorale that a name stands for, loading no other.

    Args:
        name: a number from 1 in `numbered_seeds`, the catalogue number of a bundled
            piece such as `bwv253`, a CSV, MIDI or MusicXML file, or `none`.

    Returns:
        The whole chorale; None for `none`.

    Raises:
        UsageError: there is no such seed.
        DataError: the file is no chorale of four voices.
    """
    if name == NO_SEED:
        return None
    if re.fullmatch(r"[+-]?\d{1,9}", name):
        return _numbered(int(name))
    folder = bundled_corpus()
    catalogue_number = name.casefold().replace(" ", "")
    for entry in read_index(folder):
        if f"bwv{entry.bwv}".casefold() == catalogue_number:
            return load_entry(entry, folder)
    if Path(name).is_file():
        return read(name)
    raise UsageError(
        f"there is no seed {name!r}: expected a number from 1 to "
        f"{len(numbered_seeds())} (`chorale seeds` lists them), a bundled chorale such "
        f"as bwv253, a CSV, MIDI or MusicXML file that exists, or {NO_SEED}"
    )


def find_bundled(name: str) -> Chorale | None:
    """Return the bundled chorale of a number or catalogue number, None of other names.

    A file of that name comes first: it is none of ours.

    Raises:
        UsageError: there is no such chorale.
    """
    wanted = name.casefold().replace(" ", "")
    if Path(name).exists() or not re.fullmatch(r"[0-9]{1,9}|bwv[^/]*", wanted):
        return None
    return find_seed(name)


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


def _numbered(number: int) -> Chorale:
    entries = numbered_seeds()
    if not 1 <= number <= len(entries):
        raise UsageError(
            f"expected a seed from 1 to {len(entries)}, got {number}; "
            "`chorale seeds` lists them"
        )
    return load_entry(entries[number - 1], bundled_corpus())


def _borrowed(random_state: int) -> Chorale:
    """Return a chorale of the train split, picked by `random_state`."""
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "train"]
    picked = np.random.default_rng(random_state).integers(len(entries))
    return load_entry(entries[int(picked)], folder)

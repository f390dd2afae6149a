"""Chorales by Bach for tests, loaded once a session: all of them, or few."""

from __future__ import annotations

from functools import cache

from chorale.corpus.index import read_index
from chorale.corpus.loading import Corpus, bundled_corpus, load_corpus, load_entry

_FEW = {"train": 30, "valid": 12}


@cache
def all_chorales() -> Corpus:
    """Return the bundled corpus."""
    return load_corpus()


@cache
def few_chorales() -> Corpus:
    """Return the first chorales of train and of valid."""
    folder = bundled_corpus()
    entries = read_index(folder)
    splits = {
        split: tuple(
            load_entry(entry, folder)
            for entry in [entry for entry in entries if entry.split == split][:count]
        )
        for split, count in _FEW.items()
    }
    return Corpus(**splits, path=folder)

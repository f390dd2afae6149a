"""Chorales by Bach for tests, loaded once a session: all of them, or few."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from chorale.corpus.index import read_index
from chorale.corpus.loading import Corpus, bundled_corpus, load_corpus, load_entry
from chorale.music.score import Chorale
from chorale.music.voices import BASS

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


def with_leaps(chorale: Chorale) -> Chorale:
    """Return a chorale whose bass leaps an octave down and up, beat after beat."""
    pitches = np.array(chorale.pitches)
    is_low = np.arange(len(pitches)) // 4 % 2
    pitches[:, BASS] -= 12 * is_low * (pitches[:, BASS] > 0)
    onsets = np.array(chorale.onsets)
    onsets[1:, BASS] |= pitches[1:, BASS] != pitches[:-1, BASS]
    onsets &= pitches > 0
    return replace(chorale, pitches=pitches, onsets=onsets)

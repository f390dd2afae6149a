"""Statistics of a corpus: pieces, steps, ranges, keys and metres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from chorale.corpus.loading import SPLITS, Corpus
from chorale.music.score import changes
from chorale.music.voices import SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray


@dataclass(frozen=True, kw_only=True)
class Description:
    """Statistics of a corpus, ready for JSON."""

    path: str  # the folder
    pieces: dict[str, int]  # by split
    steps: dict[str, int]  # by split
    # Lowest and highest MIDI note of each voice; None if it is silent.
    ranges: dict[str, tuple[int, int] | None]
    keys: dict[str, int]  # number of pieces by key, descending
    metres: dict[str, int]  # number of pieces by first time signature, descending
    rests: dict[str, float]  # share of steps at which a voice is silent, by voice
    repeated_onsets: float  # share of the onsets that repeat the pitch before them
    fermatas: int  # number of pieces with fermatas
    refused: tuple[str, ...]  # error messages of files that were left out


def describe(corpus: Corpus) -> Description:
    """Return the statistics of a corpus over all of its splits."""
    splits = {split: getattr(corpus, split) for split in SPLITS}
    chorales = [chorale for pieces in splits.values() for chorale in pieces]
    pitches = np.concatenate(
        [np.empty((0, VOICES), np.int64), *(chorale.pitches for chorale in chorales)]
    )
    onsets = sum(int(chorale.onsets.sum()) for chorale in chorales)
    repeats = sum(
        int((chorale.onsets & ~changes(chorale.pitches)).sum()) for chorale in chorales
    )
    voices = dict(zip(VOICE_NAMES, pitches.T, strict=True))
    return Description(
        path=str(corpus.path),
        pieces={split: len(pieces) for split, pieces in splits.items()},
        steps={
            split: sum(chorale.steps for chorale in pieces)
            for split, pieces in splits.items()
        },
        ranges={name: _range(voice) for name, voice in voices.items()},
        keys=_count(
            chorale.key.name if chorale.key else "unknown" for chorale in chorales
        ),
        metres=_count(chorale.metre.name for chorale in chorales),
        rests={
            name: float((voice == SILENCE).mean()) if len(voice) else 0.0
            for name, voice in voices.items()
        },
        repeated_onsets=repeats / onsets if onsets else 0.0,
        fermatas=sum(bool(chorale.fermatas.any()) for chorale in chorales),
        refused=corpus.refused,
    )


def _range(pitches: IntArray) -> tuple[int, int] | None:
    sounding = pitches[pitches != SILENCE]
    return (int(sounding.min()), int(sounding.max())) if len(sounding) else None


def _count(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(names)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

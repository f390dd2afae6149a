"""Statistics of a corpus: pieces, ranges, keys and metres, melodies, and gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chorale.corpus.folders import annotations_of
from chorale.corpus.groups import group_pieces
from chorale.corpus.index import ESTIMATED, Entry, read_index
from chorale.corpus.loading import SPLITS, Corpus
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray

UNKNOWN = "unknown"  # of keys and metres


@dataclass(frozen=True, kw_only=True)
class Melodies:
    """Groups of pieces that share a melody."""

    groups: int  # number of different melodies
    stated: bool  # whether the index says them all; otherwise they are found by notes
    largest: int  # number of pieces of the largest group
    # Number of pieces whose melody occurs in train, by split: valid and test.
    in_train: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Description:
    """Statistics of a corpus, ready for JSON."""

    path: str  # the folder
    pieces: dict[str, int]  # by split
    steps: dict[str, int]  # by split
    # Lowest and highest MIDI note of each voice; None if it is silent.
    ranges: dict[str, tuple[int, int] | None]
    keys: dict[str, int]  # number of pieces by key, descending
    # Number of pieces by first time signature, descending; `unknown` are those that
    # are counted in 4/4 because neither index nor annotations have their bars.
    metres: dict[str, int]
    # Number of pieces whose key or metre was estimated from the notes.
    estimated: dict[str, int]
    melodies: Melodies
    rests: dict[str, float]  # share of steps at which a voice is silent, by voice
    notes: int  # that begin
    off_grid: int  # of them, moved to the grid of sixteenths, as far as is known
    repeated_onsets: float  # share of the onsets that repeat the pitch before them
    fermatas: int  # number of pieces with fermatas
    without_row: tuple[str, ...]  # files that an index lacks; empty without an index
    without_file: tuple[str, ...]  # files of the index that are not there
    refused: tuple[str, ...]  # error messages of files that were left out


def describe(corpus: Corpus) -> Description:
    """Return the statistics of a corpus over all of its splits."""
    splits = {split: tuple(getattr(corpus, split)) for split in SPLITS}
    chorales = [chorale for pieces in splits.values() for chorale in pieces]
    pitches = np.concatenate(
        [np.empty((0, VOICES), np.int64), *(chorale.pitches for chorale in chorales)]
    )
    onsets = sum(int(chorale.onsets.sum()) for chorale in chorales)
    repeats = sum(
        int((chorale.onsets & ~changes(chorale.pitches)).sum()) for chorale in chorales
    )
    voices = dict(zip(VOICE_NAMES, pitches.T, strict=True))
    index = {entry.file: entry for entry in read_index(corpus.path)}
    files = [file for split in SPLITS for file in corpus.files.get(split, ())]
    entries = [index.get(file, Entry(file=file)) for file in files]
    return Description(
        path=str(corpus.path),
        pieces={split: len(pieces) for split, pieces in splits.items()},
        steps={
            split: sum(chorale.steps for chorale in pieces)
            for split, pieces in splits.items()
        },
        ranges={name: _range(voice) for name, voice in voices.items()},
        keys=_count(
            chorale.key.name if chorale.key else UNKNOWN for chorale in chorales
        ),
        metres=_count(_metres(corpus, chorales, entries)),
        estimated={
            name: sum(name in entry.estimated.split() for entry in entries)
            for name in ESTIMATED
        },
        melodies=_melodies(splits, [entry.tune_group for entry in entries]),
        rests={
            name: float((voice == SILENCE).mean()) if len(voice) else 0.0
            for name, voice in voices.items()
        },
        notes=onsets,
        off_grid=sum(entry.off_grid for entry in entries),
        repeated_onsets=repeats / onsets if onsets else 0.0,
        fermatas=sum(bool(chorale.fermatas.any()) for chorale in chorales),
        without_row=tuple(file for file in files if index and file not in index),
        # The pieces of shards have no files of their own.
        without_file=tuple(
            file for file in index if files and not (corpus.path / file).is_file()
        ),
        refused=corpus.refused,
    )


def _metres(
    corpus: Corpus, chorales: Sequence[Chorale], entries: Sequence[Entry]
) -> list[str]:
    """Return the first metre of each piece, `unknown` where it is assumed."""
    names = [chorale.metre.name for chorale in chorales]
    for place, entry in enumerate(entries):
        annotations = annotations_of(corpus.path / entry.file, corpus.path)
        if not entry.metre and not annotations.is_file():
            names[place] = UNKNOWN
    return names


def _melodies(
    splits: dict[str, tuple[Chorale, ...]], stated: Sequence[int]
) -> Melodies:
    """Return the melodies of the splits, by the index or else by the notes."""
    chorales = [chorale for pieces in splits.values() for chorale in pieces]
    is_stated = len(stated) == len(chorales) and 0 not in stated
    groups = list(stated) if is_stated else group_pieces(chorales)
    remaining = iter(groups)
    by_split = {
        split: [next(remaining) for _ in pieces] for split, pieces in splits.items()
    }
    learned = set(by_split["train"])
    return Melodies(
        groups=len(set(groups)),
        stated=is_stated,
        largest=max(Counter(groups).values(), default=0),
        in_train={
            split: sum(group in learned for group in by_split[split])
            for split in SPLITS[1:]
        },
    )


def _range(pitches: IntArray) -> tuple[int, int] | None:
    sounding = pitches[pitches != SILENCE]
    return (int(sounding.min()), int(sounding.max())) if len(sounding) else None


def _count(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(names)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

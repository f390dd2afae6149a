"""Turning files of drawings into one: chosen, shuffled, with the words as classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.sketches.formats import (
    check_output,
    holds_many,
    read_sketches,
    write_sketches,
)
from chorale.sketches.shuffling import shuffle as shuffled
from chorale.sketches.shuffling import spooled
from chorale.sketches.strokes import Sketch
from chorale.utils.progress import Progress

# Is told how many bytes are read, of how many in all.


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What became of the drawings.

    Attributes:
        written: how many are in the new file.
        left_out: how many are not: unrecognized ones, those of other words or beyond
            the limit, and those that the format cannot tell.
        words: the classes of the new file, in order.
    """

    written: int
    left_out: int
    words: tuple[str, ...]


@dataclass
class _Tally:
    """What was met while reading."""

    read: int = 0
    taken: Counter[str] = field(default_factory=Counter)


def convert(
    sources: Sequence[Path],
    output: Path,
    *,
    shuffle: bool = False,
    random_state: int = 0,
    recognized_only: bool = False,
    limit: int | None = None,
    words: Sequence[str] | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Converted:
    """Write the drawings of some files into one, as compact .npz or TFRecords.

    Nothing but the drawings counts: the same files, in the same order, and the same
    options give the same bytes. Files larger than memory are read as a stream; to
    shuffle them, or to find their words, drawings pass through temporary files.

    Args:
        sources: files, and folders in which all files of drawings count, in the order
            of their names; those of one drawing without a word, .svg and .json, do not.
        output: ends in .npz or .tfrecord.
        shuffle: whether to put the drawings into a random order.
        random_state: decides that order.
        recognized_only: leave out drawings that the game did not recognize.
        limit: most drawings of a word; the first ones met are taken.
        words: the classes in order, drawings of other words are left out; None = the
            words of the drawings taken, sorted.
        trust: whether pickled files may be opened, which can run code hidden in them.
        progress: is told how many bytes are read, of how many in all.

    Raises:
        DataError: a file cannot be read, is not of its form, or no drawing is left.
        UsageError: the output ends in something else, the limit is below 1, or the
            random state below 0.
        OutputError: the output cannot be written.
    """
    check_output(output)
    if random_state < 0:
        raise UsageError(f"expected random-state of at least 0, got {random_state}")
    if limit is not None and limit < 1:
        raise UsageError(f"expected a limit of at least 1, got {limit}")
    tally = _Tally()
    stream: Iterator[Sketch] = _chosen(
        read_files(find_sources(sources, output), trust=trust, progress=progress),
        tally,
        recognized_only=recognized_only,
        limit=limit,
        words=words,
    )
    if shuffle:
        stream = shuffled(stream, np.random.default_rng(random_state))
    elif words is None:
        stream = spooled(stream)
    # From here on all words are met, unless they were given.
    first = next(stream, None)
    if first is None:
        raise DataError(
            f"expected drawings to write, none of {tally.read} is left: "
            "mind the words and the other conditions"
        )
    classes = tuple(sorted(tally.taken) if words is None else words)
    written = write_sketches(output, chain([first], stream), classes)
    return Converted(written=written, left_out=tally.read - written, words=classes)


def find_sources(sources: Sequence[Path], output: Path | None = None) -> list[Path]:
    """Return the files that are meant, with those within folders.

    Args:
        sources: files and folders.
        output: a file that is not meant, should it lie in such a folder.

    Raises:
        DataError: there is no such file, or a folder without files of drawings.
    """
    files = []
    for source in sources:
        if not source.exists():
            raise DataError(
                "expected a file or folder of drawings, there is none", source
            )
        if not source.is_dir():
            files.append(source)
            continue
        within = sorted(
            path
            for path in source.rglob("*")
            if path.is_file()
            and holds_many(path)
            and not path.name.startswith(".")
            and not (output and path.resolve() == output.resolve())
        )
        if not within:
            raise DataError(
                "expected files of drawings in the folder, got none", source
            )
        files += within
    return files


def read_files(
    files: Sequence[Path], *, trust: bool = False, progress: Progress | None = None
) -> Iterator[Sketch]:
    """Yield the drawings of all files, and tell how many bytes are read."""
    sizes = [path.stat().st_size for path in files]
    total = sum(sizes)
    before = 0
    for path, size in zip(files, sizes, strict=True):
        read = 0

        def watch(count: int, before: int = before, size: int = size) -> None:
            nonlocal read
            # The table of contents of an .npz is read more than once.
            read = min(read + count, size)
            if progress is not None:
                progress(before + read, total)

        yield from read_sketches(path, trust=trust, watch=watch)
        before += size
        if progress is not None:
            progress(before, total)


def _chosen(
    sketches: Iterable[Sketch],
    tally: _Tally,
    *,
    recognized_only: bool,
    limit: int | None,
    words: Sequence[str] | None,
) -> Iterator[Sketch]:
    """Yield the drawings that are wanted, and count."""
    wanted = None if words is None else frozenset(words)
    for sketch in sketches:
        tally.read += 1
        if not sketch.word or (recognized_only and not sketch.is_recognized):
            continue
        if wanted is not None and sketch.word not in wanted:
            continue
        if limit is not None and tally.taken[sketch.word] >= limit:
            continue
        tally.taken[sketch.word] += 1
        yield sketch

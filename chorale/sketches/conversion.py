"""Conversion of files of drawings into one file: filtered, shuffled, labeled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.sketches import shuffling
from chorale.sketches.formats.files import (
    check_output,
    find_files,
    read_files,
    write_sketches,
)
from chorale.sketches.strokes import Sketch
from chorale.utils.progress import Progress
from chorale.utils.saving import check_new, drafts, save_exactly


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Outcome of a conversion: numbers of drawings, and the classes in order."""

    written: int
    left_out: int
    words: tuple[str, ...]


@dataclass(kw_only=True)
class _Filter:
    """A predicate that selects drawings, and counts them."""

    recognized_only: bool
    limit: int | None
    words: frozenset[str] | None
    read: int = 0
    taken: Counter[str] = field(default_factory=Counter)

    def __call__(self, sketch: Sketch) -> bool:
        self.read += 1
        is_taken = (
            sketch.word != ""
            and (sketch.is_recognized or not self.recognized_only)
            and (self.words is None or sketch.word in self.words)
            and (self.limit is None or self.taken[sketch.word] < self.limit)
        )
        if is_taken:
            self.taken[sketch.word] += 1
        return is_taken


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
    overwrite: bool = True,
    progress: Progress | None = None,
    form: str | None = None,
) -> Converted:
    """Write the drawings of some files into one compact .npz or TFRecord file.

    The same drawings in the same order, with the same options, give the same bytes.
    Files may be larger than memory; to shuffle them, or to find their words, drawings
    pass through temporary files. Drawings that TFRecords cannot hold are left out.

    Args:
        sources: files and folders, see `find_files`.
        output: ends in .npz or .tfrecord.
        shuffle: whether to write the drawings in random order.
        random_state: seed of the shuffle.
        recognized_only: leave out drawings that the game did not recognize.
        limit: maximum number of drawings per word; the first ones are taken.
        words: the classes in order, drawings of other words are left out; None = the
            words of all drawings taken, sorted.
        trust, progress, form: see `read_files`.
        overwrite: whether to replace a file of the same name.

    Raises:
        DataError: a file cannot be read or is malformed, or no drawing is left.
        UsageError: the output has another ending, the limit is below 1, or the random
            state below 0.
        OutputError: the output cannot be written, or there is such a file and it is
            not to be replaced.
    """
    check_output(output)
    if not overwrite:
        check_new(output)
    if random_state < 0:
        raise UsageError(f"expected random-state of at least 0, got {random_state}")
    if limit is not None and limit < 1:
        raise UsageError(f"expected a limit of at least 1, got {limit}")
    wanted = _Filter(
        recognized_only=recognized_only,
        limit=limit,
        words=None if words is None else frozenset(words),
    )
    files = find_files(sources, output)
    stream: Iterator[Sketch]
    read = read_files(files, trust=trust, progress=progress, form=form)
    stream = filter(wanted, read)
    if shuffle:
        stream = shuffling.shuffle(stream, np.random.default_rng(random_state))
    elif words is None:
        stream = shuffling.spool(stream)
    # With the first drawing all words are known, unless they were given.
    first = next(stream, None)
    if first is None:
        raise DataError(
            f"expected drawings to write, none of {wanted.read} is left: check the "
            "words and the other conditions"
        )
    classes = tuple(sorted(wanted.taken) if words is None else words)
    with drafts(output.parent) as folder:
        written = write_sketches(folder / output.name, chain([first], stream), classes)
        # TFRecords have a file of classes beside them.
        files = sorted(folder.iterdir())
        paths = [output.with_name(file.name) for file in files]
        save_exactly(files, paths, overwrite=overwrite)
    return Converted(written=written, left_out=wanted.read - written, words=classes)

"""Prepared pieces: all of them in memory, or read from shards in every epoch.

Pieces of a corpus in memory are prepared once. Those of shards are read, shuffled and
prepared again in each epoch, some at a time, so that memory does not grow with the
corpus. Either way the order of an epoch derives from the seed and the epoch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, Protocol, TypeVar

import numpy as np

from chorale.corpus.records import parse_piece
from chorale.corpus.shards import ShardedPieces
from chorale.errors import DataError, translated
from chorale.music.score import Chorale

# Pieces prepared at once: more take no less time for each.
GROUP = 64
_SHARDS = 16  # read in turn
_BUFFER = 4096  # records of which the next one is drawn, some 10 MB


class Prepared(Protocol):
    """A piece as an epoch draws it."""

    @property
    def steps(self) -> int: ...


PreparedT = TypeVar("PreparedT", bound=Prepared)
Item = TypeVar("Item")
Prepare = Callable[[Sequence[Chorale]], list[PreparedT]]


class StreamedPieces(Generic[PreparedT]):
    """The pieces of shards, prepared while an epoch goes on.

    Args:
        pieces: the shards.
        prepare: prepares some pieces at once.
    """

    def __init__(self, pieces: ShardedPieces, prepare: Prepare[PreparedT]) -> None:
        self._pieces, self._prepare = pieces, prepare

    def of_epoch(self, seed: int, epoch: int) -> Iterator[PreparedT]:
        """Yield every piece once, in an order that derives from seed and epoch.

        The shards are shuffled and read in turn, and their pieces shuffled in a buffer.

        Raises:
            DataError: a shard is damaged.
        """
        random = np.random.default_rng([seed, epoch, 1])
        files = [str(path) for path in self._pieces.files]
        names = [files[index] for index in random.permutation(len(files))]
        records = shuffled(_records(names), _BUFFER, random)
        for group in in_groups(records, GROUP):
            yield from self._prepare([self._parsed(record) for record in group])

    def _parsed(self, record: bytes) -> Chorale:
        try:
            return parse_piece(record, self._pieces.folder)
        except DataError:
            for _ in self._pieces:  # read in order, the error names shard and record
                pass
            raise


def _records(names: Sequence[str]) -> Iterator[bytes]:
    """Yield the records of some shards, which are read in turn."""
    import tensorflow

    records = (
        tensorflow.data.Dataset.from_tensor_slices(names)
        .interleave(tensorflow.data.TFRecordDataset, cycle_length=_SHARDS)
        .prefetch(GROUP)
    )
    with translated(lambda reason: DataError(f"cannot read shards: {reason}")):
        yield from records.as_numpy_iterator()


def shuffled(
    items: Iterable[Item], size: int, random: np.random.Generator
) -> Iterator[Item]:
    """Yield items in random order, each drawn from a buffer of `size` items.

    Unlike the shuffle of tf.data, it depends on no other seed than that of `random`.
    """
    buffer: list[Item] = []
    for item in items:
        if len(buffer) < size:
            buffer.append(item)
            continue
        place = int(random.integers(size))
        drawn, buffer[place] = buffer[place], item
        yield drawn
    for place in random.permutation(len(buffer)):
        yield buffer[place]


def prepared(
    chorales: Sequence[Chorale], prepare: Prepare[PreparedT]
) -> Sequence[PreparedT] | StreamedPieces[PreparedT]:
    """Return the prepared pieces of a training set; those of shards as a stream."""
    if isinstance(chorales, ShardedPieces):
        return StreamedPieces(chorales, prepare)
    groups = in_groups(chorales, GROUP)
    return [piece for group in groups for piece in prepare(group)]


def order_of(
    pieces: Sequence[PreparedT] | StreamedPieces[PreparedT],
    seed: int,
    epoch: int,
    random: np.random.Generator,
) -> Iterator[PreparedT]:
    """Yield the pieces of an epoch in random order.

    Args:
        pieces: see `prepared`.
        seed: of the training.
        epoch: counted from 1.
        random: source of the order of pieces in memory.
    """
    if isinstance(pieces, StreamedPieces):
        return pieces.of_epoch(seed, epoch)
    return (pieces[index] for index in random.permutation(len(pieces)))


def in_groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in lists of `size`, the last one shorter."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group

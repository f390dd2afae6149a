"""Books of tunes in ABC notation, a tune at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chorale.errors import UNEXPECTED, DataError, located, translated
from chorale.formats.abc.reader import score_of
from chorale.formats.abc.text import Tune, decode, select_tune, split_tunes
from chorale.formats.limits import ABC_BYTES
from chorale.formats.reading import Reading
from chorale.formats.scores.assembly import read_score
from chorale.utils.files import read_file


class BookTune(NamedTuple):
    """A tune of a book.

    Attributes:
        label: the number in its X: field, or its place in the book if some tune has no
            number or that of another; empty for the only tune.
        reading: of the tune, its key undecided, or why it cannot be read.
    """

    label: str
    reading: Reading | DataError


def read_book(path: Path) -> Iterator[BookTune]:
    """Yield the tunes of a file in ABC notation, in order.

    The text before the first tune, the file header, holds for each.

    Raises:
        DataError: the file cannot be read, is not text, or holds no tune. What is wrong
            with one tune is its `reading`.
    """
    raw = read_file(path, ABC_BYTES, "a file of ABC")
    with located(path):
        tunes = split_tunes(decode(raw))
        if len(tunes) < 2:
            tunes = [select_tune(tunes, None)]
    for label, tune in zip(_labels(tunes), tunes, strict=True):
        reading: Reading | DataError
        try:
            reading = _read(path, tune)
        except DataError as error:
            reading = error
        yield BookTune(label, reading)


def _read(path: Path, tune: Tune) -> Reading:
    with translated(
        lambda reason: DataError(f"cannot read it, {UNEXPECTED}: {reason}", path)
    ):
        return read_score(path, lambda _: score_of(tune))


def _labels(tunes: Sequence[Tune]) -> list[str]:
    """Return the numbers of tunes, or their places in the book if those are unclear."""
    if len(tunes) == 1:
        return [""]
    numbers = [tune.number for tune in tunes]
    if None in numbers or len(set(numbers)) < len(numbers):
        return [str(place) for place in range(1, len(tunes) + 1)]
    return [str(number) for number in numbers]

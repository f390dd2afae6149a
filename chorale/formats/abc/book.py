"""Books of tunes in ABC notation, a tune at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from chorale.errors import located
from chorale.formats.abc.text import decode, split_tunes
from chorale.formats.limits import ABC_BYTES
from chorale.utils.files import read_file


class BookTune(NamedTuple):
    """A tune of a book.

    Attributes:
        number: of its X: field; None without one. Several tunes may have the same.
        text: of a file with this tune alone, its rows where they are in the book.
    """

    number: int | None
    text: str


def split_book(path: Path) -> Iterator[BookTune]:
    """Yield the tunes of a file in ABC notation, in order.

    The text before the first tune, the file header, is in front of each.

    Raises:
        DataError: the file cannot be read, or is not text.
    """
    raw = read_file(path, ABC_BYTES, "a file of ABC")
    with located(path):
        text = decode(raw)
        tunes = split_tunes(text)
    rows = re.split(r"\r\n|\r|\n", text)
    starts = [tune.row - 1 for tune in tunes]
    for tune, (start, end) in zip(tunes, pairwise([*starts, len(rows)]), strict=True):
        header = rows[: starts[0]]
        between = [""] * (start - len(header))
        yield BookTune(tune.number, "\n".join([*header, *between, *rows[start:end]]))

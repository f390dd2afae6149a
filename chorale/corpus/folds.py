"""Folds: a train split in equal parts, one of which a training holds out.

Models of all folds together predict every piece of train as an unseen one
(cross-fitting).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from chorale.corpus.loading import Corpus, split_corpus
from chorale.corpus.shards import ShardedPieces
from chorale.errors import DataError, UsageError


class Fold(NamedTuple):
    """One of several folds: piece i of train is in fold 1 + i modulo `total`.

    Attributes:
        number: of the fold, from 1.
        total: number of folds.
    """

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Fold:
        """Read a fold as options give it, such as 2/5.

        Raises:
            UsageError: it is not one of at least two folds.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        fold = cls(*map(int, found.groups())) if found else None
        if fold is None or not 1 <= fold.number <= fold.total or fold.total < 2:
            raise UsageError(
                f"expected a fold such as 2/5, the second of five, got {text!r}"
            )
        return fold

    def holds(self, index: int) -> bool:
        """Return whether the fold holds a piece of train, by its index."""
        return index % self.total == self.number - 1


def hold_out_fold(corpus: Corpus, fold: Fold) -> Corpus:
    """Return a corpus with one fold of what is learned as valid, the rest as train.

    Pieces are counted in order of their files. The valid split, or the pieces that are
    held out of a corpus without one, are in neither.

    Raises:
        DataError: the fold would be empty, or the corpus is in shards.
    """
    if isinstance(corpus.train, ShardedPieces):
        raise DataError(
            "folds of a corpus in shards are not supported: import it without --shards",
            corpus.path,
        )
    learned, _, _ = split_corpus(corpus)
    if len(learned) < fold.total:
        raise DataError(
            f"expected a piece of train for each of {fold.total} folds, got "
            f"{len(learned)}",
            corpus.path,
        )
    held = {id(piece) for number, piece in enumerate(learned) if fold.holds(number)}
    train = tuple(piece for piece in learned if id(piece) not in held)
    valid = tuple(piece for piece in learned if id(piece) in held)
    file_of = dict(
        zip(map(id, corpus.train), corpus.files.get("train", ()), strict=False)
    )
    files = {
        name: tuple(file_of[id(piece)] for piece in pieces if id(piece) in file_of)
        for name, pieces in (("train", train), ("valid", valid))
    }
    return replace(corpus, train=train, valid=valid, files={**corpus.files, **files})

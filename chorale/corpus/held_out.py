"""Held-out pieces: what trainings have learned of a corpus, and what they have not.

A model's card lists the SHA-256 of every file that its training read, and the files
that it held out of a corpus without a valid split. So pieces are recognized by their
content, whatever their names and folders are now. `data` below is that of a card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from chorale.corpus.index import INDEX_FILE
from chorale.corpus.loading import (
    SPLITS,
    Corpus,
    hold_out,
    load_corpus,
    present_splits,
    split_corpus,
)
from chorale.errors import DataError
from chorale.formats.classic_csv import csv_sha256
from chorale.music.score import Chorale
from chorale.utils.text import counted, listed

_NAMED = 5  # pieces that a remark names


class Divided(NamedTuple):
    """A corpus in the splits of the trainings that read it, and remarks on it."""

    corpus: Corpus
    remarks: tuple[str, ...]


class _Piece(NamedTuple):
    """A piece that a training read."""

    file: str  # as in the card
    sha256: str  # of the classic CSV
    split: str  # `train`, `valid` or, if the card does not say so, empty


def held_out_files(corpus: Corpus, held_out: Sequence[Chorale]) -> list[str]:
    """Return the files of pieces that a training holds out of the train split.

    If there is a valid split, those of its files whose folder does not say so.
    """
    if corpus.valid:
        valid = corpus.files.get("valid", ())
        return [file for file in valid if Path(file).parent.name != "valid"]
    files = corpus.files.get("train", ())
    if not files:  # not loaded from files
        return []
    chosen = set(map(id, held_out))
    return [
        file
        for file, chorale in zip(files, corpus.train, strict=True)
        if id(chorale) in chosen
    ]


def load_divided(
    path: Path | str | None,
    splits: Sequence[str],
    trainings: Mapping[str, Mapping[str, Any]],
) -> Divided:
    """Load splits of a corpus, a valid split that it lacks as trainings held it out.

    If the corpus has no valid split, valid is what the trainings held out of it, train
    what they learned, and pieces that they did not read are in neither. Of a corpus
    that no training has read, valid is what a training would hold out.

    Args:
        path: folder of the corpus; None for the bundled one.
        splits: to load.
        trainings: data of cards, by name of the model.

    Raises:
        DataError: as `load_corpus`; too few pieces to hold one out; or a card of
            version 0.14 or before, which does not say what was held out, and a corpus
            that has changed since.
    """
    present = present_splits(path)
    asked = {"train", "valid"}.intersection(splits)
    if "valid" in present or "train" not in present or not asked:
        corpus = load_corpus(path, splits=splits)
        return Divided(corpus, tuple(_changes(corpus, trainings)))
    corpus = load_corpus(path, splits=tuple({"train", *splits}))
    if not corpus.files:  # shards have the splits that they were written in
        return Divided(corpus, ())
    read = {name: _own_split(data, corpus, name) for name, data in trainings.items()}
    read = {name: pieces for name, pieces in read.items() if pieces}
    if read:
        return _divide(corpus, read)
    train, valid, remark = split_corpus(corpus)
    return Divided(_with_splits(corpus, train, valid), (remark,))


def load_undivided(path: Path | str | None) -> Corpus:
    """Load all pieces of a corpus, whatever their splits, as its train split.

    Raises:
        DataError: as `load_corpus`.
    """
    corpus = load_corpus(path)
    files = tuple(file for split in SPLITS for file in corpus.files.get(split, ()))
    pieces = (*corpus.train, *corpus.valid, *corpus.test)
    return replace(corpus, train=pieces, valid=(), test=(), files={"train": files})


def learned_pieces(
    corpus: Corpus, split: str, trainings: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return which pieces of a split were learned, note for note, by name of the model.

    Pieces are compared by the SHA-256 of their files, and of their pitches as
    `write_csv` writes them: transposed copies are not found. What a model's teachers
    and the model that it was trained from have learned counts too.

    Args:
        corpus: loaded from files.
        split: `train`, `valid` or `test`.
        trainings: data of cards, by name of the model.

    Returns:
        The files of the pieces, or the sources of those in shards; models that learned
        none of them are left out.
    """
    learned = {
        name: {piece.sha256 for piece in _pieces(data) if piece.split == "train"}
        for name, data in trainings.items()
    }
    if not any(learned.values()):
        return {}
    chorales = corpus.split(split)
    files = corpus.files.get(split) or [chorale.source for chorale in chorales]
    found: dict[str, list[str]] = {name: [] for name in trainings}
    for file, chorale in zip(files, chorales, strict=True):
        hashes = {corpus.hashes.get(file), csv_sha256(chorale)}
        for name, known in learned.items():
            if hashes & known:
                found[name].append(file)
    return {name: pieces for name, pieces in found.items() if pieces}


def leakage_remarks(learned: Mapping[str, Sequence[str]], total: int) -> list[str]:
    """Return a remark on each model that learned some of `total` evaluated pieces."""
    remarks = []
    for name, files in learned.items():
        shown = list(files[:_NAMED])
        if len(files) > _NAMED:
            shown.append(counted(len(files) - _NAMED, "other"))
        verb = "is" if len(files) == 1 else "are"
        remarks.append(
            f"{len(files)} of the {counted(total, 'piece')} {verb} in the training "
            f"data of {name}, note for note: {listed(shown)}"
        )
    return remarks


def _pieces(data: Mapping[str, Any], *, own: bool = False) -> Iterator[_Piece]:
    """Yield the pieces that a training has read.

    Args:
        data: of a card.
        own: whether to leave out those of its teachers and of its base.
    """
    models = (*data.get("teachers", ()), *data.get("base", ()))
    others = tuple(f"{model}/" for model in models)
    held_out = data.get("held_out")
    for file, digest in data.get("files", {}).items():
        *folders, name = file.split("/")
        if "annotations" in folders or name == INDEX_FILE:
            continue
        if not name.lower().endswith(".csv"):  # such as a shard
            continue
        if own and file.startswith(others):
            continue
        if held_out is not None and file in held_out:
            split = "valid"
        elif folders and folders[-1] in SPLITS:
            split = folders[-1]
        elif held_out is None:
            split = ""
        else:
            split = "train"
        yield _Piece(file, digest, split)


def _own_split(data: Mapping[str, Any], corpus: Corpus, name: str) -> dict[str, str]:
    """Return the split of each piece that a training read, by SHA-256.

    Empty if it read no piece of this corpus.
    """
    there = {
        corpus.hashes[file]: chorale
        for file, chorale in zip(corpus.files["train"], corpus.train, strict=True)
    }
    pieces = list(_pieces(data, own=True))
    if not any(piece.sha256 in there for piece in pieces):
        return {}
    if all(piece.split for piece in pieces):
        return {piece.sha256: piece.split for piece in pieces}
    if not all(piece.sha256 in there for piece in pieces):
        raise DataError(
            f"the card of {name}, of version 0.14 or before, does not say which pieces "
            "it held out, and the corpus has changed since it was trained: train it "
            "again, or name its pieces yourself, in folders train and valid",
            corpus.path,
        )
    chorales = {piece.sha256: there[piece.sha256] for piece in pieces}
    _, held_out = hold_out(list(chorales.values()))
    chosen = set(map(id, held_out))
    return {
        digest: "valid" if id(chorale) in chosen else "train"
        for digest, chorale in chorales.items()
    }


def _divide(corpus: Corpus, read: Mapping[str, Mapping[str, str]]) -> Divided:
    """Divide a corpus without a valid split as trainings did.

    Args:
        corpus: its pieces are in train.
        read: the split of each piece by its SHA-256, by name of the model.
    """
    places: dict[str, list[Chorale]] = {"train": [], "valid": [], "": []}
    for file, chorale in zip(corpus.files["train"], corpus.train, strict=True):
        found = {pieces.get(corpus.hashes[file], "") for pieces in read.values()}
        split = next((name for name in ("train", "valid") if name in found), "")
        places[split].append(chorale)
    remarks = [
        f"valid is what {listed(read)} held out of the corpus in training, "
        f"{len(places['valid'])} of {counted(len(corpus.train), 'piece')}; train is "
        "the rest"
    ]
    present = {corpus.hashes[file] for file in corpus.files["train"]}
    remarks += [
        _change(name, len(present - pieces.keys()), len(pieces.keys() - present))
        for name, pieces in read.items()
        if present != pieces.keys()
    ]
    if new := len(places[""]):
        subject = "1 new piece is" if new == 1 else f"{new} new pieces are"
        remarks.append(f"{subject} in neither split: --split all has every piece")
    divided = _with_splits(corpus, places["train"], places["valid"])
    return Divided(divided, tuple(remarks))


def _with_splits(
    corpus: Corpus, train: Sequence[Chorale], valid: Sequence[Chorale]
) -> Corpus:
    """Return a corpus with parts of its train split as train and valid."""
    files = {
        "train": tuple(held_out_files(corpus, train)),
        "valid": tuple(held_out_files(corpus, valid)),
    }
    return replace(
        corpus,
        train=tuple(train),
        valid=tuple(valid),
        files={**corpus.files, **files},
    )


def _changes(
    corpus: Corpus, trainings: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a remark on each model whose own corpus has changed since, split by split.

    A corpus is that of a model if it has the same name and some of the same pieces.
    """
    for name, data in trainings.items():
        if data.get("corpus") != corpus.path.resolve().name:
            continue
        splits = [split for split in ("train", "valid") if corpus.files.get(split)]
        read = {
            piece.sha256 for piece in _pieces(data, own=True) if piece.split in splits
        }
        present = {
            corpus.hashes[file] for split in splits for file in corpus.files[split]
        }
        if read & present and read != present:
            yield _change(name, len(present - read), len(read - present))


def _change(name: str, new: int, missing: int) -> str:
    """Return a remark on a corpus that has changed since a model was trained."""
    return (
        f"the corpus has changed since {name} was trained: new or changed are "
        f"{counted(new, 'piece')}, missing or changed {missing}"
    )

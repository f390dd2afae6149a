"""Folds of a train split."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import write_flat_corpus, write_tiny_corpus

from chorale.corpus.folds import Fold, hold_out_fold
from chorale.corpus.loading import load_corpus, split_corpus
from chorale.errors import DataError, UsageError


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/1", "1/5/2", "-1/5", "a/b"])
def test_what_is_no_fold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a fold such as 2/5"):
        Fold.parse(text)


def test_every_piece_of_train_is_held_out_once(tmp_path: Path) -> None:
    corpus = load_corpus(write_tiny_corpus(tmp_path, pieces=7, valid=2))
    folds = [hold_out_fold(corpus, Fold(number, 3)) for number in (1, 2, 3)]
    held = [file for fold in folds for file in fold.files["valid"]]
    assert sorted(held) == sorted(corpus.files["train"])
    for fold in folds:
        assert {*fold.files["train"], *fold.files["valid"]} == {*corpus.files["train"]}
        assert len(fold.train) + len(fold.valid) == 7
        assert not set(map(id, fold.valid)) & set(map(id, corpus.valid))
    assert folds[1].files["valid"] == corpus.files["train"][1::3]


def test_pieces_held_out_of_a_flat_corpus_are_in_no_fold(tmp_path: Path) -> None:
    corpus = load_corpus(write_flat_corpus(tmp_path, 20))
    learned, valid, _ = split_corpus(corpus)
    for number in (1, 2):
        fold = hold_out_fold(corpus, Fold(number, 2))
        pieces = {*map(id, fold.train), *map(id, fold.valid)}
        assert pieces == {*map(id, learned)}
        assert not pieces & {*map(id, valid)}
        assert len(fold.files["valid"]) == len(fold.valid)


def test_more_folds_than_pieces(tmp_path: Path) -> None:
    corpus = load_corpus(write_tiny_corpus(tmp_path, pieces=3, valid=1))
    with pytest.raises(DataError, match="each of 5 folds, got 3"):
        hold_out_fold(corpus, Fold(1, 5))

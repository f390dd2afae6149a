"""Corpora that samples are judged beside: named, large enough, and within reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import piece, toy_vocabulary
from tiny import tiny_chorale

from chorale.corpus.loading import Corpus
from chorale.encoding.vocabulary import OutsideNote
from chorale.errors import DataError
from chorale.evaluation.judgement import JudgedSets
from chorale.evaluation.reference import Reference, within
from chorale.evaluation.style.windows import numbered_from_one, windows_of
from chorale.music.score import Chorale
from chorale.sampling.prompts import as_classic, as_classic_sets, matched_sets


def hymns(train: int, valid: int) -> Corpus:
    """Return a corpus of random pieces of three bars."""
    random = np.random.default_rng(0)
    pieces = [
        replace(tiny_chorale(random), source=f"hymn {n}") for n in range(train + valid)
    ]
    hashes = {"annotations/train/hymn 0.csv": ""}
    names = [f"{piece.source}.csv" for piece in pieces]
    return Corpus(
        train=tuple(pieces[:train]),
        valid=tuple(pieces[train:]),
        path=Path("books/hymns"),
        hashes=hashes,
        files={"train": tuple(names[:train]), "valid": tuple(names[train:])},
    )


def test_a_reference_is_named_after_its_folder() -> None:
    corpus = hymns(10, 10)
    reference = Reference.of(corpus, "valid")
    assert (reference.name, reference.remarks) == ("hymns", ())
    assert (reference.train, reference.held_out) == (corpus.train, corpus.valid)
    assert not reference.is_classic
    classic = Reference.of(replace(corpus, hashes={}), "valid")
    assert classic.is_classic and len(classic.remarks) == 1


@pytest.mark.parametrize(("train", "valid"), [(9, 8), (40, 4)])
def test_a_small_corpus_is_refused(train: int, valid: int) -> None:
    message = f"at least 10 pieces in train and 5 .* got {train} and {valid}: .* 50 pie"
    with pytest.raises(DataError, match=message):
        Reference.of(hymns(train, valid), "valid")


def test_a_corpus_that_is_all_held_out_is_refused() -> None:
    message = r"hymns: expected at least 10 pieces in train, .* train/ beside valid/"
    with pytest.raises(DataError, match=message):
        Reference.of(hymns(0, 75), "valid")


def test_a_test_that_needs_more_pieces_is_named() -> None:
    reference = Reference.of(hymns(10, 9), "valid")
    assert reference.remarks == (
        "the classifier two-sample test needs 10 held-out pieces, valid of hymns has "
        "9: it is left out",
    )


def test_pieces_that_end_before_samples_begin_are_left_out() -> None:
    corpus = hymns(10, 12)
    short = (corpus.valid[0].opening(32), *corpus.valid[1:])
    reference = Reference.of(replace(corpus, valid=short), "valid")
    assert reference.held_out == corpus.valid[1:]
    assert reference.remarks == ("1 piece of valid with fewer than 3 bars left out",)


def test_pieces_of_one_name_are_numbered() -> None:
    corpus = hymns(10, 10)
    named = tuple(replace(piece, source="same") for piece in corpus.valid[:2])
    corpus = replace(
        corpus,
        train=(replace(corpus.train[0], source="same"), *corpus.train[1:]),
        valid=(*named, *corpus.valid[2:]),
    )
    reference = Reference.of(corpus, "valid")
    sources = [piece.source for piece in (*reference.train, *reference.held_out)]
    assert len(set(sources)) == 20
    assert [x for x in sources if x.startswith("same")] == [
        "same-1",
        "same-2",
        "same-3",
    ]


def test_parts_of_works_begin_in_bar_one() -> None:
    corpus = hymns(10, 10)
    late = [replace(piece, bars=piece.bars + 75) for piece in corpus.valid]
    reference = Reference.of(replace(corpus, valid=tuple(late)), "valid")
    assert reference.held_out == corpus.valid
    pickup = Chorale(pitches=late[0].pitches, bars=np.repeat([0, 1, 2], 16))
    assert numbered_from_one(pickup) is pickup


def test_only_what_is_given_need_be_within_the_vocabularies() -> None:
    low, high = (
        toy_vocabulary(),
        replace(toy_vocabulary(), lowest=61, ranges=((61, 62),) * 4),
    )
    pieces = [piece(8, pitch, source=f"of {pitch}") for pitch in (60, 61, 62, 63)]
    kept, outside = within(pieces, pieces, [low, high])
    assert [chorale.source for chorale in kept] == ["of 61", "of 62"]
    assert outside == [
        OutsideNote("of 60", "soprano", "C4", 1),
        OutsideNote("of 63", "soprano", "D#4", 1),
    ]
    # The piece goes on outside; its given part does not.
    assert within(pieces[3:], pieces[2:3], [low]) == (pieces[3:], [])
    with pytest.raises(
        DataError, match="got 1 with notes outside them, the first of 63"
    ):
        within(pieces[3:], pieces[3:], [low])


def test_beside_a_corpus_of_pitches_repeated_notes_are_held() -> None:
    corpus = replace(hymns(10, 10), hashes={})
    reference = Reference.of(corpus, "valid")
    struck = [
        replace(piece, onsets=np.ones_like(piece.onsets), source="mine")
        for piece in corpus.valid
    ]
    sets = matched_sets(windows_of(struck), reference)
    assert sets.corpus == "hymns"
    for window, chorale in zip(sets.samples, struck, strict=True):
        assert window.chorale == as_classic(chorale) != chorale


def test_all_sets_are_reduced_to_what_four_columns_hold() -> None:
    corpus = hymns(10, 10)
    struck = [
        replace(piece, fermatas=np.ones_like(piece.fermatas)) for piece in corpus.valid
    ]
    windows = windows_of(struck)
    sets = as_classic_sets(
        JudgedSets(
            samples=windows,
            bach=windows,
            ngram=windows,
            train=struck,
            variants={"other": windows},
        )
    )
    for reduced in (sets.samples, sets.bach, sets.ngram, sets.variants["other"]):
        assert [window.chorale for window in reduced] == list(map(as_classic, struck))
        assert [window.start for window in reduced] == [w.start for w in windows]
    assert list(sets.train) == list(map(as_classic, struck))

"""Corpora in shards: written, indexed, read lazily, damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bach import all_chorales
from hypothesis import given
from strategies import chorales

from chorale.corpus.loading import load_corpus, split_corpus
from chorale.corpus.records import format_piece, parse_piece
from chorale.corpus.shards import (
    SHARDS_FILE,
    ShardedPieces,
    has_shards,
    read_shard_index,
    read_shards,
    write_shards,
)
from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError, OutputError
from chorale.music.keys import Key
from chorale.music.ranges import voice_ranges
from chorale.music.score import Chorale
from chorale.utils.files import sha256
from chorale.utils.tfrecord import format_features


def pieces_of(count: int) -> list[Chorale]:
    """Return short pieces that differ in length, pitches and source."""
    return [
        Chorale(
            pitches=np.tile(
                [72 + number % 5, 67, 60 - number % 3, 48], (number + 1, 1)
            ),
            source=f"piece {number}",
        )
        for number in range(count)
    ]


def labels(piece: Chorale) -> tuple[str, str]:
    return piece.title, piece.source


@given(chorales())
def test_a_piece_is_read_as_it_was_written(piece: Chorale) -> None:
    read = parse_piece(format_piece(piece), "shard")
    assert read == piece
    assert labels(read) == labels(piece)


def test_bach_is_read_as_it_was_written() -> None:
    for piece in all_chorales().train[::40]:
        piece = replace(piece, title="Ach Gott, vom Himmel sieh darein, 聖歌")
        read = parse_piece(format_piece(piece), "shard")
        assert read == piece and labels(read) == labels(piece)


def test_splits_are_written_in_shards_and_read_in_order(tmp_path: Path) -> None:
    pieces = pieces_of(11)
    splits = ["train"] * 4 + ["valid"] * 2 + ["train"] * 3 + ["test"] * 2
    shards = write_shards(zip(splits, pieces, strict=True), tmp_path, size=3)
    assert [(shard.file, shard.pieces) for shard in shards] == [
        ("test/00000.tfrecord", 2),
        ("train/00000.tfrecord", 3),
        ("train/00001.tfrecord", 3),
        ("train/00002.tfrecord", 1),
        ("valid/00000.tfrecord", 2),
    ]
    assert read_shard_index(tmp_path) == shards and has_shards(tmp_path)
    corpus = load_corpus(tmp_path)
    expected = pieces[:4] + pieces[6:9]
    assert isinstance(corpus.train, ShardedPieces)
    for read in (list(corpus.train), [corpus.train[index] for index in range(7)]):
        assert read == expected
        assert [*map(labels, read)] == [*map(labels, expected)]
    assert corpus.train[-1] == expected[-1] and corpus.train[2:5] == tuple(
        expected[2:5]
    )
    with pytest.raises(IndexError):
        corpus.train[7]
    assert corpus.train.steps == sum(piece.steps for piece in expected)
    assert corpus.valid == tuple(pieces[4:6])
    assert corpus.split("test") == tuple(pieces[9:])
    assert corpus.hashes == {
        shard.file: sha256(tmp_path / shard.file) for shard in shards
    }


def test_equal_pieces_give_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        write_shards((("train", piece) for piece in pieces_of(5)), tmp_path / name)
    first, second = (tmp_path / name / "train/00000.tfrecord" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_the_index_knows_the_ranges_of_the_voices(tmp_path: Path) -> None:
    pieces = all_chorales().train[:7]
    silent = np.zeros_like(pieces[0].pitches)
    silent[:, 2] = 55
    pieces = [*pieces, Chorale(pitches=silent)]
    write_shards((("train", piece) for piece in pieces), tmp_path, size=2)
    train = read_shards(tmp_path, ("train",))["train"]
    assert train.ranges == voice_ranges(pieces) == Vocabulary.fit(pieces).ranges
    assert voice_ranges(pieces[-1:]) == ((0, 0), (0, 0), (55, 55), (0, 0))


def test_only_the_splits_asked_for_are_opened(tmp_path: Path) -> None:
    pieces = pieces_of(2)
    write_shards(zip(("train", "test"), pieces, strict=True), tmp_path)
    (tmp_path / "test" / "00000.tfrecord").unlink()
    assert list(load_corpus(tmp_path, splits=("train", "valid")).train) == pieces[:1]
    with pytest.raises(DataError, match=r"test/00000.tfrecord: cannot read it"):
        load_corpus(tmp_path)
    with pytest.raises(DataError, match=r"that the corpus has \(test, train\)"):
        load_corpus(tmp_path, splits=("valid",))


def test_nothing_is_overwritten_and_a_failure_leaves_no_index(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, Chorale]]:
        yield from (("train", piece) for piece in pieces_of(3))
        raise KeyError

    with pytest.raises(KeyError):
        write_shards(broken(), tmp_path, size=2)
    assert not has_shards(tmp_path)
    write_shards((("train", piece) for piece in pieces_of(2)), tmp_path)
    with pytest.raises(OutputError, match="already holds shards"):
        write_shards([], tmp_path)


def test_a_valid_split_is_needed_to_train(tmp_path: Path) -> None:
    write_shards((("train", piece) for piece in pieces_of(2)), tmp_path)
    with pytest.raises(DataError, match="expected shards of a valid split"):
        split_corpus(load_corpus(tmp_path))


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    write_shards((("train", piece) for piece in pieces_of(2)), tmp_path)
    path = tmp_path / "train" / "00000.tfrecord"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=r"00000.tfrecord: .* damaged, or was changed"):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("form", "chorale shards 0", "its form is 'chorale shards 0'"),
        ("shards", [{"file": "a"}], "expected an index"),
        ("file", "../a.tfrecord", "inside the folder"),
        ("pieces", 0, "whole numbers of pieces"),
        ("steps", "12", "whole numbers of pieces"),
        ("ranges", [[1, 2]], "four ranges"),
    ],
)
def test_a_damaged_index_is_named(
    tmp_path: Path, name: str, value: object, message: str
) -> None:
    write_shards((("train", piece) for piece in pieces_of(2)), tmp_path)
    index = json.loads((tmp_path / SHARDS_FILE).read_text())
    target = index if name in index else index["shards"][0]
    target[name] = value
    (tmp_path / SHARDS_FILE).write_text(json.dumps(index))
    with pytest.raises(DataError, match=message):
        read_shard_index(tmp_path)


def test_text_that_is_no_index_is_named(tmp_path: Path) -> None:
    (tmp_path / SHARDS_FILE).write_bytes(b"\xff[")
    with pytest.raises(DataError, match=r"shards.json: expected an index"):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("pitches", [60, 55, 50], "expected 4 pitches for each step, got 3"),
        ("pitches", [60, 55, 50, 300], "MIDI notes from 0 to 127"),
        ("onset", [15, 15], "onsets of shape"),
        ("onset", [14], "soprano has a new pitch without an onset"),
        ("bar", [], "bars of shape"),
    ],
)
def test_a_record_of_another_form_is_named(
    tmp_path: Path, name: str, values: list[int], message: str
) -> None:
    integers = {
        "pitches": [60, 55, 50, 45],
        "onset": [15],
        **{key: [0] for key in ("fermata", "bar", "position")},
    }
    texts = {
        "metres": "4/4",
        "key": Key.parse("C major").name,
        "title": "",
        "source": "",
    }
    content = format_features(integers={**integers, name: values}, texts=texts)
    with pytest.raises(DataError, match=f"^a.tfrecord: record 3: .*{message}"):
        parse_piece(content, "a.tfrecord", 3)
    del texts["title"]
    with pytest.raises(DataError, match="expected a feature 'title'"):
        parse_piece(format_features(integers=integers, texts=texts), "a.tfrecord")

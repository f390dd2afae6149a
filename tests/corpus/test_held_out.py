"""What trainings learned of a corpus, recognized by content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny_chorale, write_flat_corpus

from chorale.corpus.held_out import (
    held_out_files,
    leakage_remarks,
    learned_pieces,
    load_divided,
    load_undivided,
)
from chorale.corpus.loading import load_corpus, split_corpus
from chorale.corpus.shards import write_shards
from chorale.errors import DataError
from chorale.formats.classic_csv import csv_sha256, read_csv, write_csv
from chorale.music.score import Chorale
from chorale.utils.files import sha256


def training(folder: Path, **others: Any) -> dict[str, Any]:
    """Return the data in the card of a training on a corpus."""
    corpus = load_corpus(folder)
    data: dict[str, Any] = {"corpus": folder.name, "files": dict(corpus.hashes)}
    if not corpus.valid:
        data["held_out"] = held_out_files(corpus, split_corpus(corpus)[1])
    return {**data, **others}


def sources(chorales: tuple[Chorale, ...]) -> list[str]:
    return [chorale.source for chorale in chorales]


def test_a_training_says_what_it_held_out(tmp_path: Path) -> None:
    corpus = load_corpus(write_flat_corpus(tmp_path, 20))
    _, valid, _ = split_corpus(corpus)
    assert held_out_files(corpus, valid) == [f"{name}.csv" for name in sources(valid)]


def test_valid_is_what_was_held_out_and_train_the_rest(tmp_path: Path) -> None:
    data = training(write_flat_corpus(tmp_path / "hymns", 20))
    # The hash of a corpus of more pieces would choose others.
    data["held_out"] = ["hymn_03.csv", "hymn_17.csv"]
    for splits in (("valid",), ("train",), ("train", "valid")):
        corpus, (remark,) = load_divided(tmp_path / "hymns", splits, {"run": data})
        assert sources(corpus.valid) == ["hymn_03", "hymn_17"]
        assert len(corpus.train) == 18 and "hymn_03" not in sources(corpus.train)
        assert corpus.files["valid"] == ("hymn_03.csv", "hymn_17.csv")
        assert corpus.files["train"] == tuple(f"{x}.csv" for x in sources(corpus.train))
        assert remark.startswith("valid is what run held out of the corpus in training")
        assert "2 of 20 pieces" in remark


def test_what_the_index_of_a_flat_corpus_holds_out_is_not_learned(
    tmp_path: Path,
) -> None:
    folder = write_flat_corpus(tmp_path, 4)
    (folder / "index.csv").write_text("file,split\nhymn_02.csv,valid\n")
    corpus = load_corpus(folder)
    held_out = held_out_files(corpus, split_corpus(corpus)[1])
    assert held_out == ["hymn_02.csv"]
    data = {"files": dict(corpus.hashes), "held_out": held_out}
    assert learned_pieces(corpus, "valid", {"run": data}) == {}
    learned = learned_pieces(corpus, "train", {"run": data})
    assert learned == {"run": ["hymn_00.csv", "hymn_01.csv", "hymn_03.csv"]}


def test_a_corpus_without_a_training_is_split_as_one_would(tmp_path: Path) -> None:
    flat = write_flat_corpus(tmp_path / "hymns", 20)
    elsewhere = training(write_flat_corpus(tmp_path / "others", 5, random_state=9))
    train, valid, _ = split_corpus(load_corpus(flat))
    for trainings in ({}, {"run": elsewhere}):
        corpus, (remark,) = load_divided(flat, ("valid",), trainings)
        assert (corpus.train, corpus.valid) == (train, valid)
        assert "2 of its 20 chorales, chosen by content, are held out" in remark


def test_a_changed_corpus_is_noticed(tmp_path: Path) -> None:
    flat = write_flat_corpus(tmp_path / "hymns", 12)
    data = training(flat, held_out=["hymn_00.csv", "hymn_01.csv"])
    (flat / "hymn_00.csv").unlink()
    (flat / "hymn_01.csv").rename(flat / "renamed.csv")
    random = np.random.default_rng(5)
    for name in ("new", "hymn_02"):
        write_csv(tiny_chorale(random), flat / f"{name}.csv")
    corpus, remarks = load_divided(flat, ("valid",), {"run": data})
    # Pieces are recognized by content; what is new is in neither split.
    assert sources(corpus.valid) == ["renamed"]
    assert sources(corpus.train) == [f"hymn_{n:02}" for n in range(3, 12)]
    assert "1 of 12 pieces" in remarks[0]
    assert remarks[1:] == (
        "the corpus has changed since run was trained: new or changed are 2 pieces, "
        "missing or changed 2",
        "2 new pieces are in neither split: --split all has every piece",
    )
    assert len(load_undivided(flat).train) == 12


def test_of_two_models_each_learned_what_the_other_held_out(tmp_path: Path) -> None:
    flat = write_flat_corpus(tmp_path / "hymns", 10)
    first = training(flat, held_out=["hymn_00.csv", "hymn_01.csv"])
    second = training(flat, held_out=["hymn_01.csv", "hymn_02.csv"])
    corpus, remarks = load_divided(flat, ("valid",), {"a": first, "b": second})
    assert sources(corpus.valid) == ["hymn_01"]
    assert remarks[0].startswith("valid is what a and b held out of the corpus")


def test_cards_before_0_15_do_not_name_what_was_held_out(tmp_path: Path) -> None:
    flat = write_flat_corpus(tmp_path / "hymns", 20)
    data = training(flat)
    expected = data.pop("held_out")
    corpus, _ = load_divided(flat, ("valid",), {"old": data})
    assert list(corpus.files["valid"]) == expected
    # Even when pieces have been added, which would change the choice.
    write_flat_corpus(tmp_path / "more", 60, random_state=3)
    for file in (tmp_path / "more").iterdir():
        file.rename(flat / f"more_{file.name}")
    corpus, _ = load_divided(flat, ("valid",), {"old": data})
    assert list(corpus.files["valid"]) == expected
    (flat / "hymn_05.csv").unlink()
    with pytest.raises(DataError, match=r"card of old, of version 0\.14 or before"):
        load_divided(flat, ("valid",), {"old": data})


def test_a_corpus_with_splits_keeps_them(tmp_path: Path) -> None:
    for split, state in (("train", 1), ("valid", 2)):
        write_flat_corpus(tmp_path / "hymns" / split, 4, random_state=state)
    data = training(tmp_path / "hymns")
    corpus, remarks = load_divided(tmp_path / "hymns", ("valid",), {"run": data})
    assert (len(corpus.valid), corpus.train, remarks) == (4, (), ())
    (tmp_path / "hymns/valid/hymn_00.csv").unlink()
    write_flat_corpus(tmp_path / "hymns/valid/", 6, random_state=2)
    _, remarks = load_divided(tmp_path / "hymns", ("valid",), {"run": data})
    assert remarks == (
        "the corpus has changed since run was trained: new or changed are 2 pieces, "
        "missing or changed 0",
    )
    # A corpus of another name is another corpus.
    (tmp_path / "hymns").rename(tmp_path / "psalms")
    assert load_divided(tmp_path / "psalms", ("valid",), {"run": data})[1] == ()


def test_what_was_learned_is_found_by_content(tmp_path: Path) -> None:
    flat = write_flat_corpus(tmp_path / "hymns", 8)
    own = training(flat, held_out=["hymn_00.csv"])
    hashes = {f"bach/chorales/train/{k}": v for k, v in own["files"].items()}
    tuned = {
        "corpus": "psalms",
        "files": {"psalm.csv": "0" * 64, **hashes},
        "base": {"bach": "1" * 64},
        "held_out": ["psalm.csv"],
    }
    mixed = tmp_path / "mixed"
    for name in ("hymn_00.csv", "hymn_01.csv", "hymn_02.csv"):
        write_csv(read_csv(flat / name), mixed / "valid" / f"my {name}")
    # The same pitches in a file of other bytes.
    text = (mixed / "valid" / "my hymn_02.csv").read_text().replace("\n", "\r\n")
    (mixed / "valid" / "my hymn_02.csv").write_bytes(text.encode())
    write_flat_corpus(mixed / "valid", 1, random_state=7)
    corpus = load_corpus(mixed, splits=("valid",))
    learned = learned_pieces(
        corpus, "valid", {"own": own, "tuned": tuned, "other": {"files": {}}}
    )
    twice = ["valid/my hymn_01.csv", "valid/my hymn_02.csv"]
    assert learned == {"own": twice, "tuned": ["valid/my hymn_00.csv", *twice]}
    assert leakage_remarks(learned, 4)[0] == (
        "2 of the 4 pieces are in the training data of own, note for note: "
        "valid/my hymn_01.csv and valid/my hymn_02.csv"
    )
    (remark,) = leakage_remarks({"own": [f"{n}.csv" for n in range(8)]}, 9)
    assert remark.endswith("0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 3 others")


def test_shards_keep_the_splits_that_they_were_written_in(tmp_path: Path) -> None:
    pieces = load_corpus(write_flat_corpus(tmp_path / "hymns", 6)).train
    splits = ["train"] * 4 + ["valid"] * 2
    write_shards(zip(splits, pieces, strict=True), tmp_path / "shards")
    write_shards([("train", piece) for piece in pieces], tmp_path / "train")
    data = training(tmp_path / "hymns", held_out=["hymn_05.csv"])
    corpus, remarks = load_divided(tmp_path / "shards", ("valid",), {"run": data})
    assert (sources(corpus.valid), remarks) == (["hymn_04", "hymn_05"], ())
    assert learned_pieces(corpus, "valid", {"run": data}) == {"run": ["hymn_04"]}
    corpus, remarks = load_divided(tmp_path / "train", ("train",), {"run": data})
    assert (len(corpus.train), remarks) == (6, ())
    whole = load_undivided(tmp_path / "shards")
    assert len(whole.train) == 6
    assert len(learned_pieces(whole, "train", {"run": data})["run"]) == 5


def test_the_hash_of_pitches_is_that_of_their_file(tmp_path: Path) -> None:
    file = write_flat_corpus(tmp_path, 1) / "hymn_00.csv"
    assert csv_sha256(read_csv(file)) == sha256(file)

"""Corpora: found in every layout, held out by content, described."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bach import all_chorales, few_chorales
from command_line import run_command
from entries import ENTRY

from chorale.corpus.index import Entry, format_metres, read_index, write_index
from chorale.corpus.loading import (
    SPLITS,
    bundled_corpus,
    hold_out,
    load_corpus,
    load_entry,
    present_splits,
    unseen_melodies,
)
from chorale.corpus.shards import write_shards
from chorale.corpus.statistics import Melodies, describe
from chorale.errors import DataError
from chorale.formats.classic_csv import write_annotations, write_csv
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.score import Chorale
from chorale.utils.files import sha256

HEADER = "note0,note1,note2,note3\n"


def chorale_of(*rows: tuple[int, int, int, int], **fields: object) -> Chorale:
    return Chorale(pitches=np.array(rows), **fields)  # type: ignore[arg-type]


# === Corpus ===


def write_pieces(folder: Path, *names: str) -> None:
    for offset, name in enumerate(names):
        row = (72 + offset, 67, 60, 48)
        write_csv(chorale_of(row, row), folder / name)


def test_public_layout_loads_with_any_of_its_splits(tmp_path: Path) -> None:
    write_pieces(tmp_path / "train", "chorale_001.csv", "chorale_000.csv")
    write_pieces(tmp_path / "valid", "chorale_229.csv", "._chorale_229.csv")
    (tmp_path / "train" / "README.txt").write_text("no piece")
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in corpus.train] == ["chorale_000", "chorale_001"]
    assert [piece.source for piece in corpus.valid] == ["chorale_229"]
    assert corpus.test == ()
    assert set(corpus.hashes) == {
        "train/chorale_000.csv",
        "train/chorale_001.csv",
        "valid/chorale_229.csv",
    }
    for name, value in corpus.hashes.items():
        assert value == sha256(tmp_path / name)


def test_progress_counts_the_files(tmp_path: Path) -> None:
    write_pieces(tmp_path / "train", "a.csv", "b.csv")
    write_pieces(tmp_path / "test", "c.csv")
    seen: list[tuple[int, int]] = []
    load_corpus(
        tmp_path, splits=("train",), progress=lambda *counts: seen.append(counts)
    )
    assert seen == [(1, 2), (2, 2)]


def test_a_flat_folder_is_all_train(tmp_path: Path) -> None:
    write_pieces(tmp_path, "b.csv", "a.CSV")
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in corpus.train] == ["a", "b"]
    assert corpus.valid == corpus.test == ()


@pytest.mark.parametrize("below", ["", "chorales"])
def test_annotations_and_index_are_used_if_there_are_any(
    tmp_path: Path, below: str
) -> None:
    struck = chorale_of(
        (72, 67, 60, 48),
        (72, 67, 60, 48),
        onsets=np.ones((2, 4), bool),
        bars=np.array([0, 0]),
        positions=np.array([14, 15]),
    )
    piece = Path(below, "train", "one.csv")
    write_csv(struck, tmp_path / piece)
    write_csv(struck, tmp_path / below / "train" / "two.csv")
    write_annotations(struck, tmp_path / "annotations" / "train" / "one.csv")
    entry = replace(
        ENTRY, file=piece.as_posix(), metre="4/4", pickup=2, key="C major", steps=2
    )
    write_index([entry], tmp_path)
    corpus = load_corpus(tmp_path)
    first, second = corpus.train
    assert first == replace(struck, key=Key("C", "major"))
    assert (first.source, first.title) == ("bwv253", ENTRY.title)
    assert load_entry(entry, tmp_path) == first
    assert not second.onsets[1].any()
    assert second.positions.tolist() == [0, 1]
    assert set(corpus.hashes) == {
        "index.csv",
        piece.as_posix(),
        piece.with_name("two.csv").as_posix(),
        "annotations/train/one.csv",
    }


def test_the_index_gives_bars_where_annotations_are_missing(tmp_path: Path) -> None:
    write_pieces(tmp_path, "one.csv")
    write_index([replace(ENTRY, file="one.csv", metre="3/4", pickup=1)], tmp_path)
    (chorale,) = load_corpus(tmp_path).train
    assert chorale.positions.tolist() == [11, 0]
    assert chorale.bars.tolist() == [0, 1]


def test_an_index_by_hand_just_works(tmp_path: Path) -> None:
    write_pieces(tmp_path, "a.csv", "b.csv", "c.csv")
    (tmp_path / "index.csv").write_text(
        "file,key,metre,pickup\na.csv,Eb major,3/4,1\nb.csv,,,\n"
    )
    first, second, third = load_corpus(tmp_path).train
    assert first.key == Key("Eb", "major")
    assert (first.metre.name, first.pickup) == ("3/4", 1)
    for piece in (second, third):
        assert piece.key is None
        assert (piece.metre.name, piece.pickup) == ("4/4", 0)


def test_the_index_splits_a_flat_folder(tmp_path: Path) -> None:
    write_pieces(tmp_path, "a.csv", "b.csv", "c.csv", "d.csv")
    (tmp_path / "index.csv").write_text(
        "file,split\na.csv,valid\nc.csv,train\nd.csv,valid\n"
    )
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in corpus.train] == ["b", "c"]
    assert [piece.source for piece in corpus.valid] == ["a", "d"]
    (tmp_path / "a.csv").write_text("damaged")
    assert load_corpus(tmp_path, splits=("train",)).valid == ()
    found = load_corpus(tmp_path, strict=False)
    assert found.files == {"train": ("b.csv", "c.csv"), "valid": ("d.csv",), "test": ()}
    assert present_splits(tmp_path) == ("train", "valid")


def test_an_index_that_contradicts_the_folder_is_refused(tmp_path: Path) -> None:
    write_pieces(tmp_path / "train", "a.csv")
    (tmp_path / "index.csv").write_text("file,split\ntrain/a.csv,valid\n")
    with pytest.raises(DataError, match=r"index\.csv, column split: .*train/a\.csv"):
        load_corpus(tmp_path)
    (tmp_path / "index.csv").write_text("file,metre\na.csv,3/4\n")
    with pytest.raises(DataError, match=r"such as train/a\.csv, got a\.csv"):
        load_corpus(tmp_path)


def test_bars_of_annotations_give_the_metre(tmp_path: Path) -> None:
    waltz = Chorale(
        pitches=np.tile([72, 67, 64, 48], (44, 1)),
        metres=(Metre(3, 4),),
        bars=np.repeat([0, 1, 2, 3], [4, 12, 12, 16]),
        positions=np.concatenate([range(8, 12), range(12), range(12), range(16)]),
    )
    write_csv(waltz, tmp_path / "a.csv")
    write_annotations(waltz, tmp_path / "annotations" / "a.csv")
    for index in ("", "file,key\na.csv,C major\n"):
        if index:
            (tmp_path / "index.csv").write_text(index)
        (piece,) = load_corpus(tmp_path).train
        assert format_metres(piece.metres) == "3/4 4/4@28"
        assert piece.pickup == 4


def test_folders_without_pieces_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "index.csv").write_text("")
    for folder in (tmp_path, tmp_path / "missing", tmp_path / "notes.txt"):
        with pytest.raises(DataError, match="expected") as caught:
            load_corpus(folder)
        assert caught.value.path == folder
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="expected CSV files"):
        load_corpus(tmp_path)


def test_a_bad_file_is_raised_or_collected(tmp_path: Path) -> None:
    write_pieces(tmp_path, "good.csv")
    (tmp_path / "bad.csv").write_text(HEADER + "1,2,3,NaN\n")
    with pytest.raises(DataError, match=r"bad\.csv, row 2, column note3"):
        load_corpus(tmp_path)
    corpus = load_corpus(tmp_path, strict=False)
    assert [piece.source for piece in corpus.train] == ["good"]
    assert len(corpus.refused) == 1
    assert "bad.csv, row 2, column note3" in corpus.refused[0]
    assert set(corpus.hashes) == {"good.csv"}


def test_split_names_what_there_is(tmp_path: Path) -> None:
    write_pieces(tmp_path / "train", "one.csv")
    corpus = load_corpus(tmp_path)
    assert corpus.split("train") == corpus.train
    for name in ("test", "path"):
        with pytest.raises(DataError, match=rf"\(train\), got '{name}'"):
            corpus.split(name)


def test_unseen_melodies_are_those_that_train_does_not_have(tmp_path: Path) -> None:
    # The index need not be in the order of the files.
    tunes = {"valid/c": 3, "train/a": 1, "valid/b": 1, "valid/d": 2, "train/e": 4}
    for name in tunes:
        write_pieces(tmp_path / name[:5], f"{name[6:]}.csv")
    write_index(
        [
            replace(
                ENTRY,
                file=f"{name}.csv",
                split=name[:5],
                bwv=name[6:],
                metre="4/4",
                tune_group=tune,
            )
            for name, tune in tunes.items()
        ],
        tmp_path,
    )
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in unseen_melodies(corpus, "valid")] == [
        "bwvc",
        "bwvd",
    ]
    with pytest.raises(DataError, match="got 'test'"):
        unseen_melodies(corpus, "test")


def test_unseen_melodies_are_found_in_the_notes_without_an_index(
    tmp_path: Path,
) -> None:
    first, second, third = few_chorales().train[:3]
    write_csv(first, tmp_path / "train" / "a.csv")
    write_csv(second, tmp_path / "train" / "b.csv")
    write_csv(third, tmp_path / "valid" / "c.csv")
    write_csv(first.transpose(2), tmp_path / "valid" / "d.csv")
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in unseen_melodies(corpus, "valid")] == ["c"]
    # A tune group of 0 is unknown.
    (tmp_path / "index.csv").write_text("file,tune_group\ntrain/a.csv,1\n")
    corpus = load_corpus(tmp_path)
    assert [piece.source for piece in unseen_melodies(corpus, "valid")] == ["c"]
    with pytest.raises(DataError, match="expected a train split, or an index"):
        unseen_melodies(load_corpus(tmp_path, splits=("valid",)), "valid")


# === Holding out ===


def pieces(count: int) -> list[Chorale]:
    return [chorale_of((60 + index, 55, 50, 45)) for index in range(count)]


def test_hold_out_takes_a_tenth_whatever_the_order() -> None:
    train, valid = hold_out(pieces(40))
    assert (len(train), len(valid)) == (36, 4)
    _, again = hold_out(pieces(40)[::-1])
    assert {piece.pitches[0, 0] for piece in valid} == {
        piece.pitches[0, 0] for piece in again
    }


def test_hold_out_keeps_equal_pieces_together() -> None:
    train, valid = hold_out(pieces(12) + pieces(12))
    assert len(valid) == 2
    assert not any(piece in valid for piece in train)


def test_hold_out_needs_two_different_pieces() -> None:
    train, valid = hold_out(pieces(2))
    assert len(train) == len(valid) == 1
    for too_few in ([], pieces(1), pieces(1) * 3):
        with pytest.raises(DataError, match="at least two different chorales"):
            hold_out(too_few)


# === Statistics ===


def test_describe_counts(tmp_path: Path) -> None:
    struck = chorale_of(
        (72, 67, 60, 0), (72, 67, 62, 0), onsets=np.array([[1, 1, 1, 0]] * 2, bool)
    )
    write_csv(struck, tmp_path / "train" / "one.csv")
    write_annotations(struck, tmp_path / "annotations" / "train" / "one.csv")
    write_pieces(tmp_path / "test", "two.csv")
    description = describe(load_corpus(tmp_path))
    assert description.pieces == {"train": 1, "valid": 0, "test": 1}
    assert description.steps == {"train": 2, "valid": 0, "test": 2}
    assert description.ranges["tenor"] == (60, 62)
    assert description.ranges["bass"] == (48, 48)
    assert description.rests == {"soprano": 0, "alto": 0, "tenor": 0, "bass": 0.5}
    assert description.repeated_onsets == pytest.approx(2 / 10)
    assert description.keys == {"unknown": 2}
    assert description.metres == {"4/4": 1, "unknown": 1}
    assert description.fermatas == 0


def test_describe_says_what_is_estimated_and_what_is_missing(tmp_path: Path) -> None:
    write_pieces(tmp_path, "a.csv", "b.csv", "c.csv")
    (tmp_path / "index.csv").write_text(
        "file,split,key,metre,estimated,off_grid\n"
        "a.csv,train,C major,3/4,key metre,2\n"
        "b.csv,valid,,3/4,metre,\n"
        "gone.csv,,,,,\n"
    )
    description = describe(load_corpus(tmp_path))
    assert description.pieces == {"train": 2, "valid": 1, "test": 0}
    assert description.keys == {"unknown": 2, "C major": 1}
    assert description.metres == {"3/4": 2, "unknown": 1}
    assert description.estimated == {"key": 1, "metre": 2}
    assert (description.notes, description.off_grid) == (12, 2)
    assert description.without_row == ("c.csv",)
    assert description.without_file == ("gone.csv",)


def test_shards_are_described_and_their_melodies_compared(tmp_path: Path) -> None:
    first, second = few_chorales().train[:2]
    splits = {"train": first, "valid": second, "test": first.transpose(1)}
    write_shards(splits.items(), tmp_path)
    write_index(
        [Entry(file=f"{split}/a.csv", split=split) for split in splits], tmp_path
    )
    corpus = load_corpus(tmp_path)
    description = describe(corpus)
    assert description.pieces == {"train": 1, "valid": 1, "test": 1}
    assert description.melodies.in_train == {"valid": 0, "test": 1}
    assert description.without_row == description.without_file == ()
    assert "unknown" not in description.metres
    assert len(unseen_melodies(corpus, "valid")) == 1
    assert unseen_melodies(corpus, "test") == ()


def test_describe_finds_melodies_of_train_elsewhere(tmp_path: Path) -> None:
    first, second, third = few_chorales().train[:3]
    names = {"train/a": first, "train/b": second, "train/c": second}
    names |= {"valid/d": first.transpose(2), "valid/e": third, "test/f": third}
    for name, piece in names.items():
        write_csv(piece, tmp_path / f"{name}.csv")
    melodies = describe(load_corpus(tmp_path)).melodies
    assert melodies == Melodies(
        groups=3, stated=False, largest=2, in_train={"valid": 1, "test": 0}
    )
    rows = [f"{name}.csv,{place}" for place, name in enumerate(names, 1)]
    (tmp_path / "index.csv").write_text("\n".join(["file,tune_group", *rows]))
    melodies = describe(load_corpus(tmp_path)).melodies
    assert melodies == Melodies(
        groups=6, stated=True, largest=1, in_train={"valid": 0, "test": 0}
    )


def test_describe_command_prints_json_and_refusals(tmp_path: Path) -> None:
    write_pieces(tmp_path, "good.csv")
    (tmp_path / "bad.csv").write_text(HEADER)
    result = run_command("corpus", "describe", tmp_path, "--json")
    assert result.returncode == 0
    answer = json.loads(result.stdout)
    assert answer["pieces"] == {"train": 1, "valid": 0, "test": 0}
    assert "bad.csv" in answer["refused"][0]
    text = run_command("corpus", "describe", tmp_path).stdout
    assert "refused files: 1" in text
    assert "bad.csv: expected rows below the header" in text
    assert any(
        line.split() == ["soprano", "C5", "C5", "0.0%"] for line in text.splitlines()
    )


def test_describe_command_says_what_is_not_known(tmp_path: Path) -> None:
    write_pieces(tmp_path, *(f"{number}.csv" for number in range(8)))
    (tmp_path / "index.csv").write_text(
        "file,split,metre,estimated,off_grid\n"
        "0.csv,train,3/4,metre,3\n1.csv,valid,,,\ngone.csv,train,,,\n"
    )
    lines = run_command("corpus", "describe", tmp_path).stdout.splitlines()
    for line in (
        "keys: unknown 8",
        "metres: unknown 7, 3/4 1",
        "estimated from the notes: key 0, metre 1",
        "  bars of an unknown metre are counted in 4/4",
        "different melodies: 8, by the notes",
        "  in train too: the melodies of 0 of 1 piece of valid",
        "notes moved to the grid of sixteenths: 9.38%",
        "without a row in the index: 2.csv, 3.csv, 4.csv, 5.csv, 6.csv and 1 more",
        "in the index, but not there: gone.csv",
    ):
        assert line in lines


def test_describe_command_fails_if_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("")
    result = run_command("corpus", "describe", tmp_path)
    assert result.returncode == DataError.exit_code
    assert "none of its files can be read" in result.stderr
    assert "refused files: 1" in result.stdout


# === The bundled corpus ===


def test_bundled_corpus_is_what_its_index_says() -> None:
    folder = bundled_corpus()
    entries = read_index(folder)
    corpus = all_chorales()
    loaded = {piece.source: piece for split in SPLITS for piece in corpus.split(split)}
    assert len(loaded) == len(entries) == 387
    for entry in entries:
        assert corpus.hashes[entry.file] == entry.sha256
        chorale = loaded[f"bwv{entry.bwv}"]
        assert chorale.steps == entry.steps
        assert chorale.pickup == entry.pickup
        assert format_metres(chorale.metres) == entry.metre
        assert chorale.key is not None
        assert (chorale.key.name, chorale.title) == (entry.key, entry.title)
    assert len(corpus.hashes) == 1 + 2 * len(entries)


def test_the_figures_of_the_bundled_readme_hold() -> None:
    text = (bundled_corpus() / "README.md").read_text(encoding="utf-8")
    description = describe(all_chorales())
    for split in SPLITS:
        row = (
            f"| {split} | {description.pieces[split]} | {description.steps[split]:,} |"
        )
        assert row in text
    assert f"{sum(description.pieces.values())} chorales" in text
    assert description.melodies.stated
    assert description.melodies.in_train["test"] == 42
    assert description.estimated == {"key": 0, "metre": 0}
    assert description.without_row == description.without_file == ()

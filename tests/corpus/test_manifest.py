"""The manifest names every score once, and keeps test music out of train."""

from __future__ import annotations

from chorale.corpus.bach import score_folder
from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus
from chorale.corpus.manifest import read_manifest


def test_index_lists_the_manifests_pieces() -> None:
    pieces = [row for row in read_manifest() if not row.excluded]
    index = {entry.file: entry for entry in read_index(bundled_corpus())}
    assert sorted(index) == sorted(row.file for row in pieces)
    for row in pieces:
        entry = index[row.file]
        assert (entry.split, entry.bwv, entry.score) == (row.split, row.bwv, row.score)
        assert (entry.title, str(entry.tune_group)) == (row.title, row.tune_group)
        assert row.title


def test_manifest_names_every_score_once() -> None:
    scores = [row.score for row in read_manifest() if row.score]
    present = [
        path.name
        for path in score_folder().iterdir()
        if path.suffix in (".mxl", ".xml", ".krn")
    ]
    assert sorted(scores) == sorted(present)


def test_train_holds_no_alternate_of_a_test_or_valid_piece() -> None:
    rows = read_manifest()
    kept = [row for row in rows if not row.excluded]
    away = {row.bwv for row in kept if row.split in ("valid", "test")}
    alternates = [row for row in rows if row.alternate_of in away]
    assert {row.score for row in alternates} >= {
        "bwv112.5-sc.mxl",
        "bwv120.8-a.mxl",
        "bwv171.6.mxl",
        "bwv366.krn",
        "bwv69.6-a.mxl",
        "bwv281.krn",
        "bwv324.mxl",
        "bwv414.mxl",
        "bwv176.6.mxl",
    }
    assert all(row.excluded for row in alternates)
    assert not {row.bwv for row in kept if row.split == "train"} & away


def test_the_five_missing_pieces_are_listed() -> None:
    missing = [row.number for row in read_manifest() if not row.score]
    assert missing == ["025", "067", "113", "170", "285"]


def test_no_reserved_score_is_used() -> None:
    used = [row.score for row in read_manifest() if not row.excluded]
    assert not [name for name in used if name.endswith(".krn")]

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bach import all_chorales
from strategies import little_chorale

from chorale.corpus import loading as corpus
from chorale.corpus.seeds import find_seed, numbered_seeds
from chorale.errors import DataError, UsageError
from chorale.formats.classic_csv import write_csv
from chorale.sampling.openings import find_start

# === Which chorale a name stands for ===


def test_the_numbered_seeds_are_the_test_split_in_order() -> None:
    test = all_chorales().test
    assert [f"bwv{entry.bwv}" for entry in numbered_seeds()] == [
        chorale.source for chorale in test
    ]
    assert find_seed("1") == test[0]
    assert find_seed(str(len(test))) == test[-1]


@pytest.mark.parametrize("number", ["0", "78", "-1", "999999999"])
def test_a_number_out_of_range_says_how_many_there_are(number: str) -> None:
    with pytest.raises(UsageError, match=f"a seed from 1 to 77, got {number}"):
        find_seed(number)


def test_any_bundled_chorale_has_its_catalogue_number() -> None:
    for chorale in (all_chorales().train[0], all_chorales().valid[-1]):
        assert find_seed(chorale.source) == chorale
        upper = chorale.source.upper().replace("BWV", "BWV ")
        assert find_seed(upper) == chorale


@pytest.mark.parametrize("name", ["bwv9999", "no such.mid", "", "3.5", "None"])
def test_an_unknown_name_says_what_would_do(name: str) -> None:
    with pytest.raises(UsageError, match=r"from 1 to 77 .* bwv253, a MIDI, "):
        find_seed(name)


def test_a_file_is_read(tmp_path: Path) -> None:
    chorale = little_chorale()
    write_csv(chorale, tmp_path / "own.csv")
    found = find_seed(str(tmp_path / "own.csv"))
    assert found is not None
    assert np.array_equal(found.pitches, chorale.pitches)


def test_a_file_that_is_no_chorale_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("note0,note1,note2\n60,60,60\n")
    with pytest.raises(DataError, match=r"own\.csv, row 1: expected the columns"):
        find_seed(str(path))


def test_none_is_no_chorale() -> None:
    assert find_seed("none") is None


def test_only_one_chorale_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = corpus.read_csv

    def counting(path: Path) -> corpus.Chorale:
        read.append(path)
        return original(path)

    monkeypatch.setattr(corpus, "read_csv", counting)
    find_start("3")
    find_start("bwv253")
    find_start("none")
    assert len(read) == 3

"""The journal of an import: what a killed process leaves is enough to continue."""

from __future__ import annotations

from pathlib import Path

import pytest
from hymns import hymn

from chorale.corpus.importing.journal import journal_path, open_journal
from chorale.corpus.importing.pieces import Outcome, PieceOptions, read_source
from chorale.corpus.importing.sources import Source
from chorale.errors import OutputError

SETTINGS = {"version": "1", "off_grid": 0.1}


def outcome(tmp_path: Path, number: int) -> Outcome:
    path = tmp_path / f"{number}.abc"
    path.write_text(hymn(number, title="Ünited\nnames", last="{d}c4"))
    source = Source(name=path.name, path=path, place=(path.name,))
    return read_source(source, PieceOptions())


def test_outcomes_come_back_as_they_were(tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    outcomes = {f"id{number}": outcome(tmp_path, number) for number in (1, 2)}
    with open_journal(output, SETTINGS) as journal:
        for identity, each in outcomes.items():
            journal.add(identity, each)
        assert journal.outcome("id1") == outcomes["id1"]
    with open_journal(output, SETTINGS) as journal:
        assert len(journal) == 2
        assert "id3" not in journal
        for identity, each in outcomes.items():
            assert journal.outcome(identity) == each
        journal.remove()
    assert not journal_path(output).exists()


def test_a_line_that_was_cut_is_dropped(tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    first, second = outcome(tmp_path, 1), outcome(tmp_path, 2)
    with open_journal(output, SETTINGS) as journal:
        journal.add("first", first)
        journal.add("second", second)
    path = journal_path(output)
    path.write_bytes(path.read_bytes()[:-20])
    with open_journal(output, SETTINGS) as journal:
        assert "first" in journal
        assert "second" not in journal
        journal.add("second", second)
    with open_journal(output, SETTINGS) as journal:
        assert journal.outcome("first") == first
        assert journal.outcome("second") == second


def test_other_settings_begin_again(tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    with open_journal(output, SETTINGS) as journal:
        journal.add("first", outcome(tmp_path, 1))
    with open_journal(output, {**SETTINGS, "off_grid": 0.2}) as journal:
        assert "first" not in journal
        assert not len(journal)


def test_a_file_that_is_no_journal_begins_again(tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    journal_path(output).write_bytes(b"\xff\x00 some words")
    with open_journal(output, SETTINGS) as journal:
        assert not len(journal)
        journal.add("first", outcome(tmp_path, 1))
    with open_journal(output, SETTINGS) as journal:
        assert "first" in journal


def test_two_imports_do_not_share_a_journal(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    output = tmp_path / "corpus"
    with open_journal(output, SETTINGS) as journal:
        journal.add("first", outcome(tmp_path, 1))
        with (
            pytest.raises(OutputError, match="another import into this folder"),
            open_journal(output, SETTINGS),
        ):
            pass
        assert "first" in journal
    with open_journal(output, SETTINGS) as journal:
        assert "first" in journal


def test_other_failures_of_an_import_are_not_those_of_its_journal(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(ConnectionResetError, match="cluster"),
        open_journal(tmp_path / "corpus", SETTINGS),
    ):
        raise ConnectionResetError("cluster")


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with open_journal(tmp_path / "corpus", SETTINGS) as journal:
        monkeypatch.setattr(journal, "_append", fail)
        with pytest.raises(OutputError, match=r"corpus\.unfinished.*No space"):
            journal.add("first", outcome(tmp_path, 1))

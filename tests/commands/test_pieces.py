"""Pieces by name: bundled chorales, which options about files do not fit, and files."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from strategies import little_chorale
from typer.testing import CliRunner

from chorale.commands import reading_options as reading
from chorale.commands.pieces import find_bundled_piece, find_piece
from chorale.errors import DataError, UsageError
from chorale.formats.files import write
from chorale.formats.reading import Reading
from chorale.music.keys import Key
from chorale.music.score import Chorale


def find(*words: str) -> tuple[Reading, Chorale | None, str]:
    """Find a piece by the words of a command: in both ways, and what is said."""
    app = typer.Typer()
    found: list[Reading | Chorale | None] = []

    @app.command()
    def command(
        context: typer.Context,
        name: str,
        key: reading.KeyName = None,
        tempo: reading.Tempo = None,
        parts: reading.Parts = None,
        track: reading.Track = None,
        tune: reading.Tune = None,
        source_format: reading.From = None,
    ) -> None:
        found.append(find_piece(context, name))
        found.append(find_bundled_piece(context, name))

    done = CliRunner().invoke(app, words)
    if done.exception is not None:
        raise done.exception
    piece, bundled = found
    assert isinstance(piece, Reading) and not isinstance(bundled, Reading)
    return piece, bundled, done.stderr


def test_a_bundled_chorale_is_found_in_silence() -> None:
    piece, bundled, said = find("bwv253")
    assert bundled is not None and piece.chorale.title == bundled.title
    assert (piece.chorale.pitches == bundled.pitches).all()
    assert said == ""


def test_key_and_tempo_fit_a_bundled_chorale() -> None:
    piece, bundled, _ = find("bwv253", "--tempo", "61", "--key", "B minor")
    for chorale in (piece.chorale, bundled):
        assert chorale is not None
        assert (chorale.tempo, chorale.key) == (61, Key("B", "minor"))


@pytest.mark.parametrize(
    "option", ["--from midi", "--parts 1,2,3,4", "--track 2", "--tune 3"]
)
def test_options_about_files_do_not(option: str) -> None:
    name = option.split()[0]
    with pytest.raises(UsageError, match=f"{name} is for files, got .* bwv253"):
        find("bwv253", *option.split())


def test_a_file_is_read_with_its_options_and_remarks(tmp_path: Path) -> None:
    path = tmp_path / "hymn.csv"
    write(little_chorale(), path)
    piece, bundled, said = find(str(path), "--tempo", "61")
    assert bundled is None
    assert piece.chorale.tempo == 61
    assert said.splitlines() == [f"note: {remark}" for remark in piece.remarks()]
    assert "there is no key signature" in said


def test_neither_a_file_nor_a_chorale(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.mid"):
        find(str(tmp_path / "none.mid"))
    with pytest.raises(UsageError, match="bwv99999"):
        find("bwv99999")

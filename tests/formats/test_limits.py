"""Limits: each reader refuses a file that is too large, before it reads it whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.formats import limits
from chorale.formats.abc.reader import read_tune
from chorale.formats.humdrum.reader import read_humdrum
from chorale.formats.midi.reader import read_midi
from chorale.formats.musicxml.reader import read_musicxml

READERS = {
    read_midi: limits.MIDI_BYTES,
    read_musicxml: limits.MUSICXML_BYTES,
    read_tune: limits.ABC_BYTES,
    read_humdrum: limits.HUMDRUM_BYTES,
}


@pytest.mark.parametrize("read", READERS)
def test_large_files_are_refused(tmp_path: Path, read: type) -> None:
    path, most = tmp_path / "large", READERS[read]
    for size, message in ((most + 1, f"of at most {most >> 20} MiB"), (0, "expected")):
        with path.open("wb") as file:
            file.truncate(size)  # zeros, without room on the disk
        with pytest.raises(DataError, match=message) as caught:
            read(path)
        assert caught.value.path == path


@pytest.mark.parametrize("read", READERS)
def test_missing_files_are_named(tmp_path: Path, read: type) -> None:
    with pytest.raises(DataError, match=r"none: expected .*[nN]o such file"):
        read(tmp_path / "none")


def test_abc_of_endless_notes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.abc"
    path.write_text("X:1\nM:4/4\nL:1/16\nK:C\nC16|Z6300|C16|\n")
    with pytest.raises(DataError, match=f"at most {limits.MOST_STEPS} sixteenths"):
        read_tune(path)

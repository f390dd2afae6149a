"""Humdrum **kern as written, and as it is read again."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from strategies import chorales, little_chorale

from chorale.errors import OutputError
from chorale.formats.files import read, read_spelled
from chorale.formats.humdrum.writer import write_humdrum
from chorale.formats.notation import notate
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note


def rows(chorale: Chorale) -> list[str]:
    """Return the rows of the file, tabs as spaces."""
    with tempfile.TemporaryDirectory() as folder:
        write_humdrum(chorale, Path(folder) / "a.krn")
        text = (Path(folder) / "a.krn").read_text(encoding="utf-8")
    return text.replace("\t", " ").splitlines()


def round_trip(chorale: Chorale) -> Chorale:
    with tempfile.TemporaryDirectory() as folder:
        write_humdrum(chorale, Path(folder) / "a.krn")
        return read(Path(folder) / "a.krn")


def placed(chorale: Chorale) -> Chorale:
    """Return a chorale without the fermatas that **kern does not hold."""
    fermatas = chorale.fermatas.copy()
    for start, end in notate(chorale).unplaced:
        fermatas[start:end] = False
    return replace(chorale, fermatas=fermatas)


def short_rest() -> Chorale:
    """Return a bar of 3/2, then one of 16 sixteenths in which three voices rest."""
    metres = (Metre(3, 2),)
    bars, positions = number_bars(40, metres)
    soprano = [Note(60, 0, 24), Note(62, 24, 4), Note(64, 28, 12)]
    return Chorale.from_notes(
        [soprano, [], [], [Note(48, 0, 24)]],
        40,
        bars=bars,
        positions=positions,
        metres=metres,
        key=Key("C", "major"),
    )


@given(chorales())
@example(little_chorale())
@example(short_rest())
def test_music_comes_back(chorale: Chorale) -> None:
    found = round_trip(chorale)
    for name in ("pitches", "onsets", "metres", "key", "pickup", "title", "tempo"):
        expected, got = getattr(chorale, name), getattr(found, name)
        assert np.array_equal(expected, got), name
    assert found == placed(chorale)


def test_a_chorale_as_text() -> None:
    lines = rows(little_chorale())
    assert lines[:12] == [
        "!!!OTL: Schmücke dich, 聖歌",
        "**kern **kern **kern **kern",
        "*Ibass *Itenor *Ialto *Isoprn",
        '*I"Bass *I"Tenor *I"Alto *I"Soprano',
        "*clefF4 *clefGv2 *clefG2 *clefG2",
        "*k[] *k[] *k[] *k[]",
        "*a: *a: *a: *a:",
        "*M4/4 *M4/4 *M4/4 *M4/4",
        "*MM72 *MM72 *MM72 *MM72",
        "4AA 4c 4e 4a",  # a pickup follows no barline
        "=1 =1 =1 =1",
        "4E 4G# 8eL 4b",
    ]
    assert lines[12] == ". . 8dJ ."
    assert lines[-4:] == [
        "2.E; 2.B 2.e 2.g#;",
        "== == == ==",
        "*- *- *- *-",
        "!!!ENC: chorale",
    ]
    # The alto is tied over the barline of bar 3, the bass rests before it.
    assert "4r 4E [4c 4a" in lines
    assert "4C 8.c 4c] 4g" in [line.replace("L", "") for line in lines]


def test_a_piece_without_a_pickup_begins_with_a_barline_without_a_line() -> None:
    chorale = little_chorale().excerpt(4, 20)
    assert "=1- =1- =1- =1-" in rows(chorale)
    assert round_trip(chorale) == chorale


def test_a_key_that_is_unknown_is_not_written() -> None:
    lines = rows(little_chorale(key=None))
    assert not any("*k[" in line or "*a:" in line for line in lines)


@pytest.mark.parametrize(
    ("key", "signature", "name"),
    [("Bb major", "*k[b-e-]", "*B-:"), ("C# minor", "*k[f#c#g#d#]", "*c#:")],
)
def test_keys(key: str, signature: str, name: str) -> None:
    chorale = little_chorale(key=Key.parse(key))
    lines = rows(chorale)
    assert " ".join([signature] * 4) in lines
    assert " ".join([name] * 4) in lines
    assert round_trip(chorale).key == Key.parse(key)


def test_metres_change_after_a_barline() -> None:
    metres = (Metre(4, 4), Metre(3, 4, 16))
    bars, positions = number_bars(28, metres)
    line = [Note(60, start, 4) for start in range(0, 28, 4)]
    chorale = Chorale.from_notes(
        [line, [], [], [Note(48, 0, 28)]],
        28,
        bars=bars,
        positions=positions,
        metres=metres,
        key=Key("C", "major"),
    )
    lines = rows(chorale)
    assert lines[lines.index("=2 =2 =2 =2") + 1] == "*M3/4 *M3/4 *M3/4 *M3/4"
    assert round_trip(chorale) == chorale


def test_an_upbeat_after_a_change_of_metre_is_one() -> None:
    metres = (Metre(3, 4), Metre(4, 4, 20))
    bars = np.repeat([1, 2, 3, 4], [12, 8, 4, 16])
    positions = np.concatenate([np.arange(12), np.arange(8), np.arange(12, 16)])
    line = [Note(60, start, 4) for start in range(0, 40, 4)]
    chorale = Chorale.from_notes(
        [line, [], [], [Note(48, 0, 40)]],
        40,
        bars=bars,
        positions=np.concatenate([positions, np.arange(16)]),
        metres=metres,
        key=Key("C", "major"),
    )
    assert "=|| =|| =|| =||" in rows(chorale)
    assert round_trip(chorale) == chorale


def test_lyrics_are_spines_to_the_right_of_their_voices() -> None:
    words = [
        (0, 0, 1, "Wach", True),
        (4, 0, 1, "et", False),
        (8, 0, 1, "-*auf-", False),
    ]
    words += [(0, 0, 2, ".", False), (12, 0, 2, "ruft uns &", False)]
    words += [(0, 3, 1, "=1", False)]
    lyrics = tuple(
        Lyric(step=step, voice=voice, verse=verse, text=text, joined=joined)
        for step, voice, verse, text, joined in words
    )
    chorale = replace(little_chorale(), lyrics=lyrics)
    lines = rows(chorale)
    assert "**kern **text **kern **kern **kern **text **text" in lines
    assert "4AA &#61;1 4c 4e 4a Wach- &#46;" in lines
    assert round_trip(chorale).lyrics == chorale.lyrics


def test_the_key_of_an_own_file_is_certain(tmp_path: Path) -> None:
    chorale = little_chorale(key=Key("F#", "minor"))
    write_humdrum(chorale, tmp_path / "a.krn")
    assert read(tmp_path / "a.krn").key == Key("F#", "minor")
    other = (tmp_path / "a.krn").read_text(encoding="utf-8").replace("chorale", "x")
    (tmp_path / "b.krn").write_text(other, encoding="utf-8")
    found = read_spelled(tmp_path / "b.krn")
    assert found.chorale.key != Key("F#", "minor")
    assert any("F# minor" in remark for remark in found.remarks())


@pytest.mark.parametrize(
    "credit",
    [
        "Johann Sebastian Bach",
        "Opening by Bach (BWV 253), bar 1; then chorale",
        "A & B",
    ],
)
def test_the_credit_comes_back(credit: str) -> None:
    assert round_trip(little_chorale(credit=credit)).credit == credit


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_humdrum(little_chorale(), tmp_path / "file" / "a.krn")

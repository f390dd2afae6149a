"""What a user says about a file: its format, parts, key and tempo."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from command_line import run_command
from strategies import little_chorale

from chorale.formats.files import read, write
from chorale.music.keys import Key

TUNE = "X:1\nT:Own\nM:4/4\nL:1/4\nK:G\nG A B G | c B A2 | B A G2 |]\n"


def test_convert_reads_a_melody_as_a_soprano_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "tune.abc").write_text(TUNE)
    (tmp_path / "line.csv").write_text("note\n67\n67\n69\n")
    for name in ("tune.abc", "line.csv"):
        done = run_command("convert", name, f"{name}.mid", folder=tmp_path)
        assert done.returncode == 0
        assert "note: the file has one line: it is the soprano" in done.stderr
        found = read(tmp_path / f"{name}.mid")
        assert found.onsets.any(axis=0).tolist() == [True, False, False, False]
    assert [note.pitch for note in read(tmp_path / "tune.abc.mid").notes(0)] == [
        *(67, 69, 71, 67, 72, 71, 69, 71, 69, 67)
    ]


def test_convert_says_what_it_reads_otherwise(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.csv")
    done = run_command("convert", "hymn.csv", "hymn.mid", folder=tmp_path)
    assert done.stderr == (
        "note: there is no key signature: read as A minor, by the notes\n"
        "note: the file has no metre: bars are counted in 4/4\n"
    )


def test_convert_refuses_a_file_of_two_voices_as_before(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("a,b\n67,60\n")
    done = run_command("convert", "two.csv", "two.mid", folder=tmp_path)
    assert done.returncode == 1
    assert "expected the columns note0,note1,note2,note3, got a,b" in done.stderr


def test_key_and_tempo_are_those_that_are_given(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    for number, text in enumerate(("E minor", "e minor", " e  Minor")):
        words = ("convert", "hymn.mid", f"{number}.musicxml", "--tempo", "90")
        done = run_command(*words, "--key", text, folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        found = read(tmp_path / f"{number}.musicxml")
        assert (found.key, found.tempo) == (Key("E", "minor"), 90.0)


def test_a_church_mode_is_read_as_a_key_and_said(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    words = ("convert", "hymn.mid", "dorian.musicxml", "--key", "d Dorian")
    done = run_command(*words, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "note: D dorian is read as D minor\n")
    assert read(tmp_path / "dorian.musicxml").key == Key("D", "minor")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--key H", "--key such as 'G major', 'Bb minor' or 'D dorian', got 'H'"),
        ("--key h-Moll", "such as 'G major', 'Bb minor' or 'D dorian', got 'h-Moll'"),
        ("--tempo 0", "expected --tempo from 10 to 400 quarters per minute, got 0"),
        ("--tempo nan", "expected --tempo from 10 to 400 quarters per minute"),
        ("--parts 0,1,2,3", "expected --parts (or --track) of one, two or four"),
        ("--parts 1,2,3", "--parts (or --track) of one, two or four different"),
        ("--parts 1,2,3,3", "different numbers from 1, such as 1,2,3,4, got 1,2,3,3"),
        ("--parts 1,2,3,4,5", "of one, two or four different numbers"),
        ("--parts soprano", "expected --parts with numbers of parts such as 1,2,3,4"),
        (
            "--from pdf",
            "expected --from out of midi, musicxml, mxl, csv, abc, humdrum, mei",
        ),
        ("--tune 1", "--tune is for files of abc, got"),
    ],
)
def test_impossible_options_are_wrong_usage(
    tmp_path: Path, words: str, message: str
) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    done = run_command(
        "convert", "hymn.mid", "out.csv", *words.split(), folder=tmp_path
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_track_is_a_part_of_its_own(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    words = ("harmonize", "hymn.mid", "--track", "1", "--parts", "2")
    done = run_command(*words, folder=tmp_path)
    assert done.returncode == 2
    assert "--track N is the same as --parts N: leave one out" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("check", "hymn"),
        ("convert", "hymn", "out.musicxml"),
        ("rewrite", "hymn", "--bars", "1", "--best-of", "1"),
        ("harmonize", "hymn", "--best-of", "1", "--particles", "1"),
        ("generate", "--seed", "hymn", "--opening", "1", "--best-of", "1"),
    ],
)
def test_every_command_reads_a_pipe_once(tmp_path: Path, words: list[str]) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    content = (tmp_path / "hymn.mid").read_bytes()
    os.mkfifo(tmp_path / "hymn")
    writer = threading.Thread(
        target=(tmp_path / "hymn").write_bytes, args=(content,), daemon=True
    )
    writer.start()
    done = run_command(*words, "--from", "midi", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    writer.join(10)
    assert not writer.is_alive()

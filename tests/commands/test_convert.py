"""`chorale convert`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_line import run_command
from strategies import little_chorale

from chorale.corpus.loading import load_corpus
from chorale.formats.files import READABLE_NAMES, read, write
from chorale.music.lyrics import Lyric
from chorale.music.voices import INSTRUMENTS


def convert(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    return run_command("convert", *arguments)


def test_a_chain_of_formats_keeps_the_music(tmp_path: Path) -> None:
    chorale = little_chorale(title="Wachet auf")
    write(chorale, tmp_path / "a.mid")
    for source, output in (("a.mid", "b.musicxml"), ("b.musicxml", "c.mid")):
        done = convert(tmp_path / source, tmp_path / output)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{tmp_path / output}\n"
    assert read(tmp_path / "c.mid") == chorale
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "c.mid").read_bytes()


def test_nothing_is_overwritten_in_silence(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.mid")
    (tmp_path / "b.csv").write_text("mine")
    done = convert(tmp_path / "a.mid", tmp_path / "b.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"chorale: {tmp_path / 'b.csv'}: there is such a file"
    )
    assert "--force" in done.stderr and done.stderr.count("\n") == 1
    assert (tmp_path / "b.csv").read_text() == "mine"
    done = convert(tmp_path / "a.mid", tmp_path / "b.csv", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    done = convert(tmp_path / "a.mid", tmp_path / "b.csv")
    assert done.returncode == 0
    assert done.stderr == f"note: {tmp_path / 'b.csv'} is unchanged\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_annotations_are_not_overwritten_either(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.mid")
    annotations = tmp_path / "corpus" / "annotations" / "train" / "a.csv"
    annotations.parent.mkdir(parents=True)
    annotations.write_text("mine")
    output = tmp_path / "corpus" / "train" / "a.csv"
    assert convert(tmp_path / "a.mid", output, "--annotations").returncode == 1
    assert not output.exists() and annotations.read_text() == "mine"


def test_a_midi_file_joins_a_corpus(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    output = tmp_path / "corpus" / "train" / "chorale_000.csv"
    assert convert(tmp_path / "hymn.mid", output).returncode == 0
    (chorale,) = load_corpus(tmp_path / "corpus").train
    assert (chorale.pitches == little_chorale().pitches).all()


@pytest.mark.parametrize("place", ["train", "chorales/valid", "chorales", "."])
def test_annotations_are_where_the_loader_looks_for_them(
    tmp_path: Path, place: str
) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    corpus = tmp_path / "corpus"
    output = corpus / place / "chorale_000.csv"
    done = convert(tmp_path / "hymn.mid", output, "--annotations")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)
    loaded = load_corpus(corpus)
    (chorale,) = (*loaded.train, *loaded.valid)
    for name in ("pitches", "onsets", "fermatas", "bars", "positions"):
        expected = getattr(little_chorale(), name)
        assert (getattr(chorale, name) == expected).all()


def test_the_instrument(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.csv")
    done = convert(tmp_path / "a.csv", tmp_path / "a.mid", "--instrument", "organ")
    assert done.returncode == 0
    program = bytes([0xC0, INSTRUMENTS["organ"][0]])
    assert program in (tmp_path / "a.mid").read_bytes()


@pytest.mark.parametrize(
    ("source", "output", "options", "code", "message"),
    [
        ("none.mid", "b.csv", [], 1, "there is no such file"),
        ("bad.mid", "b.csv", [], 1, "expected a MIDI file, it has no MIDI header"),
        ("bad.musicxml", "b.csv", [], 1, "expected a score, cannot read it"),
        ("bad.csv", "b.mid", [], 1, "expected the columns note0,note1,note2,note3"),
        ("a.mid", "bad.csv/b.wav", [], 1, "cannot write it"),
        (
            "a.mid",
            "b.mid",
            ["--annotations"],
            2,
            "--annotations needs a file",
        ),
        ("a.mid", "b.pdf", [], 2, "expected a file to write that ends in .mid, .midi"),
        ("a.txt", "b.mid", [], 2, "expected a file to read that ends in .mid, .midi"),
        ("a.mid", "b.mid", ["--instrument", "kazoo"], 2, "expected an instrument"),
    ],
)
def test_mistakes_end_in_one_line(
    tmp_path: Path,
    source: str,
    output: str,
    options: list[str],
    code: int,
    message: str,
) -> None:
    write(little_chorale(), tmp_path / "a.mid")
    for name in ("bad.mid", "bad.musicxml", "bad.csv"):
        (tmp_path / name).write_text("nonsense\n")
    before = sorted(tmp_path.iterdir())
    done = convert(tmp_path / source, tmp_path / output, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("chorale: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_lyrics_that_a_format_does_not_hold_are_said(tmp_path: Path) -> None:
    lyrics = tuple(
        Lyric(step=0, voice=0, verse=verse, text=text)
        for verse, text in ((1, "Süß"), (2, "O"))
    )
    write(little_chorale(lyrics=lyrics, title=""), tmp_path / "a.musicxml")
    for name, said in (
        ("b.csv", "note: CSV holds no lyrics\n"),
        (
            "c.mid",
            "note: for other programs MIDI holds the first verse of the lyrics, in "
            "ASCII letters\n",
        ),
        ("d.musicxml", ""),
    ):
        done = convert(tmp_path / "a.musicxml", tmp_path / name)
        assert (done.returncode, done.stderr) == (0, said)
    assert sorted(read(tmp_path / "c.mid").lyrics) == sorted(lyrics)


def test_a_file_is_not_converted_to_itself(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.mid")
    (tmp_path / "b.mid").symlink_to("a.mid")
    for name in ("a.mid", "b.mid"):
        done = convert(tmp_path / "a.mid", tmp_path / name, "--force")
        assert (done.returncode, done.stdout) == (2, "")
        assert "expected another file to write" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["check", "generate", "rewrite"])
def test_help_names_all_formats_to_read(command: str) -> None:
    help_text = " ".join(run_command(command, "--help").stdout.replace("│", "").split())
    assert READABLE_NAMES in help_text


def test_accents_that_midi_loses_are_said_in_one_line(tmp_path: Path) -> None:
    write(little_chorale(title="Schmücke dich"), tmp_path / "a.musicxml")
    done = convert(tmp_path / "a.musicxml", tmp_path / "b.mid")
    assert done.stderr == (
        "note: the title is written without accents in MIDI: Schmuecke dich\n"
    )
    assert read(tmp_path / "b.mid").title == "Schmücke dich"  # in an event of our own
    done = convert(tmp_path / "b.mid", tmp_path / "c.musicxml")
    assert (done.returncode, done.stderr) == (0, "")

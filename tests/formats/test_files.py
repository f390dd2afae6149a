"""All formats through one pair of functions."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from strategies import little_chorale

from chorale.errors import DataError, UsageError
from chorale.formats import files
from chorale.formats.files import (
    OUTPUT_ENDINGS,
    READABLE_NAMES,
    losses,
    read,
    read_spelled,
    title_losses,
    write,
)
from chorale.formats.reading import ReadingOptions
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.score import changes


@pytest.mark.parametrize(
    "ending", [".mid", ".MIDI", ".musicxml", ".xml", ".abc", ".krn"]
)
def test_music_comes_back_from_formats_that_hold_it(
    tmp_path: Path, ending: str
) -> None:
    chorale = little_chorale()
    write(chorale, tmp_path / f"hymn{ending}")
    again = read(tmp_path / f"hymn{ending}")
    assert again == chorale
    assert (again.title, again.source) == (chorale.title, "hymn")


def test_a_classic_csv_keeps_the_pitches(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.csv")
    lines = (tmp_path / "hymn.csv").read_text().splitlines()
    assert lines[:2] == ["note0,note1,note2,note3", "69,64,60,45"]
    chorale = read(tmp_path / "hymn.csv")
    assert (chorale.pitches == little_chorale().pitches).all()
    assert (chorale.onsets == changes(chorale.pitches)).all()


@pytest.mark.parametrize("name", ["hymn.abc", "hymn.krn"])
def test_a_fermata_within_held_notes_is_a_loss_of_text_formats(name: str) -> None:
    held = little_chorale().excerpt(52, 64)
    fermatas = held.fermatas.copy()
    fermatas[:4] = False
    (said,) = losses(replace(held, fermatas=fermatas), name)
    assert said.endswith("while all voices hold: left out in bar 4")
    assert losses(held, name) == []


def test_a_missing_key_is_estimated(tmp_path: Path) -> None:
    for name in ("hymn.csv", "hymn.mid", "hymn.musicxml", "hymn.abc", "hymn.krn"):
        write(little_chorale(key=None), tmp_path / name)
        assert read(tmp_path / name).key == Key("A", "minor")


def test_a_key_that_is_there_is_kept(tmp_path: Path) -> None:
    write(little_chorale(key=Key("Eb", "major")), tmp_path / "hymn.mid")
    assert read(tmp_path / "hymn.mid").key == Key("Eb", "major")


def test_a_key_that_the_file_does_not_state_is_marked(tmp_path: Path) -> None:
    score, table = tmp_path / "piece.musicxml", tmp_path / "piece.csv"
    for path in (score, table):
        files.write(little_chorale(), path)
    assert files.read_spelled(score).estimated == ""
    assert files.read_spelled(table).estimated == "key metre"
    given = ReadingOptions(key=Key("C", "major"))
    assert files.read_spelled(table, given).estimated == "metre"
    text = score.read_text()
    score.write_text(text.replace("<mode>minor</mode>", ""))
    assert files.read_spelled(score).estimated == "key"


def test_scores_alone_are_spelled(tmp_path: Path) -> None:
    for name in ("hymn.csv", "hymn.mid", "hymn.musicxml"):
        write(little_chorale(), tmp_path / name)
        reading = read_spelled(tmp_path / name)
        assert reading.chorale == read(tmp_path / name)
        assert reading.off_grid == 0
        assert (reading.spelling is not None) == name.endswith("xml")
    # A4, E4, C4 and A2 on the pickup; at the end G sharp, and a rest in the bass.
    assert reading.spelling is not None
    assert reading.spelling[0].tolist() == [33, 30, 28, 19]
    assert reading.spelling[-1, 0] == 32
    assert (reading.spelling[32:36, 3] == 0).all()


def test_the_instrument_reaches_the_midi_file(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.mid")
    write(little_chorale(), tmp_path / "b.mid", instrument="organ")
    assert (tmp_path / "a.mid").read_bytes() != (tmp_path / "b.mid").read_bytes()


def test_every_format_can_be_written(tmp_path: Path) -> None:
    for ending in OUTPUT_ENDINGS.values():
        write(little_chorale(), tmp_path / f"hymn{ending}")
        assert (tmp_path / f"hymn{ending}").stat().st_size > 0


@pytest.mark.parametrize("name", ["hymn.txt", "hymn", ".mid"])
def test_other_endings_are_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        UsageError, match=r"\.mid, \.midi, \.musicxml, .*\.mei, \.mscz, \.mscx, got"
    ):
        read(tmp_path / name)
    with pytest.raises(
        UsageError, match=r"\.mid, .*\.csv, \.wav, \.abc, \.krn, \.svg, \.png, got"
    ):
        write(little_chorale(), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("hymn.wav", "sound is not transcribed"),
        ("hymn.MP3", "sound is not transcribed"),
        ("hymn.mscs", "export it as MusicXML from MuseScore: File > Export"),
        ("hymn.sib", "export it as MusicXML from the program that wrote it"),
        ("hymn.pdf", "pictures of notes are not read"),
        ("hymn.jpeg", "pictures of notes are not read"),
    ],
)
def test_files_of_other_programs_are_refused_with_advice(
    tmp_path: Path, name: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=advice):
        read(tmp_path / name)


def test_a_format_may_be_named_instead_of_an_ending(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.mid")
    for name in ("hymn", "hymn.txt", "hymn.csv"):
        (tmp_path / "hymn.mid").rename(tmp_path / name)
        found = read(tmp_path / name, ReadingOptions(format="midi"))
        assert found == little_chorale()
        (tmp_path / name).rename(tmp_path / "hymn.mid")
    with pytest.raises(UsageError, match="expected a format to read out of midi"):
        read(tmp_path / "hymn.mid", ReadingOptions(format="pdf"))


def test_errors_about_a_file_without_ending_name_it(tmp_path: Path) -> None:
    (tmp_path / "hymn").write_text("nonsense")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "hymn", ReadingOptions(format="midi"))
    assert str(caught.value).startswith(f"{tmp_path / 'hymn'}: expected a MIDI file")
    assert caught.value.path == tmp_path / "hymn"


def test_key_and_tempo_that_are_given_replace_those_of_the_file(tmp_path: Path) -> None:
    options = ReadingOptions(key=Key("F#", "minor"), tempo=90.0)
    for ending in (".mid", ".musicxml", ".csv"):
        write(little_chorale(), tmp_path / f"hymn{ending}")
        found = read(tmp_path / f"hymn{ending}", options)
        assert (found.key, found.tempo) == (Key("F#", "minor"), 90.0)
        assert (found.pitches == little_chorale().pitches).all()


def test_options_of_other_formats_are_refused(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.csv")
    with pytest.raises(UsageError, match="parts is for files of midi, musicxml"):
        read(tmp_path / "hymn.csv", ReadingOptions(parts=(1, 2, 3, 4)))


@pytest.mark.parametrize("ending", [".csv", ".mid", ".musicxml", ".mxl"])
def test_a_missing_file(tmp_path: Path, ending: str) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path / f"hymn{ending}")


def test_importing_this_loads_nothing_heavy() -> None:
    code = (
        "import sys, chorale.formats.files, chorale.formats.midi.reader;"
        "import chorale.formats.musicxml.writer, chorale.formats.musicxml.reader;"
        "import chorale.formats.audio;"
        "print({'music21', 'pandas', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_silence_is_no_chorale(tmp_path: Path) -> None:
    path = tmp_path / "silence.csv"
    path.write_text("note0,note1,note2,note3\n0,0,0,0\n0,0,0,0\n")
    with pytest.raises(DataError, match=r"silence\.csv: .* nothing but silence"):
        read(path)


def lyric(text: str, voice: int = 0, verse: int = 1) -> Lyric:
    return Lyric(step=0, voice=voice, verse=verse, text=text)


@pytest.mark.parametrize(
    ("lyrics", "midi"),
    [
        ([], []),
        ([lyric("low"), lyric("high", voice=3, verse=2)], []),
        ([lyric("süß")], ["the lyrics in ASCII letters"]),
        (
            [lyric("a"), lyric("b", verse=2)],
            ["the first verse of the lyrics, in ASCII letters"],
        ),
    ],
)
def test_what_formats_do_not_hold(lyrics: list[Lyric], midi: list[str]) -> None:
    chorale = little_chorale(lyrics=tuple(lyrics))
    said = [f"for other programs MIDI holds {what}" for what in midi]
    assert losses(chorale, "a.mid") == said
    assert losses(chorale, "a.musicxml") == []
    for name in ("CSV", "WAV"):
        expected = [f"{name} holds no lyrics"] if lyrics else []
        assert losses(chorale, f"a.{name.lower()}") == expected


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("", None),
        ("Wachet auf", None),
        ("In dich hab\u2019 ich gehoffet \u2014 Herr", None),  # signs, not letters
        ("Wie schön leuchtet", "without accents in MIDI: Wie schoen leuchtet"),
        ("Dvořák", "without accents in MIDI: Dvorak"),
        ("聖歌", "MIDI holds no title"),
    ],
)
def test_a_title_that_loses_letters_is_said(title: str, said: str | None) -> None:
    chorale = little_chorale(title=title)
    found = title_losses(chorale, "a.mid")
    assert len(found) == (said is not None)
    assert (said or "") in "".join(found)
    assert title_losses(chorale, "a.musicxml") == []


def test_the_names_of_formats_to_read() -> None:
    assert READABLE_NAMES == "MIDI, MusicXML, CSV, ABC, Humdrum, MEI or MuseScore"


@pytest.mark.parametrize(
    ("written", "named", "name"),
    [(".mid", ".musicxml", "midi"), (".musicxml", ".mid", "musicxml")],
)
def test_content_of_another_format(
    tmp_path: Path, written: str, named: str, name: str
) -> None:
    write(little_chorale(), tmp_path / f"a{written}")
    path = (tmp_path / f"a{written}").rename(tmp_path / f"a{named}")
    with pytest.raises(DataError, match=f"this is .*: add --from {name}"):
        read(path)
    assert read(path, ReadingOptions(format=name)) == little_chorale()


@pytest.mark.parametrize(
    ("text", "named", "found"),
    [
        ("**kern\n4c\n*-\n", ".mid", "Humdrum"),
        ("!!!OTL: A tune\n**kern\n4c\n*-\n", ".abc", "Humdrum"),
        ("% a comment\nX:1\nK:C\nC4|\n", ".krn", "ABC"),
        ("PK\x03\x04", ".mid", "MusicXML"),
        ("<?xml version='1.0'?>\n<!-- x -->\n<score-partwise/>", ".abc", "MusicXML"),
    ],
)
def test_content_is_known_by_its_beginning(
    tmp_path: Path, text: str, named: str, found: str
) -> None:
    (tmp_path / f"a{named}").write_text(text)
    with pytest.raises(DataError, match=f"this is {found}: add --from "):
        read(tmp_path / f"a{named}")


def test_other_xml_is_not_taken_for_a_score(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_text("<?xml version='1.0'?><svg/>")
    with pytest.raises(DataError, match="expected a MIDI file"):
        read(tmp_path / "a.mid")


@pytest.mark.parametrize(
    "options",
    [{"tempo": -5}, {"tempo": float("nan")}, {"parts": (1, 2, 3)}, {"parts": (0,)}],
)
def test_impossible_options_of_reading(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"expected {next(iter(options))} "):
        ReadingOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [b"!!!OTL: x\r\n", b"!! a  \n", b"% b\r\n", b"%\t \n"])
def test_many_comments_take_no_time_before_a_format_is_known(line: bytes) -> None:
    """A pattern with two ways to read a line would take years."""
    began = time.process_time()
    for signature in files._SIGNS.values():
        assert signature.match(line * 200 + b"**text") is None
    assert time.process_time() - began < 5


def test_comments_before_the_first_line_are_skipped() -> None:
    assert files._SIGNS["humdrum"].match(b"!!!OTL: x\r\n!! y\n\n**kern\t**kern")
    assert files._SIGNS["abc"].match(b"%abc-2.1\r\n% a book\n\nX:1\nT:a")

"""ABC as written, and as it is read again."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from strategies import chorales, little_chorale

from chorale.errors import OutputError
from chorale.formats.abc.writer import write_abc
from chorale.formats.files import read, read_spelled
from chorale.formats.notation import notate
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note


def text(chorale: Chorale) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_abc(chorale, Path(folder) / "a.abc")
        return (Path(folder) / "a.abc").read_text(encoding="utf-8")


def round_trip(chorale: Chorale) -> Chorale:
    with tempfile.TemporaryDirectory() as folder:
        write_abc(chorale, Path(folder) / "a.abc")
        return read(Path(folder) / "a.abc")


def music(chorale: Chorale, voice: int) -> str:
    """Return the lines of music of a voice."""
    return text(chorale).split("\nV:")[voice + 1].split("\n", 1)[1].strip()


def placed(chorale: Chorale) -> Chorale:
    """Return a chorale without the fermatas that ABC does not hold."""
    fermatas = chorale.fermatas.copy()
    for start, end in notate(chorale).unplaced:
        fermatas[start:end] = False
    return replace(chorale, fermatas=fermatas)


@given(chorales())
@example(little_chorale())
def test_music_comes_back(chorale: Chorale) -> None:
    found = round_trip(chorale)
    assert found.title == " ".join(chorale.title.split())
    for name in ("pitches", "onsets", "metres", "key", "pickup", "tempo"):
        expected, got = getattr(chorale, name), getattr(found, name)
        assert np.array_equal(expected, got), name
    assert found == placed(chorale)


def test_a_chorale_as_text() -> None:
    lines = text(little_chorale()).splitlines()
    assert lines[:11] == [
        "%abc-2.1",
        "I:abc-creator chorale",
        "",
        "X:1",
        "T:Schmücke dich, 聖歌",
        "M:4/4",
        "L:1/8",
        "Q:1/4=72",
        "%%score [(1 2) (3 4)]",
        "K:Am",
        'V:1 clef=treble name="Soprano" subname="S."',
    ]
    assert lines[11] == "A2 | B2 c2 d2 c2 | B2 B2 !fermata!A2 A2 | G2 cB A4 |"
    assert lines[12] == "!fermata!^G6 |]"
    assert lines[13] == 'V:2 clef=treble name="Alto" subname="A."'
    assert lines[14] == "E2 | ED E2 F2 E2 | E3 D C2 C2- | C2 E2 E2 ^F2 |"
    assert lines[17].startswith("C2 | ^G,2 A,4 A,2 | A,2 ^G,2 E,2 E,2 | C3/2B,/2 A,2 ")
    assert lines[19] == 'V:4 clef=bass name="Bass" subname="B."'
    assert lines[20].startswith(
        "A,,2 | E,2 A,=G, F,D, A,,2 | D,E, E,2 !fermata!A,,2 z2 | C,2 "
    )


def hymn(*pitches: int, key: str = "C major", length: int = 4) -> Chorale:
    """Return a soprano of equal notes over a bass of a whole note in each bar."""
    steps = length * len(pitches)
    line = [Note(pitch, length * i, length) for i, pitch in enumerate(pitches)]
    bass = [Note(48, start, min(16, steps - start)) for start in range(0, steps, 16)]
    return Chorale.from_notes([line, [], [], bass], steps, key=Key.parse(key))


def test_accidentals_are_written_where_programs_disagree() -> None:
    # F sharp, F natural an octave lower, F sharp again, F natural in the next bar.
    chorale = hymn(78, 65, 78, 65, 77, 65, 65, 65)
    assert music(chorale, 0) == "^f2 =F2 ^f2 =F2 | f2 F2 F2 F2 |]"
    assert round_trip(chorale) == chorale


def test_an_accidental_of_the_other_voice_on_the_staff_is_cancelled() -> None:
    steps = 16
    soprano = [Note(66, 0, 8), Note(67, 8, 8)]
    alto = [Note(62, 0, 8), Note(65, 8, 8)]
    bass = [Note(50, 0, steps)]
    chorale = Chorale.from_notes(
        [soprano, alto, [], bass], steps, key=Key("C", "major")
    )
    assert music(chorale, 1) == "D4 =F4 |]"


def test_a_tie_over_a_barline_takes_its_accidental_along() -> None:
    soprano = [Note(66, 8, 12), Note(65, 20, 12)]
    bass = [Note(50, 0, 32)]
    chorale = Chorale.from_notes([soprano, [], [], bass], 32, key=Key("C", "major"))
    assert round_trip(chorale) == chorale
    assert music(chorale, 0).startswith("z4 ^F4- | ")


def test_metres_change_in_all_voices() -> None:
    metres = (Metre(4, 4), Metre(3, 4, 16))
    chorale = hymn(60, 62, 64, 65, 67, 65, 64)
    bars, positions = number_bars(28, metres)
    changed = replace(chorale, bars=bars, positions=positions, metres=metres)
    assert text(changed).count("[M:3/4]") == 4
    assert round_trip(changed) == changed


def test_an_upbeat_in_the_middle_follows_a_double_bar() -> None:
    chorale = hymn(60, 62, 64, 65, 67, 65, 64, 62, 60)
    bars = np.repeat([1, 2, 3], [16, 4, 16])
    positions = np.concatenate([np.arange(16), np.arange(12, 16), np.arange(16)])
    divided = replace(chorale, bars=bars, positions=positions)
    assert music(divided, 0).startswith("C2 D2 E2 F2 || G2 | ")
    assert round_trip(divided) == divided


def lyric_lines(chorale: Chorale) -> list[str]:
    return [line for line in text(chorale).splitlines() if line.startswith("w:")]


def test_lyrics_come_back() -> None:
    words = [(0, 1, "Wach", True), (4, 1, "et", False), (8, 1, "auf_*|", False)]
    words += [(16, 1, "ruft uns", False), (4, 3, "Zi-on", False), (12, 3, "100%", True)]
    lyrics = tuple(
        Lyric(step=step, voice=0, verse=verse, text=syllable, joined=joined)
        for step, verse, syllable, joined in words
    )
    chorale = replace(hymn(60, 62, 64, 65, 67, 65), lyrics=lyrics)
    # No voice sings verse 2, so verse 3 becomes verse 2.
    numbered = [replace(lyric, verse=min(lyric.verse, 2)) for lyric in lyrics]
    assert round_trip(chorale).lyrics == tuple(sorted(numbered))
    below = lyric_lines(chorale)
    assert len(below) == 2
    assert below[0].startswith("w: Wach- et auf")


@pytest.mark.parametrize("word", ["~", "a~b", "a ~b", "\\~", "~-_|* %&\\"])
def test_signs_in_lyrics_come_back(word: str) -> None:
    lyrics = (Lyric(step=0, voice=0, verse=1, text=word),)
    chorale = replace(hymn(60, 62, 64, 65, 67, 65), lyrics=lyrics)
    assert round_trip(chorale).lyrics == lyrics


def test_no_empty_lines_of_lyrics_are_written() -> None:
    def words(*places: tuple[int, int, int]) -> Chorale:
        """Return a piece with a syllable at each (step, voice, verse)."""
        lyrics = [
            Lyric(step=step, voice=voice, verse=verse, text="la")
            for step, voice, verse in sorted(places)
        ]
        return replace(hymn(*[60, 62, 64, 65] * 10), lyrics=tuple(lyrics))

    # Programs that number a single verse by 2, as some do.
    only = words((0, 0, 2), (4, 0, 2))
    assert [line[:7] for line in lyric_lines(only)] == ["w: la l"]
    # The second verse is over before the second line of music.
    shorter = words((0, 0, 1), (0, 0, 2), (80, 0, 1))
    assert len(lyric_lines(shorter)) == 3
    assert round_trip(shorter).lyrics == shorter.lyrics
    # The place of the first verse is kept where another voice sings it.
    other = words((0, 0, 1), (0, 3, 2))
    assert len(lyric_lines(other)) == 3
    assert round_trip(other).lyrics == other.lyrics


def test_tied_notes_are_skipped_by_lyrics() -> None:
    soprano = [Note(60, 8, 16), Note(62, 24, 8)]
    lyrics = (
        Lyric(step=8, voice=0, text="Herr"),
        Lyric(step=24, voice=0, text="Gott"),
    )
    chorale = Chorale.from_notes(
        [soprano, [], [], [Note(48, 0, 32)]], 32, key=Key("C", "major"), lyrics=lyrics
    )
    assert round_trip(chorale).lyrics == lyrics


def test_the_key_of_an_own_file_is_certain(tmp_path: Path) -> None:
    chorale = hymn(60, 64, 67, 72, key="F# minor")
    write_abc(chorale, tmp_path / "a.abc")
    assert read(tmp_path / "a.abc").key == Key("F#", "minor")
    other = (tmp_path / "a.abc").read_text().replace("chorale", "other")
    (tmp_path / "b.abc").write_text(other)
    found = read_spelled(tmp_path / "b.abc")
    assert found.chorale.key == Key("C", "major")
    assert found.remarks()


def test_a_title_with_signs_of_abc_comes_back() -> None:
    chorale = little_chorale(title="A % B \\ C & D", credit="Melody: E & F")
    found = round_trip(chorale)
    assert (found.title, found.credit) == (chorale.title, chorale.credit)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_abc(little_chorale(), tmp_path / "file" / "a.abc")

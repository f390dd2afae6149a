"""Melodies from files of every format, with remarks on what was guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from strategies import little_chorale

from chorale.corpus.loading import bundled_corpus
from chorale.corpus.reading import read_any, read_melody, read_whole
from chorale.errors import DataError, UsageError
from chorale.formats.classic_csv import write_annotations, write_csv
from chorale.formats.files import write
from chorale.music.keys import Key
from chorale.music.melody import Melody, fill_rests
from chorale.music.metre import Metre
from chorale.music.score import Note
from chorale.music.voices import BASS, TENOR

# Eight bars of 3/4 with a pickup, a repeated note and a rest, in D dorian.
TUNE = """X:1
T:The tune
M:3/4
L:1/8
K:Ddor
A2|d2d2e2|f4e2|d2c2A2|B4A2|G2A2c2|A4z2|G2F2E2|D4|]
"""
CHORDS = re.sub("([c-gE-G])2", r"[a2\1]", TUNE)
MODE = "D dorian is read as D minor"


def from_text(tmp_path: Path, text: str, name: str = "tune.abc") -> Melody:
    path = tmp_path / name
    path.write_text(text)
    return read_melody(path)


def line_of(melody: Melody) -> list[Note]:
    return melody.chorale.notes(melody.voice)


def midi(path: Path, *tracks: list[tuple[int, float, float]], **signature: int) -> Path:
    """Write a MIDI file of notes (pitch, start, length), in quarters."""
    file = mido.MidiFile(type=1)
    for number, notes in enumerate(tracks):
        track = file.add_track(f"Track {number}")
        if signature and not number:
            track.append(mido.MetaMessage("time_signature", **signature))
        events = [(start, 1, pitch) for pitch, start, _ in notes]
        events += [(start + length, 0, pitch) for pitch, start, length in notes]
        now = 0
        for time, on, pitch in sorted(events):
            tick = round(time * 480)
            message = mido.Message(
                "note_on", note=pitch, velocity=80 * on, time=tick - now, channel=number
            )
            track.append(message)
            now = tick
    file.save(path)
    return path


# === Melodies ===


def test_an_abc_tune_with_all_that_it_has(tmp_path: Path) -> None:
    melody = from_text(tmp_path, TUNE)
    chorale = melody.chorale
    assert (chorale.title, chorale.source) == ("The tune", "tune")
    assert chorale.key == Key("D", "minor")
    assert (chorale.metre.name, chorale.pickup) == ("3/4", 4)
    assert (chorale.steps, chorale.bars[-1]) == (4 + 7 * 12 + 8, 8)
    assert line_of(melody)[:4] == [(69, 0, 4), (74, 4, 4), (74, 8, 4), (76, 12, 4)]
    assert not chorale.pitches[:, 1:].any()
    assert melody.remarks == (
        MODE,
        "there are no fermatas: phrases are assumed to end in bars 4, 8",
    )
    assert set(chorale.bars[chorale.fermatas]) == {4, 8}
    assert line_of(melody)[-5:-3] == [(69, 64, 8), (67, 76, 4)]


def test_a_rest_belongs_to_the_phrase_before_it(tmp_path: Path) -> None:
    melody = from_text(tmp_path, TUNE.replace("B4A2", "B2z2A2"))
    assert "bars 4, 8" in melody.remarks[1]
    # The fermata stands over the note; who harmonizes holds on through the rest.
    fermatas = [
        np.flatnonzero(piece.fermatas) for piece in (melody.chorale, fill_rests(melody))
    ]
    assert fermatas[0][:8].tolist() == [*range(40, 44), *fermatas[0][4:8]]
    assert fermatas[1][:8].tolist() == list(range(40, 48))
    assert len(fermatas[1]) == len(fermatas[0]) + 4
    # Unless it lasts for a bar or more.
    melody = from_text(tmp_path, TUNE.replace("B4A2", "B2z6|z4A2"))
    over = np.flatnonzero(fill_rests(melody).fermatas)
    assert over[:4].tolist() == list(range(40, 44)) and over[4] > 60


def test_fermatas_of_a_tune_are_kept(tmp_path: Path) -> None:
    plain = line_of(from_text(tmp_path, TUNE))
    for sign in ("H", "!fermata!", "T!fermata!"):
        melody = from_text(tmp_path, TUNE.replace("f4e2|d2c2", f'f4"Am"{sign}e2|Td2c2'))
        assert melody.remarks == ("chord symbols are left out", MODE)
        assert np.flatnonzero(melody.chorale.fermatas).tolist() == list(range(24, 28))
        assert line_of(melody) == plain
    # A single fermata at the end does not define phrases.
    melody = from_text(tmp_path, TUNE.replace("D4|]", "HD4|]"))
    assert "phrases are assumed to end in bars 4, 8" in melody.remarks[1]


def test_humdrum(tmp_path: Path) -> None:
    rows = "**kern *clefG2 *k[b-] *M6/8 =1 8f 8g 8a 4b- 8a =2 4.cc 4.f == *-"
    melody = from_text(tmp_path, "\n".join(rows.split()) + "\n", "tune.krn")
    assert [note.pitch for note in line_of(melody)] == [65, 67, 69, 70, 69, 72, 65]
    assert [note.length for note in line_of(melody)] == [2, 2, 2, 4, 2, 6, 6]
    assert melody.chorale.metre.name == "6/8"
    assert melody.chorale.key == Key("F", "major")


@pytest.mark.parametrize("ending", ["mid", "musicxml"])
@pytest.mark.parametrize("voice", [0, TENOR, BASS])
def test_one_of_four_voices(tmp_path: Path, ending: str, voice: int) -> None:
    piece = little_chorale()
    path = tmp_path / f"piece.{ending}"
    write(piece, path)
    melody = read_melody(path, voice)
    assert line_of(melody) == piece.notes(voice)
    assert melody.chorale.pickup == piece.pickup
    assert melody.chorale.key == piece.key
    assert np.array_equal(melody.chorale.fermatas, piece.fermatas)
    assert melody.remarks == ()


def test_a_csv_of_the_corpus_has_its_annotations() -> None:
    path = next((bundled_corpus() / "chorales" / "valid").glob("*.csv"))
    melody = read_melody(path)
    assert melody.chorale.fermatas.any() and melody.remarks == ()


def test_a_csv_of_one_column_or_of_four(tmp_path: Path) -> None:
    melody = from_text(tmp_path, "note\n" + "67\n" * 4 + "69\n" * 4, "tune.csv")
    assert line_of(melody) == [(67, 0, 4), (69, 4, 4)]
    assert melody.remarks[0] == "the file has no metre: bars are counted in 4/4"
    path = tmp_path / "four.csv"
    write_csv(little_chorale(), path)
    melody = read_melody(path, BASS)
    expected = little_chorale().pitches[:, BASS]
    assert np.array_equal(melody.chorale.pitches[:, BASS], expected)


def test_a_midi_file_of_one_track(tmp_path: Path) -> None:
    notes = [(67, 2, 1), (69, 3, 1), (69, 4, 1), (72, 5, 2)]
    path = midi(tmp_path / "tune.mid", notes, numerator=3, denominator=4)
    melody = read_melody(path)
    # It begins with the third beat of a bar, which is a pickup.
    assert line_of(melody) == [(67, 0, 4), (69, 4, 4), (69, 8, 4), (72, 12, 8)]
    assert melody.chorale.pickup == 4
    assert melody.chorale.bars.tolist() == [0] * 4 + [1] * 12 + [2] * 4
    assert melody.remarks[:3] == (
        "there is no tempo at the beginning: 72 quarters per minute",
        "there is no key signature: read as C major, by the notes",
        "the rests before the first note are left out",
    )


def test_what_is_off_the_grid_is_moved_to_it_and_said(tmp_path: Path) -> None:
    third = 1 / 3
    notes = [(67, number * third, third) for number in range(6)]
    melody = read_melody(midi(tmp_path / "tune.mid", notes))
    assert melody.chorale.steps == 8
    assert [note.start for note in line_of(melody)] == [0, 1, 3, 4, 5, 7]
    assert "4 notes are off the grid of sixteenths" in " ".join(melody.remarks)
    triplets = TUNE.replace("d2d2e2|", "(3d2e2d2e2|")
    remarks = from_text(tmp_path, triplets).remarks
    assert any(said.startswith("3 notes are off the") for said in remarks)


def test_first_endings_are_left_out(tmp_path: Path) -> None:
    header, _, _ = TUNE.partition("A2|")
    melody = from_text(
        tmp_path, header + "|:d2e2f2|g4f2|1 e6:|2 d6|]\n".replace("g4f2|1", "g4f2 |1")
    )
    assert [note.pitch for note in line_of(melody)] == [74, 76, 77, 79, 77, 74]


def test_a_tune_out_of_a_book(tmp_path: Path) -> None:
    book = TUNE + "\n" + TUNE.replace("X:1", "X:2").replace("The tune", "Another")
    with pytest.raises(DataError, match="a book of 2: name one by its number"):
        from_text(tmp_path, book)
    path = tmp_path / "tune.abc"
    assert read_melody(path, tune=2).chorale.title == "Another"
    with pytest.raises(DataError, match="expected a tune 9, got tunes 1, 2"):
        read_melody(path, tune=9)


def test_folk_songs_that_are_not_bachs() -> None:
    import music21

    folder = Path(music21.__file__).parent / "corpus" / "essenFolksong"
    song = read_melody(folder / "boehme10.abc", tune=5)
    assert (song.chorale.metre.name, song.chorale.pickup) == ("4/4", 4)
    assert song.chorale.key == Key("C", "major")
    assert song.remarks == (
        # Two barlines are missing in the file.
        "bars that are longer than the metre are counted as several: bars 12 and 15",
        "transposed an octave up into the range of the soprano",
        "there are no fermatas: phrases are assumed to end in bars "
        "2, 4, 6, 8, 10, 12, 16, 20",
    )
    song = read_melody(folder / "fink0.abc", tune=100)
    assert (song.chorale.metre.name, song.chorale.pickup) == ("6/8", 2)
    assert song.chorale.bars[-1] == 10


# === What is no melody ===


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.abc",
            CHORDS,
            "got 2 notes at once in bar 1",
        ),
        ("a.abc", "", "it is empty"),
        ("a.krn", "", "it is empty"),
        ("a.abc", TUNE.partition("A2|")[0] + "z6|z6|]", "got no notes"),
        ("a.krn", "nothing of the kind", "expected the kinds of the spines"),
        ("a.musicxml", "", "it is empty"),
        ("a.mid", "", "it has no MIDI header"),
        ("a.csv", "", "it is empty"),
        ("a.csv", "note\n", "found none"),
        ("a.csv", "note\n0\n0\n", "the soprano is silent throughout"),
        ("a.csv", "note\nC4\n", "row 2, column note: expected a whole number"),
        ("a.csv", "a,b\n60,60\n", "one column of MIDI notes, .* got 2 columns"),
    ],
)
def test_files_that_hold_no_melody(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        from_text(tmp_path, text, name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_midi_files_that_hold_no_melody(tmp_path: Path) -> None:
    chord = [(60, 0, 1), (64, 0, 1), (67, 1, 1)]
    with pytest.raises(DataError, match=r"one note at a time .* in bar 1, beat 1"):
        read_melody(midi(tmp_path / "chords.mid", chord))
    tune = [(60, 0, 1), (64, 1, 1)]
    with pytest.raises(DataError, match="it is not clear which of the parts"):
        read_melody(midi(tmp_path / "two.mid", tune, tune))
    with pytest.raises(DataError, match="got no notes"):
        read_melody(midi(tmp_path / "none.mid", []))


def test_files_that_are_not_there_or_of_no_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in .*\.abc, \.krn, .*got \.txt"):
        read_melody(tmp_path / "tune.txt")
    with pytest.raises(DataError, match="there is no such file"):
        read_melody(tmp_path / "tune.abc")
    with pytest.raises(UsageError, match="tune is for files of abc"):
        read_melody(tmp_path / "tune.mid", tune=1)


def test_the_reason_that_a_line_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "thirds.abc"
    path.write_text("X:1\nT:Thirds\nM:4/4\nL:1/1\nK:C\n" + "[CE]|" * 8 + "\n")
    with pytest.raises(DataError, match=r"four voices.*single line: .* got 2 notes"):
        read_any(path)


# === Metadata of a corpus ===


def indexed(folder: Path, index: str) -> Path:
    """Write a piece and the index of its folder."""
    write_csv(little_chorale(), folder / "piece.csv")
    (folder / "index.csv").write_text(index)
    return folder / "piece.csv"


def test_a_csv_of_a_corpus_keeps_what_its_index_does_not_know(tmp_path: Path) -> None:
    path = indexed(tmp_path / "a", "file,metre,pickup\npiece.csv,3/4,4\n")
    reading = read_whole(path)
    assert (reading.chorale.metre.name, reading.chorale.pickup) == ("3/4", 4)
    assert reading.chorale.key == Key("A", "minor")
    assert not reading.metre_assumed
    assert any("no key signature" in remark for remark in reading.remarks())
    path = indexed(tmp_path / "b", "file,key\npiece.csv,C major\n")
    reading = read_whole(path)
    assert reading.chorale.key == Key("C", "major")
    assert reading.remarks() == ["the file has no metre: bars are counted in 4/4"]


def test_a_csv_with_annotations_has_the_metre_of_its_bars(tmp_path: Path) -> None:
    bars = {"metres": (Metre(3, 4),), "bars": None, "positions": None}
    waltz = replace(little_chorale(), **bars)
    write_csv(waltz, tmp_path / "piece.csv")
    write_annotations(waltz, tmp_path / "annotations" / "piece.csv")
    reading = read_whole(tmp_path / "piece.csv")
    assert reading.chorale.metre.name == "3/4"
    assert not reading.metre_assumed

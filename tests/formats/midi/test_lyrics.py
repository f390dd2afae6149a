"""Lyric events of MIDI files."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from strategies import little_chorale

from chorale.formats.midi.reader import read_midi
from chorale.formats.midi.writer import write_midi
from chorale.music.lyrics import Lyric
from chorale.music.voices import SOPRANO


def melody(path: Path, syllables: list[str]) -> Path:
    """Write quarters of one pitch with a syllable each."""
    track = mido.MidiTrack()
    for text in syllables:
        track.append(mido.MetaMessage("lyrics", text=text))
        track.append(mido.Message("note_on", note=67))
        track.append(mido.Message("note_off", note=67, time=480))
    mido.MidiFile(tracks=[track]).save(path)
    return path


def words(path: Path) -> list[tuple[int, str, bool]]:
    lyrics = read_midi(path, SOPRANO).chorale.lyrics
    return [(lyric.step, lyric.text, lyric.joined) for lyric in lyrics]


@pytest.mark.parametrize(
    "syllables",
    [
        ["Ky-", "ri-", "e", "e-", "le-", "i-", "son"],
        ["Ky", "ri", "e ", "e", "le", "i", "son "],
        ["\\Ky-", "ri-", "e", "/e-", "le-", "i-", "son\r"],
    ],
)
def test_syllables_and_words(tmp_path: Path, syllables: list[str]) -> None:
    texts = ["Ky", "ri", "e", "e", "le", "i", "son"]
    assert words(melody(tmp_path / "a.mid", syllables)) == [
        (4 * index, text, text not in ("son",) and index != 2)
        for index, text in enumerate(texts)
    ]


def test_empty_and_header_events_are_no_syllables(tmp_path: Path) -> None:
    assert words(melody(tmp_path / "a.mid", ["@T Title", "", " ", "sing"])) == [
        (12, "sing", False)
    ]


@pytest.mark.parametrize("shift", [0, 1])
def test_words_in_the_text_events_of_karaoke_files(tmp_path: Path, shift: int) -> None:
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("text", text="@TMorning song"))
    track.append(mido.MetaMessage("text", text="by nobody"))
    for wait, text in zip(
        (shift, 0, 0, 0), ("/Mor", "ning", " has", "\\come"), strict=True
    ):
        track.append(mido.MetaMessage("text", text=text, time=wait))
        track.append(mido.Message("note_on", note=67))
        track.append(mido.Message("note_off", note=67, time=480))
    mido.MidiFile(tracks=[track]).save(tmp_path / "a.mid")
    syllables = [(0, "Mor", True), (4, "ning", False), (8, "has", False)]
    assert words(tmp_path / "a.mid") == [*syllables, (12, "come", False)]
    reading = read_midi(tmp_path / "a.mid", SOPRANO)
    assert reading.chorale.title == "Morning song"
    assert not any("left out" in note for note in reading.notes)


def words_track(path: Path, texts: list[str], wait: int) -> list[str]:
    """Write a melody, its words on a track of their own; return the notes on reading.

    The first word is `wait` ticks late.
    """
    notes, track = mido.MidiTrack(), mido.MidiTrack()
    for _ in range(8):
        notes.append(mido.Message("note_on", note=67))
        notes.append(mido.Message("note_off", note=67, time=480))
    for index, text in enumerate(texts):
        time = 480 if index else wait
        track.append(mido.MetaMessage("text", text=text, time=time))
    mido.MidiFile(tracks=[mido.MidiTrack(), track, notes]).save(path)
    return list(read_midi(path, SOPRANO).notes)


def test_words_on_a_track_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    assert not [n for n in words_track(path, ["No", " night", " now"], 0) if "out" in n]
    found = [(0, "No", False), (4, "night", False), (8, "now", False)]
    assert words(path) == found
    said = "words that do not stand at the notes are left out"
    assert said in words_track(path, ["No", " night", " now"], 240)
    assert words(path) == []


def test_chord_names_and_remarks_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    notes = words_track(path, ["Am", "G7", "C", "made by a program"], 0)
    assert words(path) == []
    assert not [note for note in notes if "left out" in note]


def test_all_verses_and_accents_of_our_own_lyrics_come_back(tmp_path: Path) -> None:
    lyrics = (
        Lyric(step=0, voice=0, text="Sü", joined=True),
        Lyric(step=0, voice=0, verse=2, text="O -"),
        Lyric(step=4, voice=0, text="ße", joined=False),
        Lyric(step=0, voice=3, text="@Low"),
    )
    write_midi(little_chorale(lyrics=lyrics), tmp_path / "a.mid")
    shown = [
        message.text
        for message in mido.MidiFile(tmp_path / "a.mid").tracks[1]
        if message.type == "lyrics"
    ]
    assert shown == ["Sue-", "sse"]
    reading = read_midi(tmp_path / "a.mid")
    assert sorted(reading.chorale.lyrics) == sorted(lyrics)
    assert reading.notes == ()


def test_our_own_lyrics_come_back(tmp_path: Path) -> None:
    lyrics = (
        Lyric(step=0, voice=0, text="Wake", joined=False),
        Lyric(step=4, voice=0, text="A", joined=True),
        Lyric(step=8, voice=0, text="men"),
        Lyric(step=0, voice=3, text="Low"),
    )
    write_midi(little_chorale(lyrics=lyrics), tmp_path / "a.mid")
    assert read_midi(tmp_path / "a.mid").chorale.lyrics == tuple(sorted(lyrics))

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


def test_our_own_lyrics_come_back(tmp_path: Path) -> None:
    lyrics = (
        Lyric(step=0, voice=0, text="Wake", joined=False),
        Lyric(step=4, voice=0, text="A", joined=True),
        Lyric(step=8, voice=0, text="men"),
        Lyric(step=0, voice=3, text="Low"),
    )
    write_midi(little_chorale(lyrics=lyrics), tmp_path / "a.mid")
    assert read_midi(tmp_path / "a.mid").chorale.lyrics == tuple(sorted(lyrics))

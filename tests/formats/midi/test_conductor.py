"""Text in MIDI files: titles and credits that every program opens, nothing printed."""

from __future__ import annotations

from pathlib import Path

import mido
from hypothesis import given
from hypothesis import strategies as st
from readings import with_key
from strategies import little_chorale

from chorale.formats.midi.conductor import MANUFACTURER, ascii_title
from chorale.formats.midi.reader import read_midi
from chorale.formats.midi.writer import write_midi
from chorale.music.score import Chorale

# Programs show these in the score, or under its notes.
PRINTED = ("text", "lyrics", "cue_marker")


def conductor(chorale: Chorale, folder: Path) -> list[mido.MetaMessage]:
    write_midi(chorale, folder / "a.mid")
    return list(mido.MidiFile(folder / "a.mid").tracks[0])


@given(st.text(max_size=40), st.text(max_size=10))
def test_a_title_is_printable_and_never_empty(title: str, source: str) -> None:
    found = ascii_title(little_chorale(title=title, source=source))
    assert found and found.isascii() and found.isprintable()


def test_without_a_title_the_source_is_the_title(tmp_path: Path) -> None:
    chorale = little_chorale(title="", source="bwv253")
    assert conductor(chorale, tmp_path)[0].name == "bwv253"
    assert read_midi(tmp_path / "a.mid").chorale.title == ""
    assert conductor(little_chorale(title="聖歌"), tmp_path)[0].name == "Chorale"
    assert read_midi(tmp_path / "a.mid").chorale.title == "聖歌"


def test_the_credit_is_a_copyright(tmp_path: Path) -> None:
    credit = "Opening by Jürgen Ää, bars 1-2"
    events = conductor(little_chorale(credit=credit), tmp_path)
    assert [event.text for event in events if event.type == "copyright"] == [
        "Opening by Juergen Aeae, bars 1-2"
    ]
    assert read_midi(tmp_path / "a.mid").chorale.credit == credit
    events = conductor(little_chorale(), tmp_path)
    assert not [event for event in events if event.type == "copyright"]


def test_nothing_is_printed_and_all_bytes_are_ascii(tmp_path: Path) -> None:
    write_midi(little_chorale(credit="Ä"), tmp_path / "a.mid")
    for track in mido.MidiFile(tmp_path / "a.mid").tracks:
        for event in track:
            assert event.type not in PRINTED
            for text in (getattr(event, name, "") for name in ("name", "text")):
                assert text.isascii()
            if event.type == "sequencer_specific":
                assert event.data[0] == MANUFACTURER


def test_files_of_older_versions_come_back(tmp_path: Path) -> None:
    # They had text events and a title in UTF-8.
    chorale = little_chorale().excerpt(40, 64)
    write_midi(chorale, tmp_path / "a.mid")
    file = mido.MidiFile(tmp_path / "a.mid")
    for index, event in enumerate(file.tracks[0]):
        if event.type == "sequencer_specific":
            text = bytes(event.data[1:]).decode()
            new = mido.MetaMessage("text", text=text, time=event.time)
            if text.startswith("chorale title"):
                new = mido.MetaMessage("marker", text="", time=event.time)
            file.tracks[0][index] = new
        elif event.type == "track_name":
            name = chorale.title.encode().decode("latin-1")
            file.tracks[0][index] = event.copy(name=name)
    file.save(tmp_path / "a.mid")
    reading = read_midi(tmp_path / "a.mid")
    assert with_key(reading) == chorale
    assert reading.chorale.title == chorale.title
    assert reading.notes == ()

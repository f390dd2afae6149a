"""The bytes of MIDI files: odd, wrapped and damaged ones."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from chorale.errors import DataError
from chorale.formats.midi.events import (
    END_OF_TRACK,
    KEY_SIGNATURE,
    META,
    NOTE_OFF,
    NOTE_ON,
    Event,
    read_events,
)

END = b"\x00\xff\x2f\x00"
# A note of 96 ticks; the end has running status.
NOTE = b"\x00\x90\x3c\x40" + b"\x60\x3c\x00"


def header(tracks: int = 1, kind: int = 1, ticks: int = 96) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, kind, tracks, ticks)


def chunk(data: bytes, name: bytes = b"MTrk", size: int | None = None) -> bytes:
    return name + struct.pack(">I", len(data) if size is None else size) + data


def file(*tracks: bytes, **fields: int) -> bytes:
    return header(len(tracks), **fields) + b"".join(map(chunk, tracks))


NOTES = [Event(0, NOTE_ON, 0, b"\x3c\x40"), Event(96, NOTE_ON, 0, b"\x3c\x00")]


def notes(data: bytes) -> list[Event]:
    (track,) = read_events(data).tracks
    return [event for event in track if event.kind in (NOTE_ON, NOTE_OFF)]


def test_a_file() -> None:
    read = read_events(file(NOTE + END, b"\x00\xff\x59\x02\xff\x00" + END, kind=1))
    assert (read.format, read.ticks_per_quarter) == (1, 96)
    assert read.tracks[0][:2] == NOTES
    assert read.tracks[1][0] == Event(0, META, KEY_SIGNATURE, b"\xff\x00")
    assert read.tracks[1][-1].number == END_OF_TRACK
    assert (read.ends, read.remarks) == ([96, 0], [])


@pytest.mark.parametrize(
    "data",
    [
        file(NOTE),  # without an end of track
        b"\x00" * 128 + file(NOTE + END),  # a MacBinary header
        header() + chunk(b"abc", b"XFIH") + chunk(NOTE + END),  # an unknown chunk
        b"MThd" + struct.pack(">IHHH", 8, 1, 1, 96) + b"\0\0" + chunk(NOTE + END),
        file(b"\x00\xf0\x03\x7e\x7f\xf7" + NOTE + END),  # system exclusive
        file(b"\x00\xf8" + NOTE[:4] + b"\x00\xff\x01\x01a" + NOTE[4:] + END),
    ],
)
def test_unusual_files(data: bytes) -> None:
    assert notes(data) == NOTES


@pytest.mark.parametrize("odd", [b"", b"LIST\x03\0\0\0abc\0"])
def test_files_in_riff(odd: bytes) -> None:
    data = file(NOTE + END)
    content = b"RMID" + odd + b"data" + struct.pack("<I", len(data)) + data
    assert notes(b"RIFF" + struct.pack("<I", len(content)) + content) == NOTES
    with pytest.raises(DataError, match="RIFF file has no data"):
        read_events(b"RIFF\x04\0\0\0RMID")


def test_a_velocity_above_127_is_a_velocity() -> None:
    loud = NOTE.replace(b"\x3c\x40", b"\x3c\xc8")
    assert notes(file(loud + END))[0].data == b"\x3c\xc8"


@pytest.mark.parametrize("size", [3, 1000])
def test_a_wrong_length_of_a_track_is_said(size: int) -> None:
    data = header(2) + chunk(NOTE + END, size=size) + chunk(NOTE + END)
    read = read_events(data)
    assert [track[:2] for track in read.tracks] == [NOTES, NOTES]
    assert read.remarks == ["the length of track 1 is wrong in the file"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no MIDI header"),
        (b"MThd\0\0", "ends too early"),
        (header(3) + chunk(END), "of 3 tracks, it ends after 1"),
        (header() + chunk(NOTE[:-1], size=20), "ends too early, in track 1"),
        (file(b"\x00\xff\x03\x40abc"), "ends too early, in track 1"),
        (file(b"\x00\x3c\x40" + END), "data without a message"),
        (file(b"\xff\xff\xff\xff\x7f" + NOTE), "a time of over 4 bytes"),
        (file(END, kind=2), "got format 2"),
        (file(END, ticks=0xE728), "SMPTE"),
    ],
)
def test_what_cannot_be_read(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_events(data)


def test_any_bytes_are_read_or_refused() -> None:
    generator = np.random.default_rng(0)
    whole = np.frombuffer(file(NOTE * 20 + END, NOTE * 20 + END), np.uint8)
    for _ in range(500):
        damaged = whole.copy()
        places = generator.integers(14, len(whole), 4)
        damaged[places] = generator.integers(0, 256, 4)
        try:
            read_events(damaged.tobytes()[: generator.integers(20, len(whole) + 1)])
        except DataError as error:
            assert str(error).startswith("expected")

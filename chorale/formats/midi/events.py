"""Standard MIDI files: the events of their tracks, also of slightly damaged files.

A byte that is out of range spoils one event, not the file. What cannot be repaired,
such as a file that ends too early, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from chorale.errors import DataError

# Kinds of events: status bytes without the channel, and the meta event.
NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, META = 0x80, 0x90, 0xB0, 0xC0, 0xFF
# Types of meta events.
TEXT, TRACK_NAME, INSTRUMENT_NAME, LYRIC, MARKER = 0x01, 0x03, 0x04, 0x05, 0x06
END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x2F, 0x51, 0x58, 0x59
SEQUENCER_SPECIFIC = 0x7F


_HEADER, _TRACK = b"MThd", b"MTrk"
_LONGEST_PREFIX = 256  # bytes that other programs may put before the header
_HEADER_BYTES, _CHUNK_BYTES = 14, 8
_LONGEST_NUMBER = 4  # bytes of a variable-length number
_LONGEST_TEXT = 1_000  # bytes of a meta event that are kept
# Data bytes after the status bytes of system messages, which do not belong in files.
_SYSTEM_LENGTHS = {0xF1: 1, 0xF2: 2, 0xF3: 1}


class Event(NamedTuple):
    """A channel message or meta event.

    Attributes:
        tick: time since the beginning.
        kind: NOTE_OFF, NOTE_ON, CONTROL, PROGRAM or another status byte, or META.
        number: the channel from 0, or the type of a meta event.
        data: bytes; those of channel messages may be above 127 in damaged files.
    """

    tick: int
    kind: int
    number: int
    data: bytes


@dataclass(frozen=True, kw_only=True)
class MidiFile:
    """The content of a file.

    Attributes:
        format: 0 for one track, 1 for simultaneous tracks.
        ticks_per_quarter: resolution.
        tracks: events in order of time.
        ends: tick at which each track ends.
        remarks: sentences on what was repaired.
    """

    format: int
    ticks_per_quarter: int
    tracks: list[list[Event]]
    ends: list[int]
    remarks: list[str] = field(default_factory=list)


def read_events(data: bytes) -> MidiFile:
    """Read the bytes of a MIDI file, plain or wrapped in RIFF.

    Raises:
        DataError: it is no MIDI file, has independent sequences (format 2) or times in
            frames of film (SMPTE), or it is damaged.
    """
    data = _unwrapped(data)
    begin = data.find(_HEADER, 0, _LONGEST_PREFIX)
    if begin < 0:
        raise DataError("expected a MIDI file, it has no MIDI header")
    header = data[begin : begin + _HEADER_BYTES]
    if len(header) < _HEADER_BYTES:
        raise DataError("expected a MIDI file, it ends too early")
    size = int.from_bytes(header[4:8])
    kind, count, division = (int.from_bytes(header[at : at + 2]) for at in (8, 10, 12))
    if kind > 1:
        raise DataError(
            f"expected a MIDI file of format 0 or 1, got format {kind}, whose tracks "
            "are independent pieces: save it as format 1"
        )
    if division >= 0x8000:
        raise DataError(
            "expected a MIDI file with ticks per quarter note, got SMPTE time, which "
            "has no beats: save it with ticks per quarter note"
        )
    if not division:
        raise DataError("expected a MIDI file with ticks per quarter note, got 0")
    file = MidiFile(format=kind, ticks_per_quarter=division, tracks=[], ends=[])
    at = begin + _CHUNK_BYTES + max(size, 6)
    while len(data) - at >= _CHUNK_BYTES:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8])
        at += _CHUNK_BYTES
        if name == _TRACK:
            at = _read_track(data, at, at + size, file)
        else:
            at += size
    if len(file.tracks) < count:
        raise DataError(
            f"expected a MIDI file of {count} tracks, it ends after {len(file.tracks)}"
        )
    return file


def _unwrapped(data: bytes) -> bytes:
    """Return the MIDI file in a RIFF file, or the data as they are."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    at = 12
    while len(data) - at >= _CHUNK_BYTES:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            return data[at + _CHUNK_BYTES :][:size]
        at += _CHUNK_BYTES + size + size % 2  # chunks begin at even bytes
    raise DataError("expected a MIDI file, its RIFF file has no data")


def _read_track(data: bytes, at: int, end: int, file: MidiFile) -> int:
    """Add the track from byte `at` to a file; return where the next chunk begins.

    The length of a track, which ends at byte `end`, is sometimes wrong: then the track
    ends with its end-of-track event.
    """
    number = len(file.tracks) + 1
    is_next_chunk = end == len(data) or data[end : end + 4].isalpha()
    limit = end if is_next_chunk else len(data)
    events: list[Event] = []
    tick = status = 0
    try:
        while at < limit:
            delta, at = _number(data, at, limit)
            tick += delta
            first = data[at]
            if first >= 0x80:
                at += 1
            if first == META:
                kind = data[at]
                size, at = _number(data, at + 1, limit)
                content = _take(data, at, min(size, _LONGEST_TEXT), limit)
                events.append(Event(tick, META, kind, content))
                _take(data, at, size, limit)
                at += size
                if kind == END_OF_TRACK:
                    break
            elif first in (0xF0, 0xF7):
                size, at = _number(data, at, limit)
                _take(data, at, size, limit)
                at += size
            elif first >= 0xF0:
                at += _SYSTEM_LENGTHS.get(first, 0)
            else:
                status = first if first >= 0x80 else status
                if not status:
                    raise DataError(
                        f"expected a MIDI file, track {number} is damaged: it has data "
                        "without a message"
                    )
                kind = status & 0xF0
                size = 1 if kind in (PROGRAM, 0xD0) else 2
                content = _take(data, at, size, limit)
                events.append(Event(tick, kind, status & 0x0F, content))
                at += size
    except IndexError:
        raise DataError(
            f"expected a MIDI file, it ends too early, in track {number}"
        ) from None
    file.tracks.append(events)
    file.ends.append(tick)
    if is_next_chunk:
        return end
    file.remarks.append(f"the length of track {number} is wrong in the file")
    return max(data.find(_TRACK, at), at) if _TRACK in data[at:] else len(data)


def _take(data: bytes, at: int, size: int, limit: int) -> bytes:
    """Return `size` bytes before `limit`, IndexError if there are fewer."""
    if at + size > limit:
        raise IndexError
    return data[at : at + size]


def _number(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """Return a variable-length number and the place after it."""
    value = 0
    for place in range(at, at + _LONGEST_NUMBER):
        if place >= limit:
            raise IndexError
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    raise DataError("expected a MIDI file, it is damaged: a time of over 4 bytes")

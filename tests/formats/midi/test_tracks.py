"""Parts of MIDI files: tracks and channels, the sustain pedal, other times."""

from __future__ import annotations

from chorale.formats.midi.events import (
    CONTROL,
    LYRIC,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    TRACK_NAME,
    Event,
    MidiFile,
)
from chorale.formats.midi.quantization import PerformedNote
from chorale.formats.midi.tracks import Meta, Part, Performance, read_parts

STEP = 120  # ticks
DOWN, UP = 127, 0
TEMPO = 0x51


def note(pitch: int, start: float, end: float, channel: int = 0) -> list[Event]:
    return [
        Event(round(start * STEP), NOTE_ON, channel, bytes([pitch, 80])),
        Event(round(end * STEP), NOTE_OFF, channel, bytes([pitch, 0])),
    ]


def pedal(step: float, value: int, channel: int = 0) -> list[Event]:
    return [Event(round(step * STEP), CONTROL, channel, bytes([64, value]))]


def text(kind: int, words: str, step: float = 0) -> list[Event]:
    return [Event(round(step * STEP), META, kind, words.encode())]


def read(*tracks: list[list[Event]], kind: int = 1, end: float = 16) -> Performance:
    """Return the parts of tracks, each a list of notes and other events."""
    ordered = [
        sorted((event for events in track for event in events), key=lambda e: e.tick)
        for track in tracks
    ]
    ends = [round(end * STEP)] * len(ordered)
    return read_parts(
        MidiFile(format=kind, ticks_per_quarter=4 * STEP, tracks=ordered, ends=ends)
    )


def releases(performance: Performance) -> dict[int, float]:
    """Return the release of each note of the first part, by pitch; 0 without pedal."""
    return {note.pitch: note.release for note in performance.parts[0].notes}


# === Sustain pedal ===


def test_without_a_pedal_notes_end_where_they_end() -> None:
    assert releases(read([note(60, 0, 2), note(62, 4, 6)])) == {60: 0, 62: 0}
    # A pedal that is up, or half down below the threshold, is none.
    found = read([pedal(0, 63), note(60, 0, 2), pedal(4, UP)])
    assert releases(found) == {60: 0}


def test_the_pedal_holds_what_ends_while_it_is_down() -> None:
    found = read(
        [
            note(60, 0, 1),  # before
            *(pedal(2, DOWN), note(62, 1, 3), note(64, 3, 5), pedal(6, UP)),
            note(65, 6, 8),  # after
        ]
    )
    assert releases(found) == {60: 0, 62: 6, 64: 6, 65: 0}


def test_each_press_holds_its_own_notes() -> None:
    found = read(
        [
            *(pedal(0, DOWN), note(60, 0, 1), pedal(2, UP)),
            *(pedal(2.5, DOWN), pedal(3, 90), note(62, 2, 4), pedal(5, UP)),
            note(64, 5, 6),
        ]
    )
    assert releases(found) == {60: 2, 62: 5, 64: 0}


def test_a_pedal_that_is_lifted_after_the_last_note_holds_too() -> None:
    found = read([pedal(0, DOWN), note(60, 0, 1), note(62, 4, 6), pedal(8, UP)])
    assert releases(found) == {60: 8, 62: 8}


def test_a_pedal_that_is_never_lifted_holds_to_the_last_end() -> None:
    found = read([pedal(0, DOWN), note(60, 0, 1), note(62, 4, 6)])
    assert releases(found) == {60: 6, 62: 6}


def test_a_note_that_ends_as_the_pedal_moves() -> None:
    assert releases(read([pedal(0, DOWN), note(60, 0, 2), pedal(2, UP)])) == {60: 0}
    found = read([pedal(2, DOWN), note(60, 0, 2), pedal(5, UP)])
    assert releases(found) == {60: 5}


def test_the_pedal_is_that_of_the_channel() -> None:
    found = read([pedal(0, DOWN, 1), note(60, 0, 1, 0), note(72, 0, 1, 1)])
    by_pitch = {note.pitch: note for part in found.parts for note in part.notes}
    assert (by_pitch[60].release, by_pitch[72].release) == (0, 1)


# === Other times ===


def test_notes_move_with_their_release() -> None:
    found = read([pedal(0, DOWN), note(60, 1, 2), pedal(3, UP)])
    moved = found.moved(lambda step: 2 * step)
    assert moved.parts[0].notes == [PerformedNote(pitch=60, start=2, end=4, release=6)]
    assert found.parts[0].notes[0].start == 1  # the old one is as it was


def test_what_stands_at_the_beginning_stays_there() -> None:
    early, late = Meta(0.5, TEMPO, b"a"), Meta(8.0, TEMPO, b"b")
    word = Meta(8.0, LYRIC, b"la")
    performance = Performance(
        parts=[
            Part(notes=[PerformedNote(pitch=60, start=4.0, end=8.0)], metas=[word]),
            Part(notes=[PerformedNote(pitch=48, start=6.0, end=8.0)]),
        ],
        metas=[early, late, word],
        title="Own",
        end=16.0,
        remarks=[],
    )
    moved = performance.moved(lambda step: step / 4)
    assert [note.start for part in moved.parts for note in part.notes] == [1.0, 1.5]
    # Early ones are at the start, later ones have no place any more, words move.
    assert moved.metas == [Meta(0.0, TEMPO, b"a"), Meta(2.0, LYRIC, b"la")]
    assert moved.parts[0].metas == [Meta(2.0, LYRIC, b"la")]
    assert (moved.title, moved.end) == ("Own", 16.0)


# === Tracks and channels ===


def test_the_first_track_without_notes_has_the_title() -> None:
    found = read(
        [text(TRACK_NAME, "A hymn")],
        [text(TRACK_NAME, "Soprano"), note(72, 0, 4)],
        [text(TRACK_NAME, "Bass"), note(48, 0, 4)],
    )
    assert found.title == "A hymn"
    assert [part.name for part in found.parts] == ["Soprano", "Bass"]


def test_channels_of_a_track_are_parts_unless_it_is_a_voice() -> None:
    notes = [note(72, 0, 4, 0), note(48, 0, 4, 3)]
    program = [Event(0, PROGRAM, 3, bytes([42]))]
    found = read([text(TRACK_NAME, "Choir"), program, *notes])
    assert [part.name for part in found.parts] == ["Choir", "Choir"]
    assert [part.program for part in found.parts] == [None, 42]
    found = read([text(TRACK_NAME, "Alto"), *notes])
    assert [len(part.notes) for part in found.parts] == [2]


def test_what_is_left_out_or_repaired_is_counted() -> None:
    found = read(
        [
            note(60, 0, 4),
            note(38, 0, 1, channel=9),
            note(62, 3, 3),
            note(64, 4, 99)[:1],
        ],
        end=8,
    )
    assert set(found.remarks) == {
        "unterminated notes sound to the end of their track: 1",
        "notes without length, such as grace notes, are left out: 1",
        "percussion is left out: notes on channel 10 (1)",
    }
    assert [(n.pitch, n.end) for n in found.parts[0].notes] == [(60, 4), (64, 8)]


def test_how_many_notes_sound_at_once() -> None:
    def most(*notes: list[Event]) -> int:
        return read(list(notes)).parts[0].info().most_at_once

    assert most(note(60, 0, 4), note(62, 4, 8)) == 1
    assert most(note(60, 0, 4.4), note(62, 4, 8)) == 1  # legato
    assert most(note(60, 0, 6), note(62, 4, 8)) == 2
    assert most(note(60, 0, 4), note(60, 1, 4), note(64, 0, 4)) == 2  # pitches
    assert most(note(60, 0, 9), note(64, 0, 2), note(67, 2, 4), note(72, 4, 9)) == 2

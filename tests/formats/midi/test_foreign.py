"""MIDI files of other programs: read as a musician reads them, and the doubt said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest

from chorale.errors import DataError
from chorale.formats.files import read_spelled
from chorale.formats.midi.reader import read_midi
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.keys import Key
from chorale.music.score import Chorale, Note
from chorale.music.voices import SOPRANO, VOICE_NAMES

# Voices as pairs of pitch and length in steps; None is a rest. Three bars in G major.
PIECE = (
    [(74, 4), (71, 4), (72, 4), (74, 4), (76, 8), (74, 4), (72, 4), (71, 12), (71, 4)],
    [(67, 4), (67, 4), (66, 4), (67, 4), (67, 8), (66, 4), (69, 4), (67, 12), (67, 4)],
    [(59, 4), (62, 4), (62, 4), (62, 4), (60, 8), (62, 4), (62, 4), (62, 12), (62, 4)],
    [(55, 4), (55, 4), (57, 4), (59, 4), (48, 8), (50, 4), (54, 4), (55, 12), (55, 4)],
)
NAMES = [name.capitalize() for name in VOICE_NAMES]
Event = tuple[float, mido.Message]
Time = Callable[[float], float]


def expected(lines: tuple = PIECE) -> list[list[Note]]:
    found = []
    for line in lines:
        notes, step = [], 0
        for pitch, length in line:
            if pitch:
                notes.append(Note(pitch, step, length))
            step += length
        found.append(notes)
    return found


def notes_of(chorale: Chorale) -> list[list[Note]]:
    return [chorale.notes(voice) for voice in range(4)]


def played(line: list, channel: int = 0, *, share: float = 1.0) -> list[Event]:
    events, step = [], 0
    for pitch, length in line:
        if pitch:
            on = {"note": pitch, "channel": channel}
            events.append((step, mido.Message("note_on", **on)))
            events.append((step + length * share, mido.Message("note_off", **on)))
        step += length
    return events


def save(
    path: Path,
    tracks: list[tuple[str, list[Event]]],
    conductor: list[Event] | None = None,
    time: Time = lambda step: step,
    has_tempo: bool = True,
) -> Path:
    """Write tracks of names and events at steps, after a conductor track.

    It has a tempo of 120 unless it has another, or `has_tempo` is false.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    head: list[Event] = [(0, mido.MetaMessage("time_signature", numerator=4))]
    conductor = conductor or []
    if has_tempo and all(event.type != "set_tempo" for _, event in conductor):
        head.append((0, mido.MetaMessage("set_tempo", tempo=500_000)))
    for name, events in [("", [*head, *conductor]), *tracks]:
        track = mido.MidiTrack()
        if name:
            track.append(mido.MetaMessage("track_name", name=name))
        last = 0
        # Ends come before beginnings.
        ordered = sorted(
            events, key=lambda event: (event[0], event[1].type[-2:] == "on")
        )
        for step, message in ordered:
            tick = round(time(step) * 120) if not message.is_meta else int(step * 120)
            track.append(message.copy(time=tick - last))
            last = tick
        file.tracks.append(track)
    file.save(path)
    return path


def voices(lines: tuple = PIECE, **options: float) -> list[tuple[str, list[Event]]]:
    return [
        (name, played(line, channel, **options))
        for channel, (name, line) in enumerate(zip(NAMES, lines, strict=True))
    ]


def staves(
    lines: tuple = PIECE, names: tuple[str, str] = ("Women", "Men"), **options: float
) -> list[tuple[str, list[Event]]]:
    s, a, t, b = (played(line, **options) for line in lines)
    return [(names[0], s + a), (names[1], t + b)]


def test_the_piece_is_read_without_remarks(tmp_path: Path) -> None:
    reading = read_midi(save(tmp_path / "a.mid", voices()))
    assert notes_of(reading.chorale) == expected()
    assert reading.remarks() == []


# === Note lengths ===


@pytest.mark.parametrize("share", [0.85, 0.9, 0.95, 0.98])
@pytest.mark.parametrize("layout", [voices, staves])
def test_a_played_legato_is_no_rest(
    tmp_path: Path, share: float, layout: Callable[..., list]
) -> None:
    reading = read_midi(save(tmp_path / "a.mid", layout(share=share)))
    assert notes_of(reading.chorale) == expected()
    remarks = [remark for remark in reading.remarks() if "separated" not in remark]
    # At 98 % the nearest sixteenths are the written lengths.
    assert len(remarks) == (share < 0.98)
    assert all("of their length" in remark for remark in remarks)


def unevenly(tracks: list[tuple[str, list[Event]]]) -> list[tuple[str, list[Event]]]:
    """Return tracks whose notes end early, as played by hand."""
    generator = np.random.default_rng(1)
    return [
        (
            name,
            [
                (step - generator.uniform(0.1, 1.2) * (event.type == "note_off"), event)
                for step, event in events
            ],
        )
        for name, events in tracks
    ]


def test_uneven_lengths_have_no_gaps(tmp_path: Path) -> None:
    reading = read_midi(save(tmp_path / "a.mid", unevenly(voices())))
    assert notes_of(reading.chorale) == expected()
    assert any("held unevenly" in remark for remark in reading.remarks())


def test_rests_among_shortened_notes_stay(tmp_path: Path) -> None:
    soprano = [(74, 4), (None, 4), *PIECE[0][2:5], (74, 2), (None, 2), *PIECE[0][6:]]
    lines = (soprano, *PIECE[1:])
    reading = read_midi(save(tmp_path / "a.mid", voices(lines, share=0.9)))
    assert notes_of(reading.chorale) == expected(lines)


def test_a_sixteenth_rest_of_a_written_file_stays(tmp_path: Path) -> None:
    soprano = [(74, 3), (None, 1), *PIECE[0][1:-1], (71, 3)]
    lines = (soprano, *PIECE[1:])
    reading = read_midi(save(tmp_path / "a.mid", voices(lines)))
    assert notes_of(reading.chorale) == expected(lines)
    assert reading.remarks() == []


def test_a_long_legato_overlap_is_cut_and_said(tmp_path: Path) -> None:
    tracks = voices(share=1.1)
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    assert [[n.start for n in line] for line in notes_of(reading.chorale)] == [
        [n.start for n in line] for line in expected()
    ]
    assert any(
        "overlap the next of their voice" in remark for remark in reading.remarks()
    )


# === No click ===


@pytest.mark.parametrize(("tempo", "lead_in"), [(97, 5.3), (66, 11.4), (120, 3.5)])
def test_a_performance_without_a_click(
    tmp_path: Path, tempo: float, lead_in: float
) -> None:
    path = save(
        tmp_path / "a.mid", voices(share=0.95), time=lambda s: lead_in + s * 120 / tempo
    )
    reading = read_midi(path)
    assert notes_of(reading.chorale) == expected()
    assert reading.chorale.positions[0] == 0
    if tempo != 120:
        assert reading.chorale.tempo == pytest.approx(tempo, rel=0.02)
    assert any("beside the beats" in remark for remark in reading.remarks())


def test_a_player_who_is_a_little_late_keeps_the_bars(tmp_path: Path) -> None:
    late = np.random.default_rng(0).uniform(0, 0.2, 100)
    path = save(tmp_path / "a.mid", voices(), time=lambda s: s + late[int(s)])
    assert notes_of(read_midi(path).chorale) == expected()


# === Which tracks ===


def extra(name: str, channel: int = 5) -> tuple[str, list[Event]]:
    return name, played([(43, 16), (45, 16), (43, 16)], channel)


@pytest.mark.parametrize("name", ["Basso continuo", "Bassoon", "Piano", "Alto sax"])
def test_voices_are_chosen_by_name(tmp_path: Path, name: str) -> None:
    reading = read_midi(save(tmp_path / "a.mid", [extra(name), *voices()]))
    assert notes_of(reading.chorale) == expected()
    assert reading.remarks() == [f'left out: part 1 "{name}"']


@pytest.mark.parametrize("names", ["SATB", ("Sopran", "Alt", "Tenor", "Baß")])
def test_abbreviations_and_other_languages(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    tracks = [
        (name.encode().decode("latin-1"), events)
        for name, (_, events) in zip(names, voices(), strict=True)
    ]
    reading = read_midi(save(tmp_path / "a.mid", [*tracks[::-1], extra("Piano")]))
    assert notes_of(reading.chorale) == expected()


def test_women_men_and_piano_of_one_line_each_are_refused(tmp_path: Path) -> None:
    tracks = [
        (name, events)
        for name, (_, events) in zip(
            ("Women", "Men", "Piano", "Piano"), voices(), strict=True
        )
    ]
    path = save(tmp_path / "a.mid", tracks)
    with pytest.raises(DataError, match='1 "Women", 2 "Men", 3 "Piano"'):
        read_midi(path)
    reading = read_midi(path, options=ReadingOptions(parts=(1, 2, 3, 4)))
    assert notes_of(reading.chorale) == expected()
    one = read_midi(path, SOPRANO, ReadingOptions(parts=(3,))).chorale
    assert one.notes(SOPRANO) == expected()[2]
    with pytest.raises(DataError, match='the parts are 1 "Women"'):
        read_midi(path, options=ReadingOptions(parts=(5,)))


def test_a_melody_with_piano(tmp_path: Path) -> None:
    piano = ("Piano", played([(60, 16)] * 3) + played([(64, 16)] * 3))
    path = save(tmp_path / "a.mid", [("Voice", played(PIECE[0])), piano])
    reading = read_midi(path, SOPRANO)
    assert reading.chorale.notes(SOPRANO) == expected()[0]
    assert "the melody is part 1" in reading.remarks()[0]


@pytest.mark.parametrize("is_one_track", [False, True])
def test_only_rests_that_remain_are_named(tmp_path: Path, is_one_track: bool) -> None:
    tracks = unevenly(staves())
    if is_one_track:
        tracks = [("", tracks[0][1] + tracks[1][1])]
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    assert not [remark for remark in reading.remarks() if "rests" in remark[:20]]
    tenor = [*PIECE[2][:4], (None, 8), *PIECE[2][5:]]
    tracks = unevenly(staves((*PIECE[:2], tenor, PIECE[3])))
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    named = [remark for remark in reading.remarks() if "as it has no note" in remark]
    assert named == ["the tenor rests, as it has no note, in bar 2"]


# === Several voices on one track ===


def test_a_unison_written_once(tmp_path: Path) -> None:
    # In bar 2 the alto joins the soprano.
    alto = [*PIECE[1][:4], (74, 8), (72, 4), *PIECE[1][6:]]
    alto[4], alto[5] = (71, 8), (71, 4)
    soprano = [*PIECE[0][:4], (71, 8), (71, 4), *PIECE[0][6:]]
    lines = (soprano, alto, *PIECE[2:])
    once = staves((soprano, [*alto[:4], (None, 12), *alto[6:]], *PIECE[2:]))
    reading = read_midi(save(tmp_path / "a.mid", once))
    assert notes_of(reading.chorale) == expected(lines)
    assert reading.remarks() == [
        "the voices of each track are separated by their height",
        "notes that are written once for two voices are read as unisons in bar 2",
    ]


def test_all_enter_in_unison_after_a_common_rest(tmp_path: Path) -> None:
    # All rest on the third beat of bar 1 and enter far from where they were.
    entry = {SOPRANO: 62, 1: 62, 2: 50, 3: 50}
    lines = [
        [*line[:2], (None, 4), (entry[voice], 4), *line[4:]]
        for voice, line in enumerate(PIECE)
    ]
    once = [
        line if voice in (0, 3) else [*line[:3], (None, 4), *line[4:]]
        for voice, line in enumerate(lines)
    ]
    reading = read_midi(save(tmp_path / "a.mid", staves(once)))
    assert notes_of(reading.chorale) == expected(lines)
    said = "notes that are written once for two voices are read as unisons in bar 1"
    assert reading.remarks()[1:] == [said]


def test_two_voices_that_enter_after_a_common_rest_are_no_unison(
    tmp_path: Path,
) -> None:
    # The outer voices sing two notes alone, or only one staff has one note.
    duet = [
        [*PIECE[0][:2], (None, 4), (86, 4), (86, 8), *PIECE[0][5:]],
        [*PIECE[1][:2], (None, 16), *PIECE[1][5:]],
        [*PIECE[2][:2], (None, 16), *PIECE[2][5:]],
        [*PIECE[3][:2], (None, 4), (36, 4), (36, 8), *PIECE[3][5:]],
    ]
    trio = [
        [*PIECE[0][:2], (None, 4), (86, 4), *PIECE[0][4:]],
        [*PIECE[1][:2], (None, 8), *PIECE[1][4:]],
        *([*line[:2], (None, 4), *line[3:]] for line in PIECE[2:]),
    ]
    for lines in (duet, trio):
        reading = read_midi(save(tmp_path / "a.mid", staves(lines)))
        assert any("rests, as it has no note" in said for said in reading.remarks())
        assert not any("unison" in said for said in reading.remarks())
        assert notes_of(reading.chorale)[0] == expected(lines)[0]


def test_a_rest_in_one_voice_is_named(tmp_path: Path) -> None:
    tenor = [*PIECE[2][:4], (None, 8), *PIECE[2][5:]]
    lines = (*PIECE[:2], tenor, PIECE[3])
    reading = read_midi(save(tmp_path / "a.mid", staves(lines)))
    assert notes_of(reading.chorale) == expected(lines)
    assert reading.remarks()[1:] == ["the tenor rests, as it has no note, in bar 2"]


@pytest.mark.parametrize(("voice", "pitch"), [(0, 67), (2, 50), (3, 60)])
def test_a_voice_that_is_divided_once_is_read_and_said(
    tmp_path: Path, voice: int, pitch: int
) -> None:
    tracks = voices()
    tracks[voice][1].extend(played([(None, 44), (pitch, 4)], voice))
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    name = VOICE_NAMES[voice]
    assert reading.remarks() == [f"the {name} is divided in bar 3: one note is read"]


def test_a_voice_that_is_divided_often_is_refused(tmp_path: Path) -> None:
    tracks = voices()
    tracks[1][1].extend(played([(60, 4), (60, 4)], 1))
    with pytest.raises(DataError, match=r"alto: .* got two in bar 1, beat 1"):
        read_midi(save(tmp_path / "a.mid", tracks))


def test_three_notes_in_the_right_hand(tmp_path: Path) -> None:
    s, a, t, b = (played(line) for line in PIECE)
    tracks = [("Right hand", s + a + t), ("Left hand", b)]
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    assert reading.remarks() == ["all four voices are separated by their height"]


def test_five_notes_at_once_are_named(tmp_path: Path) -> None:
    tracks = [(name, list(events)) for name, events in staves()]
    tracks[0][1].extend(played([(None, 20), (69, 4)]))
    with pytest.raises(DataError, match=r"got 3 notes at once in bar 2, beat 2"):
        read_midi(save(tmp_path / "a.mid", tracks))


# === Odd events ===


def raw(path: Path, old: bytes, new: bytes) -> Path:
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    return path


def with_key(path: Path, key: str = "G") -> Path:
    return save(path, voices(), [(0, mido.MetaMessage("key_signature", key=key))])


@pytest.mark.parametrize(
    "odd", [b"\x08\x00", b"\xf8\x01", b"\x01\xff", b"\x07\x02", b"\x55\x55"]
)
def test_odd_key_signatures_are_passed_over(tmp_path: Path, odd: bytes) -> None:
    path = raw(
        with_key(tmp_path / "a.mid"), b"\xff\x59\x02\x01\x00", b"\xff\x59\x02" + odd
    )
    reading = read_spelled(path)
    assert notes_of(reading.chorale) == expected()
    assert reading.chorale.key == Key("G", "major")
    assert "an invalid key signature is ignored" in reading.remarks()


def test_a_velocity_above_127(tmp_path: Path) -> None:
    path = raw(with_key(tmp_path / "a.mid"), b"\x90\x4c\x40", b"\x90\x4c\xc8")
    assert notes_of(read_midi(path).chorale) == expected()


def test_a_pitch_above_127_is_left_out_and_said(tmp_path: Path) -> None:
    path = raw(with_key(tmp_path / "a.mid"), b"\x90\x4c\x40", b"\x90\xcc\x40")
    reading = read_midi(path)
    assert notes_of(reading.chorale)[1:] == expected()[1:]
    assert "notes of an impossible pitch are left out: 1" in reading.remarks()


def test_riff(tmp_path: Path) -> None:
    data = with_key(tmp_path / "a.mid").read_bytes()
    size = len(data).to_bytes(4, "little")
    (tmp_path / "a.mid").write_bytes(b"RIFF" + size + b"RMIDdata" + size + data)
    assert notes_of(read_midi(tmp_path / "a.mid").chorale) == expected()


def test_doubled_notes_are_read_once(tmp_path: Path) -> None:
    tracks = voices()
    tracks[0] = ("Soprano", tracks[0][1] + played(PIECE[0]))
    reading = read_midi(save(tmp_path / "a.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    assert reading.remarks() == ["notes that are written twice are read once: 9"]


def test_notes_of_no_length_are_left_out_and_said(tmp_path: Path) -> None:
    tracks = voices()
    grace = [mido.Message(f"note_{sign}", note=76) for sign in ("on", "off")]
    # Both are at the same tick, the end second.
    tracks[0][1][2:2] = zip((4, 4.001), grace, strict=True)
    reading = read_midi(save(tmp_path / "piece.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    assert "notes without length, such as grace notes, are left out: 1" in reading.notes


def test_notes_too_short_for_the_grid_are_said(tmp_path: Path) -> None:
    tracks = voices()
    tracks[0][1][2:4] = [
        (4, mido.Message("note_on", note=76)),
        (4.2, mido.Message("note_off", note=76)),
        (4.2, mido.Message("note_on", note=71)),
        (8, mido.Message("note_off", note=71)),
    ]
    reading = read_midi(save(tmp_path / "piece.mid", tracks))
    assert notes_of(reading.chorale) == expected()
    remark = "notes too short for the grid of sixteenths are left out: 1"
    assert remark in reading.notes


def test_triplets_are_counted(tmp_path: Path) -> None:
    triplet = [(74, 4 / 3), (72, 4 / 3), (71, 4 / 3)]
    soprano = [*triplet, *PIECE[0][1:]]
    reading = read_midi(save(tmp_path / "a.mid", voices((soprano, *PIECE[1:]))))
    assert reading.off_grid == 2
    assert "2 notes are off the grid" in reading.remarks()[0]
    assert reading.remarks()[0].endswith(": moved to it, first in bar 1, beat 1.25")
    assert notes_of(reading.chorale)[1:] == expected()[1:]


def beginning(reading: Reading) -> tuple[tuple[int, ...], float]:
    """Return sharps of the key signature, if there is one, and the tempo."""
    fifths = tuple(signature.fifths for signature in reading.signatures)
    return fifths, reading.chorale.tempo


def test_a_key_and_a_tempo_that_begin_later(tmp_path: Path) -> None:
    late = [
        (32, mido.MetaMessage("key_signature", key="Bb")),
        (32, mido.MetaMessage("set_tempo", tempo=1_500_000)),
    ]
    reading = read_midi(save(tmp_path / "a.mid", voices(), late))
    assert beginning(reading) == ((), 72)
    assert reading.remarks() == [
        "there is no tempo at the beginning: 72 quarters per minute",
        "key signatures after the beginning are left out",
        "changes of tempo after the beginning are left out",
    ]
    early = [
        (0, mido.MetaMessage("key_signature", key="G")),
        (0, mido.MetaMessage("set_tempo", tempo=500_000)),
    ]
    reading = read_midi(save(tmp_path / "a.mid", voices(), [*early, *late]))
    assert beginning(reading) == ((1,), 120)


@pytest.mark.parametrize("tick", [1, 60])
def test_a_key_and_a_tempo_at_the_first_note_are_of_the_beginning(
    tmp_path: Path, tick: int
) -> None:
    # Some programs write everything at tick 1, or the tempo after the note.
    early = [
        (tick / 120, mido.MetaMessage("key_signature", key="G")),
        (tick / 120, mido.MetaMessage("set_tempo", tempo=600_000)),
    ]
    shifted = save(tmp_path / "a.mid", voices(), early, lambda step: step + 1 / 120)
    for path in (shifted, save(tmp_path / "b.mid", voices(), early)):
        reading = read_midi(path)
        assert beginning(reading) == ((1,), 100)
        assert reading.remarks() == []
        assert notes_of(reading.chorale) == expected()


def test_a_key_a_sixteenth_later_is_not_of_the_beginning(tmp_path: Path) -> None:
    late = [(1, mido.MetaMessage("key_signature", key="Bb"))]
    reading = read_midi(save(tmp_path / "a.mid", voices(), late))
    assert reading.signatures == ()


def test_percussion_and_unended_notes_are_said(tmp_path: Path) -> None:
    tracks = voices()
    tracks[3] = ("Bass", tracks[3][1][:-1])
    drums = ("Drums", played([(36, 4)] * 4, 9))
    reading = read_midi(save(tmp_path / "a.mid", [*tracks, drums]))
    assert reading.remarks() == [
        "unterminated notes sound to the end of their track: 1",
        "percussion is left out: notes on channel 10 (4)",
    ]

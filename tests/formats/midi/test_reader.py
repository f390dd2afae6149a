"""MIDI files: round trips, other libraries, foreign and damaged files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pytest
import symusic
from hypothesis import given, settings
from readings import with_key
from strategies import chorales, little_chorale

from chorale.errors import DataError, OutputError, UsageError
from chorale.formats.files import read_spelled
from chorale.formats.midi.reader import read_midi
from chorale.formats.midi.writer import TICKS_PER_STEP, VELOCITIES, write_midi
from chorale.formats.reading import ReadingOptions
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre, number_bars
from chorale.music.score import FERMATA_TEMPO, Chorale, Note
from chorale.music.voices import INSTRUMENTS, VOICES


def written(chorale: Chorale, **options: str) -> mido.MidiFile:
    with tempfile.TemporaryDirectory() as folder:
        write_midi(chorale, Path(folder) / "a.mid", **options)
        return mido.MidiFile(Path(folder) / "a.mid")


def round_trip(chorale: Chorale) -> Chorale:
    with tempfile.TemporaryDirectory() as folder:
        write_midi(chorale, Path(folder) / "a.mid")
        return read(Path(folder) / "a.mid")


def read(path: Path) -> Chorale:
    return with_key(read_midi(path))


def save(path: Path, tracks: list[list], ticks: int = 480, kind: int = 1) -> Path:
    """Write a foreign file: tracks of (delta time, message)."""
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for messages in tracks:
        file.tracks.append(
            mido.MidiTrack(message.copy(time=time) for time, message in messages)
        )
    file.save(path)
    return path


def note(pitch: int, channel: int = 0, *, wait: int = 0, length: int = 480) -> list:
    fields = {"channel": channel, "note": pitch}
    return [
        (wait, mido.Message("note_on", **fields)),
        (length, mido.Message("note_on", **fields, velocity=0)),
    ]


def named(name: str) -> list:
    return [(0, mido.MetaMessage("track_name", name=name))]


def four(**options: int) -> list[list]:
    """Return four foreign tracks of one note each, on one channel."""
    return [note(pitch, **options) for pitch in (72, 64, 60, 48)]


# === Writing ===


def test_conductor_track_says_what_holds_for_all() -> None:
    file = written(little_chorale(tempo=60.0))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 5)
    at = []
    tick = 0
    for message in file.tracks[0]:
        tick += message.time
        at.append((tick, message))
    values = {
        kind: [
            (tick / TICKS_PER_STEP, message)
            for tick, message in at
            if message.type == kind
        ]
        for kind in {message.type for _, message in at}
    }
    assert [(step, message.tempo) for step, message in values["set_tempo"]] == [
        (0, 1_000_000),
        (28, round(1_000_000 / FERMATA_TEMPO)),
        (32, 1_000_000),
        (52, round(1_000_000 / FERMATA_TEMPO)),
    ]
    assert [(step, message.text) for step, message in values["marker"]] == [
        (28, "fermata"),
        (32, "a tempo"),
        (52, "fermata"),
        (64, "a tempo"),
    ]
    # The pickup is a bar with its own time signature.
    assert [
        (step, message.numerator, message.denominator)
        for step, message in values["time_signature"]
    ] == [(0, 1, 4), (4, 4, 4)]
    assert [message.key for _, message in values["key_signature"]] == ["Am"]
    (_, title), *_ = values["track_name"]
    assert title.name == "Schmuecke dich"
    assert not values.keys() & {"text", "lyrics", "cue_marker"}  # shown under notes
    assert values["end_of_track"][0][0] == 64


def test_short_bars_inside_have_a_time_signature_of_their_own() -> None:
    bars, positions = number_bars(64, [Metre(4, 4)])
    positions[24:] = number_bars(40, [Metre(4, 4)], 10)[1]  # bar 2 ends after 8 steps,
    bars[24:] = number_bars(40, [Metre(4, 4)], 10)[0] + 2  # and one of 10 completes it
    chorale = little_chorale(bars=bars, positions=positions)
    signatures = [
        f"{message.numerator}/{message.denominator}"
        for message in written(chorale).tracks[0]
        if message.type == "time_signature"
    ]
    assert signatures == ["4/4", "2/4", "5/8", "4/4"]
    assert round_trip(chorale) == chorale


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_voices_have_tracks_channels_and_programs(instrument: str) -> None:
    tracks = written(little_chorale(), instrument=instrument).tracks[1:]
    for voice, (track, name) in enumerate(
        zip(tracks, ("Soprano", "Alto", "Tenor", "Bass"), strict=True)
    ):
        assert track.name == name
        channels = {message.channel for message in track if not message.is_meta}
        assert channels == {voice}
        programs = [
            message.program for message in track if message.type == "program_change"
        ]
        assert programs == [INSTRUMENTS[instrument][voice]]
        velocities = {
            message.velocity for message in track if message.type == "note_on"
        }
        assert velocities == {VELOCITIES[voice]}


def test_a_repeated_note_ends_before_it_is_struck_again() -> None:
    chorale = Chorale.from_notes([[Note(60, 0, 2), Note(60, 2, 2)], [], [], []], 4)
    soprano = written(chorale).tracks[1]
    struck = [
        (message.type, message.time)
        for message in soprano
        if message.type.startswith("note")
    ]
    assert struck == [
        ("note_on", 0),
        ("note_off", 240),
        ("note_on", 0),
        ("note_off", 240),
    ]


def test_the_first_verse_is_in_the_track_of_its_voice(tmp_path: Path) -> None:
    lyrics = [
        Lyric(step=4, voice=0, text="Lö", joined=True),
        Lyric(step=8, voice=0, text="we,"),
        Lyric(step=4, voice=0, verse=2, text="nicht"),
        Lyric(step=0, voice=3, verse=2, text="Bass"),
    ]
    write_midi(little_chorale(lyrics=lyrics), tmp_path / "a.mid")
    found = []
    for track in mido.MidiFile(tmp_path / "a.mid").tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "lyrics":
                found.append((track.name, tick // TICKS_PER_STEP, message.text))
    assert found == [("Soprano", 4, "Loe-"), ("Soprano", 8, "we,"), ("Bass", 0, "Bass")]
    assert read(tmp_path / "a.mid") == little_chorale()


def test_unknown_instrument_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected an instrument out of choir, organ"):
        write_midi(little_chorale(), tmp_path / "a.mid", instrument="kazoo")
    assert not list(tmp_path.iterdir())


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write it"):
        write_midi(little_chorale(), tmp_path / "file" / "a.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        write_midi(little_chorale(), tmp_path / name)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


# === Our own files ===


@given(chorales())
def test_our_own_files_come_back(chorale: Chorale) -> None:
    read = round_trip(chorale)
    assert read == chorale
    assert read.pickup == chorale.pickup
    assert read.title == chorale.title
    assert read.tempo == pytest.approx(chorale.tempo, abs=0.01)


def test_bars_of_an_excerpt_come_back() -> None:
    chorale = little_chorale()
    cut = replace(
        chorale,
        pitches=chorale.pitches[40:],
        onsets=chorale.onsets[40:],
        fermatas=chorale.fermatas[40:],
        bars=chorale.bars[40:],
        positions=chorale.positions[40:],
    )
    assert round_trip(cut) == cut


def test_an_unknown_key_stays_unknown(tmp_path: Path) -> None:
    assert round_trip(little_chorale(key=None)).key is None


def test_silence_at_the_end_and_silent_voices_come_back() -> None:
    chorale = Chorale.from_notes([[], [], [Note(60, 3, 2)], []], 20)
    assert round_trip(chorale) == chorale


def test_our_own_file_played_by_another_program_is_read_as_played(
    tmp_path: Path,
) -> None:
    chorale = little_chorale(key=Key("A", "minor"))
    write_midi(chorale, tmp_path / "a.mid")
    file = mido.MidiFile(tmp_path / "a.mid")
    for track in file.tracks[1:]:
        early = 0
        for message in track:  # each note ends 70 ticks early
            is_end = message.type == "note_off"
            message.time += early - 70 * is_end
            early = 70 * is_end
    file.save(tmp_path / "a.mid")
    reading = read_midi(tmp_path / "a.mid")
    assert with_key(reading) == chorale
    assert reading.chorale.title == chorale.title
    assert any("a little early" in remark for remark in reading.notes)


# === What other libraries read ===


def lines(chorale: Chorale) -> list[list[tuple[int, int, int]]]:
    return [
        [tuple(note) for note in chorale.notes(voice)]
        for voice in range(VOICES)
        if chorale.onsets[:, voice].any()  # some libraries drop empty tracks
    ]


@given(chorales())
def test_mido_reads_the_notes(chorale: Chorale) -> None:
    read = []
    for track in written(chorale).tracks[1:]:
        tick, notes, start = 0, [], 0
        for message in track:
            tick += message.time
            if message.type == "note_on":
                start = tick
            elif message.type == "note_off":
                length = (tick - start) // TICKS_PER_STEP
                notes.append((message.note, start // TICKS_PER_STEP, length))
        assert tick == chorale.steps * TICKS_PER_STEP
        read.append(notes)
    assert [notes for notes in read if notes] == lines(chorale)


@given(chorales())
def test_pretty_midi_reads_the_notes_and_the_time(chorale: Chorale) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_midi(chorale, Path(folder) / "a.mid")
        file = pretty_midi.PrettyMIDI(str(Path(folder) / "a.mid"))

    def step(seconds: float) -> int:
        return round(file.time_to_tick(seconds) / TICKS_PER_STEP)

    assert [
        [
            (note.pitch, step(note.start), step(note.end) - step(note.start))
            for note in instrument.notes
        ]
        for instrument in file.instruments
    ] == lines(chorale)
    slow = int(chorale.fermatas.sum())
    seconds = 15 / chorale.tempo * (chorale.steps - slow + slow / FERMATA_TEMPO)
    end = chorale.steps * TICKS_PER_STEP
    assert file.tick_to_time(end) == pytest.approx(seconds, rel=1e-4)


@given(chorales())
def test_symusic_reads_the_notes(chorale: Chorale) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_midi(chorale, Path(folder) / "a.mid")
        file = symusic.Score(str(Path(folder) / "a.mid"))
    assert [
        [
            (
                note.pitch,
                note.time // TICKS_PER_STEP,
                note.duration // TICKS_PER_STEP,
            )
            for note in track.notes
        ]
        for track in file.tracks
        if len(track.notes)
    ] == lines(chorale)


@settings(max_examples=8)  # music21 takes long
@given(chorales(most_steps=40))
def test_music21_reads_the_notes(chorale: Chorale) -> None:
    from music21 import converter

    with tempfile.TemporaryDirectory() as folder:
        write_midi(chorale, Path(folder) / "a.mid")
        score = converter.parse(Path(folder) / "a.mid", forceSource=True)
    read = [
        [
            (note.pitch.midi, int(4 * note.offset), int(4 * note.quarterLength))
            for note in part.flatten().stripTies().notes
        ]
        for part in score.parts
    ]
    assert [notes for notes in read if notes] == lines(chorale)


# === Foreign files ===


def test_foreign_tracks_are_ordered_by_pitch(tmp_path: Path) -> None:
    path = save(tmp_path / "Psalm.mid", [four()[place] for place in (3, 0, 2, 1)])
    chorale = read(path)
    assert chorale.pitches.tolist() == [[72, 64, 60, 48]] * 4
    assert chorale.key is None
    assert chorale.source == "Psalm"
    assert chorale.tempo == 72


def test_names_come_before_pitch_and_choose_the_voices(tmp_path: Path) -> None:
    names = ("Coro: Tenor", "SOPRANO", "bass.", "Alto", "Organ", "")
    pitches = (72, 60, 48, 64, 40, 41)
    tracks = [
        named(name) + note(pitch) for name, pitch in zip(names, pitches, strict=True)
    ]
    chorale = read(save(tmp_path / "a.mid", tracks))
    assert chorale.pitches[0].tolist() == [60, 64, 72, 48]


def test_channels_of_one_track(tmp_path: Path) -> None:
    track = [
        (0, mido.Message("note_on", channel=channel, note=pitch))
        for channel, pitch in ((3, 70), (4, 66), (5, 50), (9, 35), (7, 40))
    ]
    track.append((960, mido.Message("note_off", channel=3, note=70)))
    path = save(tmp_path / "a.mid", [named("Hymn") + track], ticks=960, kind=0)
    chorale = read(path)
    # The other notes are unterminated: they sound to the end of the track.
    assert chorale.pitches.tolist() == [[70, 66, 50, 40]] * 4
    assert chorale.title == "Hymn"


def chords(*pitches: tuple[int, ...]) -> list:
    """Return chords of a quarter each on one channel."""
    messages = []
    for chord in pitches:
        on = [mido.Message("note_on", note=pitch) for pitch in chord]
        off = [mido.Message("note_off", note=pitch) for pitch in chord]
        messages += [(0, message) for message in on] + [(480, off[0])]
        messages += [(0, message) for message in off[1:]]
    return messages


@pytest.mark.parametrize(
    "tracks",
    [
        [chords((72, 60, 64, 48), (71, 62, 65, 50))],
        [chords((48, 60), (50, 62)), chords((64, 72), (65, 71))],
    ],
)
def test_chords_of_four_or_two_fall_apart(tmp_path: Path, tracks: list) -> None:
    chorale = read(save(tmp_path / "a.mid", tracks))
    assert chorale.pitches[::4].tolist() == [[72, 64, 60, 48], [71, 65, 62, 50]]


@pytest.mark.parametrize("ticks", [96, 97, 480, 10_000])
def test_any_resolution_moves_to_the_nearest_sixteenth(
    tmp_path: Path, ticks: int
) -> None:
    # A step early or late by a third is still that step; a slur reaches over.
    step = ticks / 4
    first = note(72, wait=round(step * 1.3), length=round(step * 2.9))
    on, off = note(74, length=round(step * 3.7))
    slurred = [first[0], (round(step * 2.6), on[1]), (round(step * 0.3), first[1][1])]
    tracks = [[*slurred, off], *([*note(p, length=ticks)] for p in (60, 50, 40))]
    chorale = read(save(tmp_path / "a.mid", tracks, ticks=ticks))
    assert chorale.notes(0) == [Note(72, 1, 3), Note(74, 4, 4)]


def test_a_grace_note_makes_room(tmp_path: Path) -> None:
    tracks = [note(74, length=40) + note(72, length=440), *four()[1:]]
    assert read(save(tmp_path / "a.mid", tracks)).notes(0) == [Note(72, 0, 4)]


def test_a_key_that_begins_later_is_not_that_of_the_beginning(tmp_path: Path) -> None:
    conductor = [(1920, mido.MetaMessage("key_signature", key="Bb"))]
    path = save(tmp_path / "a.mid", [conductor, *four(length=3840)])
    assert read_midi(path).signatures == ()
    reading = read_spelled(path)
    assert (*reading.notes, *reading.key_notes) == (
        "there is no tempo at the beginning: 72 quarters per minute",
        "key signatures after the beginning are left out",
        "there is no key signature: read as C major, by the notes",
    )


def test_notes_after_a_change_of_key_do_not_decide_the_first(tmp_path: Path) -> None:
    minor = ((75, 67, 60, 48), (74, 67, 59, 43), (75, 67, 60, 48))
    major = ((76, 67, 60, 48), (77, 69, 60, 53), (74, 67, 59, 43), (76, 67, 60, 48))
    voices = [
        [event for chord in (*minor, *major * 3) for event in note(chord[voice])]
        for voice in range(4)
    ]
    step = len(minor) * 480
    keys = [(0, "Eb"), (step, "C")]
    conductor = [(at, mido.MetaMessage("key_signature", key=key)) for at, key in keys]
    path = save(tmp_path / "a.mid", [conductor, *voices])
    assert read_midi(path).first_change == step // 120
    assert read_spelled(path).chorale.key == Key("C", "minor")
    # One that is written again is no change.
    again = [(at, mido.MetaMessage("key_signature", key="Eb")) for at, _ in keys]
    assert read_midi(save(tmp_path / "b.mid", [again, *voices])).first_change is None


def test_the_notes_decide_the_mode_of_a_key_signature(tmp_path: Path) -> None:
    # i iv V i in E minor; every program writes this signature as G major.
    chords = ((71, 67, 64, 52), (72, 69, 64, 57), (71, 66, 63, 59), (71, 67, 64, 52))
    signature = [(0, mido.MetaMessage("key_signature", key="G"))]
    voices = [
        [event for chord in chords for event in note(chord[voice])]
        for voice in range(4)
    ]
    reading = read_spelled(save(tmp_path / "a.mid", [signature, *voices]))
    assert reading.chorale.key == Key("E", "minor")
    assert reading.key_notes == (
        "the key signature is G major, the notes are in E minor: read as E minor",
    )
    given = ReadingOptions(key=Key("C", "major"), tempo=90)
    reading = read_spelled(tmp_path / "a.mid", given)
    assert (reading.chorale.key, reading.notes) == (Key("C", "major"), ())


def test_a_first_short_bar_is_a_pickup(tmp_path: Path) -> None:
    conductor = [
        (0, mido.MetaMessage("time_signature", numerator=1, denominator=4)),
        (0, mido.MetaMessage("key_signature", key="Am")),
        (0, mido.MetaMessage("set_tempo", tempo=600_000)),
        (480, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
        (1440, mido.MetaMessage("time_signature", numerator=2, denominator=4)),
    ]
    path = save(tmp_path / "a.mid", [conductor, *four(length=480 * 5)])
    chorale = read(path)
    assert chorale.metres == (Metre(3, 4), Metre(2, 4, 16))
    assert chorale.pickup == 4
    assert chorale.positions.tolist() == [*range(8, 12), *range(12), *range(4)]
    assert chorale.bars.tolist() == [0] * 4 + [1] * 12 + [2] * 4
    assert (chorale.key, chorale.tempo) == (Key("A", "minor"), 100)


@pytest.mark.parametrize(
    ("last", "metres"),
    # A pickup of a quarter in 3/4 is completed by two quarters, not by one.
    [(2, (Metre(3, 4),)), (1, (Metre(3, 4), Metre(1, 4, 16)))],
)
def test_a_last_bar_that_completes_the_pickup_has_no_metre_of_its_own(
    tmp_path: Path, last: int, metres: tuple[Metre, ...]
) -> None:
    conductor = [
        (ticks, mido.MetaMessage("time_signature", numerator=beats, denominator=4))
        for ticks, beats in ((0, 1), (480, 3), (1440, last))
    ]
    path = save(tmp_path / "a.mid", [conductor, *four(length=480 * (4 + last))])
    chorale = read(path)
    assert (chorale.metres, chorale.pickup) == (metres, 4)
    assert chorale.bars[-1] == 2


def test_a_foreign_piece_ends_with_its_last_note(tmp_path: Path) -> None:
    tracks = four()
    tracks[0].append((9600, mido.MetaMessage("end_of_track")))
    assert read(save(tmp_path / "a.mid", tracks)).steps == 4


def test_a_latin_1_title(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [named("Schmücke dich"), *four()])
    assert read(path).title == "Schmücke dich"


# === Bad files ===


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        ([], "got no notes"),
        ([[]], "got no notes"),
        (
            [note(60)],
            "a single part, 1 .no name., with at most one note .* chorale harmonize",
        ),
        ([note(60 + pitch) for pitch in range(7)], "choose four, .* --parts 1,2,3,4"),
        ([note(36, 9), note(38, 9)], "got no notes"),
        ([chords((72, 64)), *four()[1:]], "one note at a time .* in bar 1, beat 1$"),
        (
            [chords((72, 64), (72, 64, 60)), chords((48, 55), (48, 55))],
            "expected 2 voices, got 3 notes at once in bar 1, beat 2$",
        ),
        (
            [
                [(0, mido.MetaMessage("time_signature", numerator=4, denominator=32))],
                *four(),
            ],
            "expected a time signature of whole sixteenths",
        ),
        ([note(60, wait=120 * 200_000), *four()], "at most 100000 sixteenths"),
        ([note(60, length=0)], "got a single part|no notes"),
    ],
)
def test_files_that_are_no_chorale(
    tmp_path: Path, tracks: list[list], message: str
) -> None:
    path = save(tmp_path / "a.mid", tracks)
    with pytest.raises(DataError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [0, 3, 13, 14, 30, 200, -1])
def test_truncated_files(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.mid"
    write_midi(little_chorale(), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        DataError, match=r"expected a MIDI file.* (header|early|ends).*"
    ):
        read(path)


def test_damaged_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    write_midi(little_chorale(), path)
    sound = np.frombuffer(path.read_bytes(), np.uint8)
    generator = np.random.default_rng(0)
    for _ in range(150):
        damaged = sound.copy()
        places = generator.integers(0, len(sound), 3)
        damaged[places] = generator.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            read(path)
        except DataError as error:
            assert "\n" not in str(error)


def test_files_that_are_no_midi(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    with pytest.raises(DataError, match="No such file"):
        read(path)
    with pytest.raises(DataError, match="Is a directory"):
        read(tmp_path)
    path.write_text("note0,note1\n")
    with pytest.raises(DataError, match="it has no MIDI header"):
        read(path)
    save(path, four(), ticks=-5)
    with pytest.raises(DataError, match="SMPTE time, which has no beats"):
        read(path)
    save(path, four(), ticks=0)
    with pytest.raises(DataError, match="ticks per quarter note, got 0"):
        read(path)
    save(path, four(), kind=2)
    with pytest.raises(DataError, match=r"got format 2, .* save it as format 1"):
        read(path)

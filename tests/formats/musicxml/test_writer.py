"""MusicXML as written, and the notation in it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from readings import with_key
from strategies import chorales, little_chorale

from chorale.errors import OutputError
from chorale.formats.musicxml.reader import read_musicxml
from chorale.formats.musicxml.writer import write_musicxml
from chorale.formats.notation import divide
from chorale.formats.written_notes import NOTE_VALUES
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.music.spelling import Spelling
from chorale.music.voices import VOICES
from chorale.voice_leading.checking import check


def tree(chorale: Chorale) -> ElementTree.Element:
    with tempfile.TemporaryDirectory() as folder:
        write_musicxml(chorale, Path(folder) / "a.musicxml")
        return ElementTree.parse(Path(folder) / "a.musicxml").getroot()


def read(path: Path) -> Chorale:
    return with_key(read_musicxml(path))


def round_trip(chorale: Chorale) -> Chorale:
    with tempfile.TemporaryDirectory() as folder:
        write_musicxml(chorale, Path(folder) / "a.musicxml")
        return read(Path(folder) / "a.musicxml")


def notes_of(measure: ElementTree.Element, voice: int) -> list[ElementTree.Element]:
    return [
        note for note in measure.iter("note") if note.findtext("voice") == str(voice)
    ]


# === Round trips ===


def late_note() -> Chorale:
    """Return a pickup of 3/8, a bar, bars of 3/2, and one note across barlines."""
    metres = (Metre(3, 8), Metre(3, 2, 10))
    bars, positions = number_bars(58, metres, 4)
    lines = [[Note(58, 18, 23)], [], [], []]
    return Chorale.from_notes(
        lines, 58, bars=bars, positions=positions, metres=metres, key=Key("C", "major")
    )


def crossed_throughout() -> Chorale:
    """Return a bar in which tenor and bass, of whole notes, are crossed."""
    lines = [[Note(pitch, 0, 16)] for pitch in (60, 60, 58, 71)]
    return Chorale.from_notes(lines, 16, key=Key("F", "major"))


@given(chorales())
@example(late_note())
@example(crossed_throughout())
def test_music_comes_back(chorale: Chorale) -> None:
    read = round_trip(chorale)
    assert read == chorale
    assert read.pickup == chorale.pickup
    assert read.title == chorale.title
    assert read.tempo == chorale.tempo


def test_the_ordinary_chorale_comes_back() -> None:
    chorale = little_chorale()
    assert chorale.pickup == 4
    assert round_trip(chorale) == chorale


def test_an_unknown_key_stays_unknown() -> None:
    assert round_trip(little_chorale(key=None)).key is None


def test_a_short_bar_and_an_upbeat_inside_come_back() -> None:
    lengths, positions = (4, 16, 8, 12, 16, 8), (12, 0, 0, 4, 0, 0)
    chorale = little_chorale(
        bars=np.repeat(np.arange(6), lengths),
        positions=np.concatenate(
            [np.arange(n) + p for n, p in zip(lengths, positions, strict=True)]
        ),
    )
    assert round_trip(chorale) == chorale


def test_a_new_metre_with_an_upbeat_comes_back() -> None:
    first = number_bars(28, [Metre(4, 4)], 4)  # ends after two beats of bar 2
    second = number_bars(36, [Metre(3, 4)], 4)
    chorale = little_chorale(
        bars=np.concatenate([first[0], second[0] + 3]),
        positions=np.concatenate([first[1], second[1]]),
        metres=(Metre(4, 4), Metre(3, 4, 28)),
    )
    assert round_trip(chorale) == chorale


def test_the_credit_comes_back() -> None:
    credit = "Opening by J. S. Bach, bars 1 and 2"
    assert round_trip(little_chorale(credit=credit)).credit == credit


def test_lyrics_come_back() -> None:
    lyrics = (
        Lyric(step=0, voice=0, text="Schmü", joined=True),
        Lyric(step=4, voice=0, text="cke"),
        Lyric(step=0, voice=0, verse=2, text="Ei"),
        Lyric(step=40, voice=3, text="Bass"),
        Lyric(step=52, voice=0, text="lang"),  # over a barline
    )
    assert set(round_trip(little_chorale(lyrics=lyrics)).lyrics) == set(lyrics)


def untied(part: Any) -> list[tuple[int, int, int]]:
    """Return pitch, start and length of the notes of a music21 part, in steps.

    Its own `stripTies` leaves some ties of more than two notes.
    """
    notes: list[tuple[int, int, int]] = []
    for note in part.flatten().notes:
        start, length = int(4 * note.offset), int(4 * note.quarterLength)
        if note.tie is not None and note.tie.type != "start":
            pitch, start, before = notes.pop()
            assert (pitch, start + before) == (note.pitch.midi, int(4 * note.offset))
            length += before
        notes.append((note.pitch.midi, start, length))
    return notes


@settings(max_examples=15)  # music21 takes long
@given(chorales())
def test_music21_alone_reads_the_four_voices(chorale: Chorale) -> None:
    from music21 import converter

    with tempfile.TemporaryDirectory() as folder:
        write_musicxml(chorale, Path(folder) / "a.musicxml")
        score = converter.parse(Path(folder) / "a.musicxml", forceSource=True)
    assert len(score.parts) == 2
    read = [
        untied(voice)
        for part in score.parts
        # A third voice has the fermatas over held notes.
        for voice in list(part.voicesToParts().parts)[:2]
    ]
    assert read == [
        [tuple(note) for note in chorale.notes(voice)] for voice in range(VOICES)
    ]


def test_same_bytes_twice_and_no_date(tmp_path: Path) -> None:
    for name in ("a.musicxml", "b.musicxml"):
        write_musicxml(little_chorale(), tmp_path / name)
    written = (tmp_path / "a.musicxml").read_bytes()
    assert written == (tmp_path / "b.musicxml").read_bytes()
    assert b"date" not in written


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write it"):
        write_musicxml(little_chorale(), tmp_path / "file" / "a.musicxml")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_title_that_xml_cannot_hold() -> None:
    root = tree(little_chorale(title="O\x00 <Welt> & \ud800Zeit"))
    assert root.findtext("work/work-title") == "O <Welt> & Zeit"


# === What is written ===


def test_a_pickup_is_measure_0_and_not_counted() -> None:
    measures = tree(little_chorale()).find("part").findall("measure")
    assert [measure.get("number") for measure in measures] == ["0", "1", "2", "3", "4"]
    assert [measure.get("implicit") for measure in measures] == ["yes"] + [None] * 4


def test_syllables_stand_under_the_first_of_tied_notes() -> None:
    lyrics = [Lyric(step=40, voice=0, text="Lie", joined=True)]
    lyrics += [Lyric(step=44, voice=0, text="be")]
    notes = notes_of(tree(little_chorale(lyrics=lyrics)).find("part")[3], 1)
    assert [
        [(lyric.get("number"), lyric[0].text, lyric[1].text) for lyric in found]
        for note in notes
        if (found := note.findall("lyric"))
    ] == [[("1", "begin", "Lie")], [("1", "end", "be")]]
    assert all(
        note[-1].tag == "lyric" for note in notes if note.find("lyric") is not None
    )


def test_staves_stems_and_clefs() -> None:
    parts = tree(little_chorale()).findall("part")
    assert [part.findtext(".//clef/sign") for part in parts] == ["G", "F"]
    for part in parts:
        for voice, stem in ((1, "up"), (2, "down")):
            notes = [note for m in part for note in notes_of(m, voice)]
            stems = {
                note.findtext("stem") for note in notes if note.find("rest") is None
            }
            assert stems == {stem}


def test_fermatas_stand_over_the_soprano_and_under_the_bass() -> None:
    upper, lower = tree(little_chorale()).findall("part")
    for part, voice, kind in ((upper, 1, "upright"), (lower, 2, "inverted")):
        signs = [
            (measure.get("number"), index, note.find(".//fermata").get("type"))
            for measure in part
            for index, note in enumerate(notes_of(measure, voice))
            if note.find(".//fermata") is not None
        ]
        # The third beat of bar 2; the bass has two eighths before it.
        assert signs == [("2", 3 if voice == 2 else 2, kind), ("4", 0, kind)]
        assert len(part.findall(".//fermata")) == 2


def test_a_fermata_prefers_the_voice_that_holds_one_note() -> None:
    chorale = Chorale.from_notes(
        [
            [Note(72, 0, 12), Note(71, 12, 2), Note(69, 14, 2)],
            [Note(64, 0, 12), Note(65, 12, 4)],
            [Note(60, 0, 16)],
            [Note(48, 0, 12), Note(50, 12, 2), Note(53, 14, 2)],
        ],
        16,
        fermatas=np.arange(16) >= 12,
    )
    upper, lower = tree(chorale).findall("part")
    assert [note.findtext("voice") for note in upper.iter("note")] == list("11122")
    signs = [note for note in upper.iter("note") if note.find(".//fermata") is not None]
    assert [note.findtext("voice") for note in signs] == ["2"]
    assert lower.find(".//fermata") is None


def test_a_fermata_over_held_notes_is_on_a_rest_that_is_not_printed() -> None:
    held = [[Note(pitch, 0, 16)] for pitch in (72, 64, 60, 48)]
    chorale = Chorale.from_notes(held, 16, fermatas=np.arange(16) >= 11)
    upper, lower = tree(chorale).findall("part")
    assert [note.findtext("duration") for note in notes_of(upper[0], 1)] == ["16"]
    signs = notes_of(upper[0], 3)
    assert [note.findtext("duration") for note in signs] == ["1", "4"]
    assert all(note.get("print-object") == "no" for note in signs)
    assert all(note.find(".//fermata") is not None for note in signs)
    assert not lower.findall(".//fermata")
    assert round_trip(chorale).fermatas.tolist() == chorale.fermatas.tolist()


def test_a_fermata_is_on_the_last_of_tied_notes() -> None:
    lines = [
        [Note(72, 0, 8), Note(71, 8, 24)],
        [Note(67, 0, 32)],
        [],
        [Note(48, 0, 32)],
    ]
    chorale = Chorale.from_notes(lines, 32, fermatas=np.arange(32) >= 8)
    upper, lower = tree(chorale).findall("part")
    assert [len(measure.findall(".//fermata")) for measure in upper] == [0, 1]
    assert not lower.findall(".//fermata")
    assert round_trip(chorale).fermata_spans() == [(8, 32)]


def test_ties_cross_barlines() -> None:
    upper = tree(little_chorale()).find("part")
    before, after = notes_of(upper[2], 2)[-1], notes_of(upper[3], 2)[0]
    assert [tie.get("type") for tie in before.findall("tie")] == ["start"]
    assert [tie.get("type") for tie in after.findall("tie")] == ["stop"]
    assert [tie.get("type") for tie in after.findall(".//tied")] == ["stop"]


def test_a_rest_of_a_full_bar_has_no_value() -> None:
    chorale = Chorale.from_notes([[Note(72, 16, 8)], [], [], []], 24)
    full, short = tree(chorale).find("part")
    (rest,) = notes_of(full, 1)
    assert rest.find("rest").get("measure") == "yes"
    assert rest.find("type") is None
    assert [note.findtext("type") for note in notes_of(short, 2)] == ["half"]


def accidentals(*lines: list[Note], key: str, steps: int = 32) -> list[Any]:
    padded = [*lines, *([[]] * (VOICES - len(lines)))]
    chorale = Chorale.from_notes(padded, steps, key=Key.parse(key))
    return [
        [note.findtext("accidental") for note in notes_of(measure, 1)]
        for measure in tree(chorale).find("part")
    ]


def test_accidentals_hold_to_the_barline_in_their_octave() -> None:
    pitches = [66, 66, 78, 65, 66, 65, 66, 61]
    line = [Note(pitch, 4 * place, 4) for place, pitch in enumerate(pitches)]
    assert accidentals(line, key="C major") == [
        ["sharp", None, "sharp", "natural"],
        ["sharp", "natural", "sharp", "sharp"],
    ]
    assert accidentals(line, key="D major") == [
        [None, None, None, "sharp"],  # E sharp, the leading note of F sharp
        [None, "sharp", None, None],
    ]


def test_an_accidental_holds_over_a_tie_and_no_further() -> None:
    line = [Note(66, 12, 8), Note(66, 20, 4), Note(66, 24, 8)]
    assert accidentals(line, key="C major") == [
        [None, "sharp"],
        [None, "sharp", None],
    ]


def test_an_accidental_serves_both_voices_of_a_staff() -> None:
    alto = [Note(66, 0, 4), Note(65, 4, 4), Note(62, 8, 8)]
    soprano = [Note(72, 0, 8), Note(66, 8, 4), Note(65, 12, 4)]
    assert accidentals(soprano, alto, key="C major", steps=16) == [
        [None, "sharp", "natural"]
    ]


def test_check_finds_nothing_that_only_the_spelling_causes(tmp_path: Path) -> None:
    # In G major a leap from F to A flat; by the key alone it would be F to G sharp.
    chords = [[71, 67, 62, 55], [72, 65, 60, 53], [72, 68, 60, 53], [71, 67, 62, 55]]
    pitches = np.repeat(np.array(chords), 4, axis=0)
    write_musicxml(
        Chorale(pitches=pitches, key=Key("G", "major")), tmp_path / "a.musicxml"
    )
    reading = read_musicxml(tmp_path / "a.musicxml")
    written = {
        (finding.rule, finding.step)
        for finding in check(reading.chorale, spelling=reading.spelling)
    }
    heard = {(finding.rule, finding.step) for finding in check(reading.chorale)}
    assert written == heard
    assert reading.spelling is not None
    assert Spelling.of(68, int(reading.spelling[8, 1])).name == "Ab4"


@pytest.mark.parametrize(
    ("length", "position", "metre", "pieces"),
    [
        (16, 0, "4/4", [16]),
        (10, 0, "4/4", [8, 2]),
        (6, 4, "4/4", [6]),
        (4, 2, "4/4", [4]),  # a syncopation
        (4, 6, "4/4", [2, 2]),  # which the middle of the bar does not hide
        (4, 6, "3/4", [4]),
        (8, 2, "4/4", [2, 6]),
        (3, 1, "4/4", [3]),
        (5, 3, "4/4", [1, 4]),
        (6, 0, "6/8", [6]),
        (8, 0, "6/8", [6, 2]),
        (12, 0, "6/8", [12]),
        (24, 0, "12/8", [24]),
        (32, 0, "4/2", [32]),
        (1, 0, "3/16", [1]),
    ],
)
def test_lengths_are_divided_at_the_beat(
    length: int, position: int, metre: str, pieces: list[int]
) -> None:
    assert divide(length, position, Metre.parse(metre)) == pieces


def test_every_length_can_be_written() -> None:
    for metre in ("4/4", "3/4", "3/8", "6/8", "9/16", "2/2", "3/2", "5/8", "4/1"):
        full = Metre.parse(metre).bar_length
        for position in range(full):
            for length in range(1, full - position + 1):
                pieces = divide(length, position, Metre.parse(metre))
                assert sum(pieces) == length
                assert set(pieces) <= set(NOTE_VALUES)


def test_beams_join_the_notes_of_a_beat() -> None:
    lengths = [2, 2, 1, 1, 2, 3, 1, 1, 3]  # four beats
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    soprano = [Note(72, s, n) for s, n in zip(starts, lengths, strict=True)]
    alto = [Note(65, 2, 4), Note(65, 6, 2), Note(65, 8, 1), Note(65, 10, 1)]
    part = tree(Chorale.from_notes([soprano, alto, [], []], 16)).find("part")
    beams = [
        [beam.text for beam in note.findall("beam")] for note in notes_of(part[0], 1)
    ]
    assert beams == [
        ["begin"],
        ["end"],
        ["begin", "begin"],
        ["continue", "end"],
        ["end"],
        ["begin"],
        ["end", "backward hook"],
        ["begin", "forward hook"],
        ["end"],
    ]
    # Rests and longer notes part the rest.
    assert not any(note.findall("beam") for note in notes_of(part[0], 2))


def test_four_sixteenths_have_two_whole_beams() -> None:
    line = [Note(72, step, 1) for step in range(4)]
    part = tree(Chorale.from_notes([line, [], [], []], 4)).find("part")
    beams = [
        [beam.text for beam in note.findall("beam")] for note in notes_of(part[0], 1)
    ]
    assert beams == [[beam, beam] for beam in ("begin", "continue", "continue", "end")]

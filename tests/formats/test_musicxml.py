from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import chorales, little_chorale

from chorale.errors import DataError, OutputError
from chorale.formats.musicxml import write_musicxml
from chorale.formats.notation import NOTE_VALUES, divide
from chorale.formats.score_reader import from_music21, read_score
from chorale.music.keys import Key
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.music.voices import VOICES


def tree(chorale: Chorale) -> ElementTree.Element:
    with tempfile.TemporaryDirectory() as folder:
        write_musicxml(chorale, Path(folder) / "a.musicxml")
        return ElementTree.parse(Path(folder) / "a.musicxml").getroot()


def read(path: Path) -> Chorale:
    return read_score(path).chorale


def chorale_from_score(score: Any) -> Chorale:
    return from_music21(score).chorale


def round_trip(chorale: Chorale) -> Chorale:
    with tempfile.TemporaryDirectory() as folder:
        write_musicxml(chorale, Path(folder) / "a.musicxml")
        return read(Path(folder) / "a.musicxml")


def notes_of(measure: ElementTree.Element, voice: int) -> list[ElementTree.Element]:
    return [
        note for note in measure.iter("note") if note.findtext("voice") == str(voice)
    ]


# === Round trips ===


@given(chorales())
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


def untied(part: Any) -> list[tuple[int, int, int]]:
    """Return pitch, start and length of the notes of a music21 part, in steps.

    Its own `stripTies` leaves some ties of more than two notes.
    """
    notes: list[tuple[int, int, int]] = []
    for one in part.flatten().notes:
        start, length = int(4 * one.offset), int(4 * one.quarterLength)
        if one.tie is not None and one.tie.type != "start":
            pitch, start, before = notes.pop()
            assert (pitch, start + before) == (one.pitch.midi, int(4 * one.offset))
            length += before
        notes.append((one.pitch.midi, start, length))
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
        untied(voice) for part in score.parts for voice in part.voicesToParts().parts
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
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_title_that_xml_cannot_hold() -> None:
    root = tree(little_chorale(title="O\x00 <Welt> & \ud800Zeit"))
    assert root.findtext("work/work-title") == "O <Welt> & Zeit"


# === What is written ===


def test_a_pickup_is_measure_0_and_not_counted() -> None:
    measures = tree(little_chorale()).find("part").findall("measure")
    assert [one.get("number") for one in measures] == ["0", "1", "2", "3", "4"]
    assert [one.get("implicit") for one in measures] == ["yes"] + [None] * 4


def test_staves_stems_and_clefs() -> None:
    parts = tree(little_chorale()).findall("part")
    assert [part.findtext(".//clef/sign") for part in parts] == ["G", "F"]
    for part in parts:
        for voice, stem in ((1, "up"), (2, "down")):
            notes = [one for m in part for one in notes_of(m, voice)]
            stems = {one.findtext("stem") for one in notes if one.find("rest") is None}
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


def test_a_fermata_that_no_voice_can_bear_cuts_the_soprano() -> None:
    held = [[Note(pitch, 0, 16)] for pitch in (72, 64, 60, 48)]
    chorale = Chorale.from_notes(held, 16, fermatas=np.arange(16) >= 12)
    upper, lower = tree(chorale).findall("part")
    soprano = notes_of(upper[0], 1)
    assert [one.findtext("duration") for one in soprano] == ["12", "4"]
    assert [one.find(".//fermata") is not None for one in soprano] == [False, True]
    assert [one.find("tie").get("type") for one in soprano] == ["start", "stop"]
    assert lower.find(".//fermata") is None
    assert round_trip(chorale).fermatas.tolist() == chorale.fermatas.tolist()


def test_ties_cross_barlines() -> None:
    upper = tree(little_chorale()).find("part")
    before, after = notes_of(upper[2], 2)[-1], notes_of(upper[3], 2)[0]
    assert [one.get("type") for one in before.findall("tie")] == ["start"]
    assert [one.get("type") for one in after.findall("tie")] == ["stop"]
    assert [one.get("type") for one in after.findall(".//tied")] == ["stop"]


def test_a_rest_of_a_full_bar_has_no_value() -> None:
    chorale = Chorale.from_notes([[Note(72, 16, 8)], [], [], []], 24)
    full, short = tree(chorale).find("part")
    (rest,) = notes_of(full, 1)
    assert rest.find("rest").get("measure") == "yes"
    assert rest.find("type") is None
    assert [one.findtext("type") for one in notes_of(short, 2)] == ["half"]


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
    alto = [Note(66, 0, 4), Note(65, 4, 12)]
    soprano = [Note(72, 0, 8), Note(66, 8, 4), Note(65, 12, 4)]
    assert accidentals(soprano, alto, key="C major", steps=16) == [
        [None, "sharp", "natural"]
    ]


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
    assert beams == [[one, one] for one in ("begin", "continue", "continue", "end")]


# === Foreign scores ===


def score_of(*parts: Any, names: tuple[str, ...] = ()) -> Any:
    """Return a music21 score of parts in tiny notation, in 4/4."""
    from music21 import converter, stream

    score = stream.Score()
    for index, part in enumerate(parts):
        if isinstance(part, str):
            part = converter.parse(f"tinynotation: {part}")
        part.partName = names[index] if names else None
        score.insert(0, part)
    return score


FOUR = ("4/4 c'2 b2", "4/4 e1", "4/4 G1", "4/4 C1")


def test_four_parts_in_the_order_of_the_score() -> None:
    chorale = chorale_from_score(score_of(*FOUR))
    assert chorale.pitches[0].tolist() == [72, 64, 55, 48]
    assert chorale.notes(0) == [Note(72, 0, 8), Note(71, 8, 8)]
    assert (chorale.key, chorale.title, chorale.tempo) == (None, "", 72)


def test_names_choose_the_parts() -> None:
    names = ("Violino", "Basso", "Soprano 1", "Tenor", "Alto.")
    chorale = chorale_from_score(score_of("4/4 a'1", *FOUR, names=names))
    assert chorale.pitches[0].tolist() == [64, 48, 55, 72]


def test_chords_on_two_staves() -> None:
    from music21 import chord, note, stream

    def staff(*elements: Any) -> Any:
        part, measure = stream.Part(), stream.Measure(number=1)
        measure.append(list(elements))
        part.append(measure)
        return part

    upper = staff(chord.Chord("E4 C5", type="half"), note.Rest(type="half"))
    lower = staff(chord.Chord("C3 G3", type="whole"))
    chorale = chorale_from_score(score_of(upper, lower))
    assert chorale.pitches[::8].tolist() == [[72, 64, 55, 48], [0, 0, 55, 48]]

    with pytest.raises(DataError, match=r"2 voices on a staff, got 1 notes .* bar 1"):
        chorale_from_score(score_of(staff(note.Note("C5", type="whole")), lower))


def test_notes_off_the_grid_grace_notes_and_chord_symbols() -> None:
    from music21 import duration, harmony, note

    score = score_of("4/4 c'32 d'32 e'16 trip{f'8 g'8 a'8} b'8 c''2", *FOUR[1:])
    measure = score.parts[1].measure(1)
    grace = note.Note("A5")
    grace.duration = duration.GraceDuration("eighth")
    measure.insert(0, grace)
    measure.insert(0, harmony.ChordSymbol("C"))
    chorale = chorale_from_score(score)
    # Each step has what sounds at its beginning.
    assert chorale.pitches[:8, 0].tolist() == [72, 76, 77, 77, 79, 81, 83, 83]
    assert chorale.notes(1) == [Note(64, 0, 16)]


def test_a_key_signature_without_a_mode_is_decided_by_the_notes() -> None:
    from music21 import key

    minor = ("4/4 a4 e'4 g#4 a4", "4/4 e1", "4/4 c1", "4/4 A1")
    for parts, expected in ((FOUR, "C major"), (minor, "A minor")):
        score = score_of(*parts)
        score.parts[0].measure(1).insert(0, key.KeySignature(0))
        assert chorale_from_score(score).key == Key.parse(expected)


def test_a_part_may_leave_the_end_of_a_bar_out(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    write_musicxml(little_chorale(), path)
    root = ElementTree.parse(path)
    measure = root.getroot().findall("part")[1][2]
    # The tenor and the bass lose the last beat of bar 2, and with it a rest.
    for note in (notes_of(measure, 1)[-1], notes_of(measure, 2)[-1]):
        measure.remove(note)
    measure.find("backup/duration").text = "12"
    root.write(path)
    expected = little_chorale()
    pitches = expected.pitches.copy()
    pitches[32:36, 2] = 0
    onsets = expected.onsets.copy()
    onsets[32:36, 2] = False
    assert read(path) == replace(expected, pitches=pitches, onsets=onsets)


def test_compressed_musicxml(tmp_path: Path) -> None:
    write_musicxml(little_chorale(), tmp_path / "a.musicxml")
    container = (
        '<container><rootfiles><rootfile full-path="a.musicxml"/>'
        "</rootfiles></container>"
    )
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.write(tmp_path / "a.musicxml", "a.musicxml")
    assert read(tmp_path / "a.mxl") == little_chorale()


# === Bad scores ===


@pytest.mark.parametrize("count", [1, 3, 7])
def test_another_number_of_parts(count: int) -> None:
    with pytest.raises(DataError, match=f"expected four voices, .* got {count}$"):
        chorale_from_score(score_of(*["4/4 c1"] * count))


def test_scores_that_are_no_chorale() -> None:
    from music21 import chord, note, stream

    with pytest.raises(DataError, match=r"equally many bars, got 2, 1, 1, 1"):
        chorale_from_score(score_of("4/4 c1 d1", *FOUR[1:]))
    with pytest.raises(DataError, match=r"equally many bars, got 0, 0, 0, 0"):
        chorale_from_score(score_of(*[stream.Part() for _ in range(VOICES)]))

    score = score_of(*FOUR)
    score.parts[2].measure(1).insert(0, note.Unpitched())
    with pytest.raises(DataError, match="got percussion in bar 1"):
        chorale_from_score(score)

    score = score_of(*FOUR)
    score.parts[3].measure(1).replace(
        score.parts[3].recurse().notes[0], chord.Chord("C3 E3", type="whole")
    )
    with pytest.raises(DataError, match="one voice on a staff, got 2 notes"):
        chorale_from_score(score)


@pytest.mark.parametrize("keep", [0, 100, 2000, -1])
def test_truncated_files(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.musicxml"
    write_musicxml(little_chorale(), path)
    path.write_bytes(path.read_bytes()[:keep].rstrip(b">"))
    with pytest.raises(DataError, match=r"cannot read it: .+|it is empty") as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_score(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path / "a.musicxml")
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path)
    for name in ("a.mxl", "a.xml", "a.musicxml"):
        (tmp_path / name).write_text("note0,note1,note2,note3\n1,2,3,4\n")
        with pytest.raises(DataError, match="expected a score, cannot read it"):
            read(tmp_path / name)
    path = tmp_path / "one.musicxml"
    path.write_text(
        "<score-partwise><part-list><score-part id='P'><part-name/></score-part>"
        "</part-list><part id='P'><measure number='1'><note><rest/><duration>4"
        "</duration></note></measure></part></score-partwise>"
    )
    with pytest.raises(DataError, match=r"on two, got 1$") as caught:
        read(path)
    assert caught.value.path == path

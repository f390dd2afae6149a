"""Scores of other programs, read with music21."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from strategies import little_chorale

from chorale.errors import DataError
from chorale.formats.music21_scores import from_music21, read_score
from chorale.formats.musicxml import write_musicxml
from chorale.music.keys import Key
from chorale.music.score import Chorale, Note
from chorale.music.voices import VOICES


def read(path: Path) -> Chorale:
    return read_score(path).chorale


def chorale_from_score(score: Any) -> Chorale:
    return from_music21(score).chorale


def notes_of(measure: ElementTree.Element, voice: int) -> list[ElementTree.Element]:
    return [
        note for note in measure.iter("note") if note.findtext("voice") == str(voice)
    ]


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
    path = tmp_path / "rests.musicxml"
    path.write_text(
        "<score-partwise><part-list><score-part id='P'><part-name/></score-part>"
        "</part-list><part id='P'><measure number='1'><note><rest/><duration>4"
        "</duration></note></measure></part></score-partwise>"
    )
    with pytest.raises(DataError, match=r"on two, got 1$") as caught:
        read(path)
    assert caught.value.path == path

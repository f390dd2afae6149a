"""Marks on a score: where they stand, and that they change no note."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree

import music21
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from progressions import progression
from strategies import chorales

from chorale.formats.musicxml.marks import Mark, Place
from chorale.formats.musicxml.reader import read_musicxml
from chorale.formats.musicxml.writer import write_musicxml
from chorale.formats.reading import Reading
from chorale.music.score import Chorale
from chorale.music.spelling import spell_in_context
from chorale.music.voices import SILENCE, VOICES

RED = "#B00020"


def write(chorale: Chorale, marks: list[Mark], folder: Path) -> Path:
    path = folder / "a.musicxml"
    write_musicxml(chorale, path, marks=marks)
    return path


def read(chorale: Chorale, marks: list[Mark]) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        return read_musicxml(write(chorale, marks, Path(folder)))


def cadence() -> Chorale:
    """Return two bars in C, the last chord held over the barline in the bass."""
    return progression(
        "C5 C5 B4 C5 D5 B4 C5.8",
        "G4 A4 G4 G4 G4 G4 G4.8",
        "E4 F4 F4 E4 D4 D4 E4.8",
        "C3 F3 G3 C3.8 G3 C3.8",
    )


@given(st.data())
def test_marks_change_nothing_that_is_read(data: st.DataObject) -> None:
    chorale = data.draw(chorales())
    places = st.builds(
        Place, st.integers(0, VOICES - 1), st.integers(0, chorale.steps - 1)
    )
    mark = st.builds(
        Mark,
        at=places,
        text=st.text(max_size=20),
        is_below=st.booleans(),
        color=st.sampled_from([None, RED]),
        notes=st.lists(places, max_size=3).map(tuple),
    )
    marks = data.draw(st.lists(mark, max_size=6))
    marked = read(chorale, marks)
    plain = read(chorale, [])
    assert marked.chorale == plain.chorale
    # Texts that are lost are said, and nothing else.
    said = set(marked.notes) - set(plain.notes)
    has_color = any(each.color for each in marks)
    assert len(said) == has_color
    assert all(note.startswith("texts in colour, such as") for note in said)
    np.testing.assert_array_equal(marked.spelling, plain.spelling)


def test_texts_are_at_their_steps(tmp_path: Path) -> None:
    marks = [
        Mark(at=Place(0, 4), text="over\ntwo lines", color=RED),
        Mark(at=Place(3, 16), text="under", is_below=True),  # while the bass holds
        Mark(at=Place(2, 12), text="of the tenor"),
    ]
    score = music21.converter.parse(write(cadence(), marks, tmp_path))
    found = {
        text.content: (
            text.getOffsetInHierarchy(score),
            text.placement,
            text.style.color,
            score.parts.index(text.getContextByClass("Part")),
        )
        for text in score.recurse().getElementsByClass("TextExpression")
    }
    assert found == {
        "over\ntwo lines": (1.0, "above", RED, 0),
        "under": (4.0, "below", None, 1),
        "of the tenor": (3.0, "above", None, 1),
    }


def test_what_is_left_out_of_a_marked_score_is_said() -> None:
    marks = [
        Mark(at=Place(0, 20), text="parallel fifths", color=RED),
        Mark(at=Place(3, 4), text="crossing", color=RED),
        Mark(at=Place(3, 4), text="IV", is_below=True),
    ]
    assert read(cadence(), marks).notes == (
        "texts in colour, such as the marks of a check, are left out in bars 1 and 2",
    )
    assert read(cadence(), marks[2:]).notes == ()


def test_the_notes_of_a_mark_have_its_color(tmp_path: Path) -> None:
    # The bass is held from step 12 to 20, in two tied notes; 18 is in the second.
    notes = (Place(0, 5), Place(3, 18))
    mark = Mark(at=Place(0, 0), text="red", color=RED, notes=notes)
    uncolored = Mark(at=Place(0, 0), text="plain", notes=(Place(1, 0),))
    root = ElementTree.parse(write(cadence(), [mark, uncolored], tmp_path)).getroot()
    colored = [
        (number, index)
        for number, part in enumerate(root.iter("part"))
        for index, note in enumerate(part.iter("note"))
        if note.get("color") == RED
    ]
    soprano_2, second_of_tied_bass = (0, 1), (1, 11)
    assert colored == [soprano_2, second_of_tied_bass]
    bass = [*root.iter("part")][1].findall(".//note")[11]
    assert [tie.get("type") for tie in bass.findall("tie")] == ["stop"]


def test_a_given_spelling_is_written(tmp_path: Path) -> None:
    chorale = cadence()
    assert chorale.key is not None
    usual = spell_in_context(chorale.pitches, chorale.onsets, chorale.key)
    spelling = usual.copy()
    spelling[:4, 0] += 1  # D double flat for C
    spelling[4:8, 0] += 2  # E with four flats, which have no sign
    for given_spelling, expected in ((None, usual), (spelling, spelling)):
        write_musicxml(chorale, tmp_path / "a.musicxml", spelling=given_spelling)
        read_spelling = read_musicxml(tmp_path / "a.musicxml").spelling
        sounding = chorale.pitches != SILENCE
        assert read_spelling is not None
        assert (read_spelling == expected)[sounding].all()

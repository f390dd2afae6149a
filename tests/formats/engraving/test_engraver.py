"""Engraved chorales: what is in the picture, found by its identifiers."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest
from bach import few_chorales
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import chorales, little_chorale

from chorale.errors import OptionError
from chorale.formats.engraving import EngravingOptions, engrave
from chorale.formats.engraving.mei_score import mei_of
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.music.voices import VOICES

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
# Code points of music signs in SMuFL.
SHARP, NATURAL, FLAT, DOUBLE_SHARP = "E262", "E261", "E260", "E263"
FERMATA_ABOVE, FERMATA_BELOW = "E4C0", "E4C1"


def picture(chorale: Chorale, labels: Any = (), **options: Any) -> Element:
    (svg,) = engrave(chorale, EngravingOptions(**options), labels)
    return fromstring(svg)


def by_id(root: Element) -> dict[str, Element]:
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    return {element.get("id", ""): element for element in root.iter()}


def signs(element: Element) -> list[str]:
    """Return the code points of the music signs in an element."""
    uses = element.iter(f"{SVG}use")
    return [use.get(HREF, "").removeprefix("#glyph-") for use in uses]


def of_class(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if name in each.get("class", "").split()]


def texts(root: Element) -> list[str]:
    return ["".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")]


def noteheads(root: Element) -> set[str]:
    return {name for name in by_id(root) if name.startswith("note-")}


def one_line(notes: list[tuple[int, int]], **fields: Any) -> Chorale:
    """Return a chorale whose soprano has notes of some pitches and lengths, 0 = rest.

    The other voices are silent.
    """
    line, step = [], 0
    for pitch, length in notes:
        if pitch:
            line.append(Note(pitch, step, length))
        step += length
    return Chorale.from_notes([line, [], [], []], step, **fields)


# === Every note ===


@given(chorales(), st.sampled_from((2, 4)))
@example(little_chorale(), 2)
@example(little_chorale(), 4)
def test_every_note_rest_and_bar_is_found(chorale: Chorale, staves: int) -> None:
    root = picture(chorale, staves=staves)
    found = by_id(root)
    for voice in range(VOICES):
        sounding = np.zeros(chorale.steps, bool)
        for note in chorale.notes(voice):
            assert signs(found[f"note-{voice}-{note.start}"])
            sounding[note.start : note.end] = True
        first_rest = np.flatnonzero(~sounding & np.append(True, sounding[:-1]))
        if staves == VOICES or sounding.any() or not chorale.notes(voice ^ 1):
            assert all(f"rest-{voice}-{step}" in found for step in first_rest.tolist())
    first = {name for name in noteheads(root) if "tie" not in name}
    assert len(first) == sum(len(chorale.notes(voice)) for voice in range(VOICES))
    bars = [name for name in found if name.startswith("bar-")]
    assert bars == [f"bar-{index}" for index in range(len(chorale.written_bars()))]
    assert len(of_class(root, "tie")) >= len(noteheads(root)) - len(first)


def test_every_note_of_bach_is_found() -> None:
    for chorale in few_chorales().train:
        expected = {
            f"note-{voice}-{note.start}"
            for voice in range(VOICES)
            for note in chorale.notes(voice)
        }
        assert expected <= noteheads(picture(chorale)), chorale.source


def test_the_same_chorale_gives_the_same_picture() -> None:
    first, second = engrave(little_chorale()), engrave(little_chorale())
    assert first == second


@pytest.mark.parametrize("name", ["5/4", "6/8", "3/8", "2/2", "3/2", "12/16"])
def test_bars_of_any_metre(name: str) -> None:
    metre = Metre.parse(name)
    length = metre.bar_length
    chorale = one_line([(60, length), (62, length)], metres=(metre,))
    root = picture(chorale)
    assert len(of_class(root, "measure")) == 2
    assert len(of_class(root, "meterSig")) == 2  # one on each staff


def test_a_new_metre_is_written_where_it_begins() -> None:
    metres = (Metre(4, 4), Metre(3, 4, 16))
    bars, positions = number_bars(40, metres)
    chorale = one_line(
        [(60, 16), (62, 12), (64, 12)], metres=metres, bars=bars, positions=positions
    )
    found = by_id(picture(chorale))
    counts = [len(of_class(found[f"bar-{bar}"], "meterSig")) for bar in range(3)]
    assert counts == [2, 2, 0]


def test_a_pickup_is_a_bar_of_its_own() -> None:
    found = by_id(picture(little_chorale()))
    pickup = {name for name in by_id(found["bar-0"]) if name.startswith("note")}
    assert pickup == {f"note-{voice}-0" for voice in range(VOICES)}


# === Ties ===


def test_tied_noteheads_are_numbered() -> None:
    root = picture(one_line([(60, 40)]))
    assert noteheads(root) == {"note-0-0", "note-0-0-tie-1", "note-0-0-tie-2"}
    assert len(of_class(root, "tie")) == 2


def test_repeated_notes_are_not_tied() -> None:
    root = picture(one_line([(60, 16), (60, 16)]))
    assert noteheads(root) == {"note-0-0", "note-0-16"}
    assert not of_class(root, "tie")


# === Accidentals ===


def accidentals(chorale: Chorale, **options: Any) -> list[list[str]]:
    """Return the accidentals at the notes of the soprano, in order."""
    found = by_id(picture(chorale, **options))
    return [
        [sign for accid in of_class(found[name], "accid") for sign in signs(accid)]
        for name in (f"note-0-{note.start}" for note in chorale.notes(0))
    ]


def test_accidentals_are_those_that_the_key_lacks() -> None:
    line = [(66, 4), (61, 4), (61, 4), (60, 4), (60, 4), (61, 4), (62, 8)]
    in_g = one_line(line, key=Key("G", "major"))
    assert accidentals(in_g) == [[], [SHARP], [], [NATURAL], [], [SHARP], []]
    line = [(70, 4), (69, 4), (68, 4), (70, 4)]
    in_f = one_line(line, key=Key("F", "minor"))
    assert accidentals(in_f) == [[], [NATURAL], [FLAT], []]


def test_voices_of_a_staff_share_their_accidentals() -> None:
    lines = [[Note(66, 0, 4), Note(67, 4, 4)], [Note(62, 0, 4), Note(66, 4, 4)], [], []]
    chorale = Chorale.from_notes(lines, 16, key=Key("C", "major"))
    for staves, expected in ((2, []), (4, [SHARP])):
        found = by_id(picture(chorale, staves=staves))
        assert signs(found["note-0-0"])[-1] == SHARP
        accids = of_class(found["note-1-4"], "accid")
        assert [sign for accid in accids for sign in signs(accid)] == expected


def test_key_signatures_are_drawn() -> None:
    for tonic, sign, count in (("E", SHARP, 4), ("Ab", FLAT, 4), ("C", "", 0)):
        root = picture(one_line([(60, 16)], key=Key(tonic, "major")))
        drawn = [s for each in of_class(root, "keySig") for s in signs(each)]
        assert drawn == [sign] * 2 * count
    assert not of_class(picture(one_line([(61, 16)], key=None)), "keyAccid")


# === Staves, rests, fermatas ===


def test_stems_part_the_voices_of_a_staff() -> None:
    lines = [[Note(pitch, 0, 4)] for pitch in (62, 77, 50, 62)]  # crossed
    found = by_id(picture(Chorale.from_notes(lines, 4)))
    for voice, sign in ((0, 1), (1, -1), (2, 1), (3, -1)):
        (stem,) = of_class(found[f"note-{voice}-0"], "stem")
        (path,) = stem.iter(f"{SVG}path")
        _, first, _, last = map(int, re.findall(r"-?\d+", path.get("d", "")))
        assert (first - last) * sign > 0


@pytest.mark.parametrize("staves", [2, 4])
def test_staves(staves: int) -> None:
    root = picture(little_chorale(), staves=staves)
    assert len(of_class(root, "clef")) >= staves
    names = {"Soprano", "Alto", "Tenor", "Bass"} & set(texts(root))
    assert len(names) == (4 if staves == 4 else 0)
    (bar,) = [each for each in of_class(root, "measure") if each.get("id") == "bar-0"]
    assert len(of_class(bar, "staff")) == staves


def test_an_empty_bar_has_one_rest_on_a_shared_staff() -> None:
    lines = [[Note(pitch, 0, 16), Note(pitch, 32, 16)] for pitch in (67, 60)]
    chorale = Chorale.from_notes([*lines, [], []], 48)
    found = by_id(picture(chorale))
    places = [
        [use.get("transform") for use in found[f"rest-{voice}-16"].iter(f"{SVG}use")]
        for voice in (0, 1)
    ]
    assert places[0] == places[1] != []
    alone = by_id(picture(chorale, staves=4))
    assert "rest-0-16" in alone


def test_a_voice_without_notes_has_no_rests_beside_one_that_has_some() -> None:
    names = by_id(picture(one_line([(67, 16), (0, 16), (69, 16)]))).keys()
    rests = {name for name in names if name.startswith("rest-")}
    assert "rest-0-16" in rests  # of the melody
    assert not any(name.startswith("rest-1-") for name in rests)
    assert any(name.startswith("rest-2-") for name in rests)  # of the other staff
    four = by_id(picture(one_line([(67, 16)]), staves=4)).keys()
    assert {"rest-1-0", "rest-2-0", "rest-3-0"} <= four


def test_a_voice_without_notes_is_one_space_in_an_incomplete_bar() -> None:
    mei = mei_of(one_line([(67, 4), (69, 6)]))  # ten sixteenths, two rests
    assert mei.count("<mSpace") == 1


def test_a_silent_piece_is_empty_bars() -> None:
    root = picture(Chorale(pitches=np.zeros((32, VOICES), int)))
    assert not noteheads(root)
    assert {f"rest-{voice}-16" for voice in range(VOICES)} <= set(by_id(root))


def test_fermatas_are_above_the_upper_and_below_the_lower_staff() -> None:
    root = picture(little_chorale())
    drawn = [sign for each in of_class(root, "fermata") for sign in signs(each)]
    assert sorted(drawn) == [FERMATA_ABOVE] * 2 + [FERMATA_BELOW] * 2
    drawn = [
        sign
        for each in of_class(picture(little_chorale(), staves=4), "fermata")
        for sign in signs(each)
    ]
    assert drawn == [FERMATA_ABOVE] * 8


def test_a_fermata_within_held_notes_is_drawn() -> None:
    lines = [[Note(pitch, 0, 16)] for pitch in (72, 67, 60, 48)]
    fermatas = np.arange(16) >= 8
    root = picture(Chorale.from_notes(lines, 16, fermatas=fermatas))
    drawn = [sign for each in of_class(root, "fermata") for sign in signs(each)]
    assert drawn == [FERMATA_ABOVE]


# === Words ===


def test_labels_are_below_the_lowest_staff_where_they_belong() -> None:
    labels = [(28, "V6"), (0, "i"), (8, "iv"), (640, "outside")]
    root = picture(little_chorale(), labels)
    found = by_id(root)
    drawn = {
        bar: ["".join(each.itertext()).strip() for each in of_class(found[bar], "harm")]
        for bar in ("bar-0", "bar-1", "bar-2")
    }
    assert drawn == {"bar-0": ["i"], "bar-1": ["iv"], "bar-2": ["V6"]}
    assert "outside" not in texts(root)


def test_lyrics_are_under_their_notes() -> None:
    lyrics = (
        Lyric(step=0, voice=0, text="Schmü", joined=True),
        Lyric(step=4, voice=0, text="cke"),
        Lyric(step=8, voice=0, text="dich", joined=True),
        Lyric(step=0, voice=0, verse=2, text="O"),
        Lyric(step=0, voice=1, text="Schmü", joined=True),  # as the soprano
        Lyric(step=0, voice=3, text="Bass"),
    )
    found = by_id(picture(little_chorale(lyrics=lyrics)))
    words = {name: texts(found[name]) for name in found if name.startswith("note")}
    assert words["note-0-0"][:1] == ["Schmü"]
    assert "O" in words["note-0-0"]
    assert words["note-0-4"] == ["cke"]
    assert words["note-1-0"] == []
    assert words["note-3-0"] == ["Bass"]


def test_a_title_and_a_credit_are_drawn_if_asked_for() -> None:
    chorale = little_chorale(title="Wach auf", credit="By J. S. Bach")
    root = picture(chorale, title=True)
    assert {"Wach auf", "By J. S. Bach"} <= set(texts(root))
    assert root.findtext(f"{SVG}title") == "Wach auf"
    root = picture(chorale)
    assert "Wach auf" not in texts(root)
    assert root.findtext(f"{SVG}title") == "Wach auf"
    root = picture(little_chorale(title="", source="bwv253"), title=True)
    assert "bwv253" in texts(root)


def test_without_title_and_source_there_is_no_head() -> None:
    root = picture(little_chorale(title="", credit="By J. S. Bach"), title=True)
    assert "By J. S. Bach" in texts(root)


# === Sizes ===


def test_pages_and_one_tall_page() -> None:
    (chorale, *_) = few_chorales().train
    (tall,) = engrave(chorale, EngravingOptions(width=600))
    pages = engrave(chorale, EngravingOptions(width=600, height=400))
    assert len(pages) > 1
    assert noteheads(fromstring(tall)) == {
        name for page in pages for name in noteheads(fromstring(page))
    }
    for page in pages:
        root = fromstring(page)
        assert (root.get("width"), root.get("height")) == ("600", "400")
    assert float(fromstring(tall).get("height", "")) > 600


def test_a_long_piece_is_one_picture() -> None:
    lines = [[Note(pitch, 4 * n, 4) for n in range(2400)] for pitch in (72, 67, 60, 48)]
    chorale = Chorale.from_notes(lines, 9600)
    root = picture(chorale, width=500)
    assert len(noteheads(root)) == 4 * 2400
    assert float(root.get("height", "")) > 27_000


def test_scale_is_the_size_of_the_music() -> None:
    small, large = (picture(little_chorale(), scale=scale) for scale in (0.5, 2))
    assert float(small.get("height", "")) < 0.5 * float(large.get("height", ""))
    assert small.get("width") == large.get("width") == "1000"


@pytest.mark.parametrize(
    "options",
    [
        {"staves": 3},
        {"width": 50},
        {"width": 10**6},
        {"height": 10},
        {"scale": 0.0},
        {"scale": float("nan")},
    ],
)
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(OptionError, match=name):
        EngravingOptions(**options)


@settings(max_examples=5)
@given(chorales(), st.sampled_from((200, 1000, 3000)), st.sampled_from((0.2, 5.0)))
def test_any_size_can_be_engraved(chorale: Chorale, width: int, scale: float) -> None:
    root = picture(chorale, width=width, scale=scale)
    assert noteheads(root) or not chorale.onsets.any()


def test_without_names_the_same_is_drawn_in_less() -> None:
    (named,) = engrave(little_chorale(), EngravingOptions(title=True))
    (plain,) = engrave(little_chorale(), EngravingOptions(title=True, named=False))
    assert len(plain) < 0.8 * len(named)
    assert "class=" not in plain
    assert 'id="note' not in plain
    roots = fromstring(named), fromstring(plain)
    assert signs(roots[0]) == signs(roots[1])
    assert texts(roots[0]) == texts(roots[1])


def test_numbers_of_bars_are_italic_with_names_and_without() -> None:
    (chorale, *_) = few_chorales().train
    for named in (True, False):
        root = picture(chorale, width=500, named=named)
        italic = [text for text in root.iter() if text.get("font-style") == "italic"]
        assert all("".join(text.itertext()).strip().isdigit() for text in italic)
        assert len(italic) > 1


def test_long_titles_are_broken_and_credits_stand_below() -> None:
    chorale = little_chorale(title="Wach auf, mein Herz " * 5, credit="By Bach " * 30)
    root = picture(chorale, width=500, title=True)
    heads = [each for each in of_class(root, "rend") if each.tag == f"{SVG}tspan"]
    heights = [float(each.get("y", "nan")) for each in heads if each.get("y")]
    assert heights == sorted(heights)
    lines = "".join(root.itertext()).count("Wach auf, mein Herz")
    assert lines >= 3

"""MEI: staves, layers, signatures, ties, fermatas and bars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.formats.files import read_spelled, with_key
from chorale.formats.reading import Reading
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre

Read = Callable[[str], Reading]

TWO_STAVES = (
    '<staffGrp><staffDef n="1"><label>Soprano<lb/>Alto</label>'
    '<clef shape="G" line="2"/></staffDef>'
    '<staffDef n="2"><label>Tenor<lb/>Bass</label><clef shape="F" line="4"/></staffDef>'
    "</staffGrp>"
)


def note(name: str, dur: str = "4", more: str = "", inside: str = "") -> str:
    """Return a note such as `c5`; `f#4` and `bb3` have a written accidental."""
    sign = {"#": "s", "b": "f", "n": "n"}.get(name[1:-1], "")
    accid = f' accid="{sign}"' if sign else ""
    place = f'pname="{name[0]}" oct="{name[-1]}"'
    return f'<note {place} dur="{dur}"{accid} {more}>{inside}</note>'


def measure(*voices: str, more: str = "", events: str = "") -> str:
    """Return a measure of soprano, alto, tenor and bass on two staves."""
    layers = [
        f'<layer n="{1 + index % 2}">{voice}</layer>'
        for index, voice in enumerate(voices)
    ]
    staves = (
        f'<staff n="{1 + index // 2}">{layers[index]}{layers[index + 1]}</staff>'
        for index in (0, 2)
    )
    return f"<measure {more}>{''.join(staves)}{events}</measure>"


def plain(*names: str, dur: str = "4") -> str:
    return "".join(note(name, dur) for name in names)


def document(
    *measures: str, head: str = "", signatures: str = 'key.sig="0"', metre: str = "4/4"
) -> str:
    count, unit = metre.split("/")
    return (
        '<?xml version="1.0"?><mei xmlns="http://www.music-encoding.org/ns/mei">'
        f"<meiHead>{head}</meiHead><music><body><mdiv><score>"
        f'<scoreDef {signatures} meter.count="{count}" meter.unit="{unit}" '
        f'midi.bpm="80">{TWO_STAVES}</scoreDef>'
        f"<section>{''.join(measures)}</section></score></mdiv></body></music></mei>"
    )


FULL = (
    plain("c5", "d5", "e5", "c5"),
    plain("g4", "g4", "g4", "g4"),
    plain("e4", "d4", "c4", "e4"),
    plain("c3", "b2", "c3", "c3"),
)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str) -> Reading:
        path = tmp_path / "a.mei"
        path.write_text(text, encoding="utf-8")
        return read_spelled(path)

    return read_text


def voice_of(reading: Reading, voice: int) -> list[tuple[int, int]]:
    """Return the pitches and lengths of the notes of a voice."""
    return [(each.pitch, each.length) for each in reading.chorale.notes(voice)]


def test_two_staves_of_two_layers(read: Read) -> None:
    head = (
        "<fileDesc><titleStmt><title>Own hymn</title>"
        '<respStmt><persName role="composer">A. N. Other</persName></respStmt>'
        "</titleStmt></fileDesc>"
    )
    reading = read(document(measure(*FULL), head=head))
    chorale = reading.chorale
    assert chorale.pitches[[0, 4]].tolist() == [[72, 67, 64, 48], [74, 67, 62, 47]]
    assert chorale.onsets[:, 1].sum() == 4
    assert (chorale.title, chorale.credit) == ("Own hymn", "A. N. Other")
    assert (chorale.tempo, chorale.metres) == (80, (Metre(4, 4),))
    assert reading.spelling is not None
    assert reading.spelling[0].tolist() == [35, 32, 30, 21]


def test_a_pickup_and_a_last_bar_that_completes_it(read: Read) -> None:
    one = [plain(name) for name in ("g4", "d4", "b3", "g3")]
    last = [note(name, "2", 'dots="1"') for name in ("c5", "g4", "e4", "c3")]
    first = measure(*one, more='n="0" metcon="false"')
    end = measure(*last, more='n="2" metcon="false" right="end"')
    chorale = read(document(first, measure(*FULL), end)).chorale
    assert (chorale.pickup, chorale.steps) == (4, 32)
    assert chorale.bars[[0, 4, 20]].tolist() == [0, 1, 2]
    assert chorale.positions[[0, 4, 20, 31]].tolist() == [12, 0, 0, 11]


def test_a_key_and_a_metre_that_change(read: Read) -> None:
    change = '<scoreDef key.sig="1s" meter.count="3" meter.unit="4"/>'
    three = [plain(*names) for names in (("g5",) * 3, ("d5",) * 3, ("b4",) * 3)]
    second = measure(*three, plain("g3", "f3", "g3"))
    text = document(measure(*FULL), change, second, signatures='key.sig="1f"')
    chorale = read(text).chorale
    assert chorale.metres == (Metre(4, 4), Metre(3, 4, 16))
    # F is sharp by the signature that begins there.
    assert voice_of(read(text), 3)[-2:] == [(54, 4), (55, 4)]
    inside = second.replace("<staff ", f"{change}<staff ", 1)
    again = read(document(measure(*FULL), inside, signatures='key.sig="1f"')).chorale
    assert (again.pitches == chorale.pitches).all()
    assert again.metres == chorale.metres


def test_the_key_of_a_staff(read: Read) -> None:
    text = document(measure(*FULL)).replace(
        "</label><clef", '</label><keySig sig="1f" mode="minor"/><clef'
    )
    reading = read(text)
    assert {signature.fifths for signature in reading.signatures} == {-1}
    assert {signature.mode for signature in reading.signatures} == {"minor"}


def test_a_church_mode_is_a_stated_key(read: Read) -> None:
    text = document(measure(*FULL)).replace(
        "</label><clef", '</label><keySig sig="1f" mode="dorian"/><clef'
    )
    found = with_key(read(text))
    assert found.chorale.key == Key("G", "minor")
    assert (found.key_estimated, found.key_notes) == (
        False,
        ("G dorian is read as G minor",),
    )


def test_accidentals_that_the_file_does_not_state(read: Read) -> None:
    soprano = plain("f#5", "f5", "g5", "f5")
    bar = measure(soprano, *FULL[1:])
    natural = measure(plain("f5", "f5", "c5", "b4"), *FULL[1:])
    reading = read(document(bar, natural, signatures='key.sig="1f"'))
    pitches = [pitch for pitch, _ in voice_of(reading, 0)]
    assert pitches == [78, 78, 79, 78, 77, 77, 72, 70]
    assert "the notes state no accidentals of the key: its signature holds" in (
        reading.remarks()
    )


def test_accidentals_that_sound(read: Read) -> None:
    flat = note("b4", "4", 'accid.ges="f"')
    child = note("b4", "4", inside='<accid accid="n"/>')
    soprano = flat + child + note("f5", "4", inside='<accid accid.ges="s"/>')
    reading = read(document(measure(soprano + note("b4"), *FULL[1:])))
    # In a file that states the accidentals of the key, B without one is natural.
    assert [pitch for pitch, _ in voice_of(reading, 0)] == [70, 71, 78, 71]


@pytest.mark.parametrize("form", ["element", "attributes"])
def test_ties(read: Read, form: str) -> None:
    bass = plain("c3", "b2", "c3")
    start, end = (
        note("f#3", "4", 'xml:id="x" tie="i"'),
        note("f3", "4", 'xml:id="y" tie="t"'),
    )
    events = ""
    if form == "element":
        start, end = (each.replace("tie=", "type=") for each in (start, end))
        events = '<tie startid="#x" endid="#y"/>'
    first = measure(*FULL[:3], bass + start, events=events)
    second = measure(*FULL[:3], end + bass)
    notes = voice_of(read(document(first, second)), 3)
    assert notes == [(48, 4), (47, 4), (48, 4), (54, 8), (48, 4), (47, 4), (48, 4)]


def test_a_tie_that_names_the_unison_of_another_voice(read: Read) -> None:
    alto = plain("g4", "g4", "g4") + note("c5", "4", 'xml:id="x"')
    first = measure(FULL[0], alto, *FULL[2:], events='<tie startid="#x" endid="#y"/>')
    soprano = note("c5", "4", 'xml:id="y"') + plain("d5", "e5", "c5")
    second = measure(soprano, plain("c5", "g4", "g4", "g4"), *FULL[2:])
    reading = read(document(first, second))
    assert voice_of(reading, 0)[3:5] == [(72, 4), (72, 4)]
    assert voice_of(reading, 1)[3:5] == [(72, 8), (67, 4)]


def test_fermatas_of_all_kinds(read: Read) -> None:
    soprano = note("c5", "4", 'fermata="above"') + note("d5", "4", 'xml:id="d"')
    events = '<fermata startid="#d"/><fermata tstamp="4" staff="1"/>'
    chorale = read(
        document(measure(soprano + plain("e5", "c5"), *FULL[1:], events=events))
    ).chorale
    assert chorale.fermatas.nonzero()[0].tolist() == [*range(8), *range(12, 16)]


def test_beams_tuplets_rests_and_chords(read: Read) -> None:
    beam = f"<beam>{plain('c5', 'd5', dur='8')}</beam>"
    dotted = note("e5", "4", 'dots="1"') + note("d5", "8") + '<rest dur="4"/>'
    alto = "<mRest/>"
    lower = "".join(
        f'<chord dur="4">{note("e4")}{note(name)}</chord>'
        for name in ("c3", "b2", "c3", "c3")
    )
    text = document(measure(beam + dotted, alto, lower, ""))
    chorale = read(text).chorale
    assert voice_of(read(text), 0) == [(72, 2), (74, 2), (76, 6), (74, 2)]
    assert not chorale.pitches[:, 1].any()
    assert voice_of(read(text), 2) == [(64, 4)] * 4
    triplet = f'<tuplet num="3" numbase="2">{plain("c5", "d5", "e5")}</tuplet>'
    reading = read(document(measure(triplet + plain("c5", "c5"), *FULL[1:])))
    assert reading.off_grid == 3
    assert reading.chorale.steps == 16


def test_grace_notes_are_left_out(read: Read) -> None:
    soprano = note("d5", "8", 'grace="acc"') + FULL[0]
    reading = read(document(measure(soprano, *FULL[1:])))
    assert voice_of(reading, 0) == [(72, 4), (74, 4), (76, 4), (72, 4)]
    assert "grace notes are left out" in reading.remarks()


def test_repeats_and_endings(read: Read) -> None:
    first = measure(*FULL, more='n="1" right="rptend"')
    last = [note(name, "1") for name in ("c5", "g4", "e4", "c3")]
    other = [note(name, "1") for name in ("d5", "g4", "d4", "b2")]
    endings = (
        f'<ending n="1">{measure(*other, more=chr(34).join(("right=", "rptend", "")))}'
        f'</ending><ending n="2">{measure(*last)}</ending>'
    )
    chorale = read(document(first.replace(' right="rptend"', ""), endings)).chorale
    assert chorale.pitches[[15, 16]].tolist() == [[72, 67, 64, 48]] * 2
    assert chorale.steps == 32


def test_lyrics(read: Read) -> None:
    syllables = (
        '<verse n="1"><syl con="d" wordpos="i">Al</syl></verse>'
        '<verse n="2"><syl>Herr</syl></verse>'
    )
    soprano = note("c5", "4", inside=syllables) + note(
        "d5", "4", inside='<verse n="1"><syl wordpos="t">le</syl></verse>'
    )
    chorale = read(document(measure(soprano + plain("e5", "c5"), *FULL[1:]))).chorale
    assert chorale.lyrics == (
        Lyric(step=0, voice=0, verse=1, text="Al", joined=True),
        Lyric(step=0, voice=0, verse=2, text="Herr"),
        Lyric(step=4, voice=0, verse=1, text="le"),
    )


def test_an_incipit_in_the_header_is_no_score(read: Read) -> None:
    incipit = f"<workList><work><incip><score><section>{measure(*FULL)}</section>"
    head = f"{incipit}</score></incip></work></workList>"
    assert read(document(measure(*FULL), measure(*FULL), head=head)).chorale.steps == 32


def test_a_staff_that_sounds_lower_than_written(read: Read) -> None:
    text = document(measure(*FULL)).replace(
        '<staffDef n="2">', '<staffDef n="2" trans.semi="-2" trans.diat="-1">'
    )
    reading = read(text)
    assert reading.chorale.pitches[0].tolist() == [72, 67, 62, 46]
    assert any("sounds" in remark for remark in reading.remarks())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('pname="c"', 'pname="h"', "a note with pname and oct, got 'h', '5', in bar 1"),
        ('dur="4"', 'dur="5"', "a note value such as 4 or 8, got '5'"),
        ('<staff n="2">', '<staff n="7">', "a definition of staff 7"),
        ('meter.unit="4"', 'meter.unit="7"', "whole sixteenths"),
        ("<section>", "<section/><other>", "it is damaged|cannot read it"),
        ('meter.count="4"', 'meter.count="x"', "a time signature such as 4/4, got x/4"),
    ],
)
def test_damaged_files_are_refused(
    read: Read, old: str, new: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(document(measure(*FULL)).replace(old, new))


def test_other_xml_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match="this is MusicXML: add --from musicxml"):
        read('<?xml version="1.0"?><score-partwise/>')
    with pytest.raises(DataError, match="expected MEI, got html"):
        read("<html/>")
    with pytest.raises(DataError, match="a score with a section in MEI, got none"):
        read("<mei><music/></mei>")


def test_mei_under_another_ending(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(document(measure(*FULL)), encoding="utf-8")
    with pytest.raises(
        DataError, match="expected MusicXML, this is MEI: add --from mei"
    ):
        read_spelled(path)


def test_a_key_without_a_mode_is_decided_by_the_notes(read: Read) -> None:
    reading = read(document(measure(*FULL)))
    assert reading.chorale.key == Key("C", "major")


HALF = tuple(plain(name, name, dur="2") for name in ("d5", "a4", "f4", "d3"))


@pytest.mark.parametrize(
    ("marked", "bars"),
    [
        ("<app><rdg>{a}</rdg><rdg>{b}</rdg></app>", 2),
        ("<app><rdg>{b}</rdg><lem>{a}</lem></app>", 2),
        ("<choice><reg>{b}</reg><corr>{a}</corr></choice>", 2),
        ("<choice><sic>{b}</sic><orig>{a}</orig></choice>", 2),
        ("<orig>{a}</orig><add>{b}</add>", 3),
        ("<sic>{a}</sic><restore>{b}</restore>", 3),
        ("<subst><del>{b}</del><add>{a}</add></subst>", 2),
    ],
)
def test_editorial_marks_around_bars_lose_and_double_none(
    read: Read, marked: str, bars: int
) -> None:
    text = marked.format(a=measure(*FULL), b=measure(*HALF))
    chorale = read(document(measure(*FULL), text)).chorale
    assert chorale.steps == 16 * bars
    assert chorale.pitches[16:20, 0].tolist() == [72] * 4


def test_editorial_marks_around_staves_and_layers_are_read(read: Read) -> None:
    whole = measure(*FULL)
    staff = whole[whole.index('<staff n="2"') : whole.index("</measure>")]
    layer = staff[staff.index("<layer") : staff.index("</layer>") + len("</layer>")]
    for inner in (staff, layer):
        marked = whole.replace(inner, f"<app><rdg>{inner}</rdg></app>")
        assert marked != whole
        assert read(document(marked)).chorale == read(document(whole)).chorale


def spanned(span: str, dur: str = "8") -> str:
    triplet = "".join(
        note(name, dur, f'xml:id="n{index}"')
        for index, name in enumerate(("c5", "d5", "e5"))
    )
    soprano = triplet + plain("c5", "e5", "c5")
    return document(measure(soprano, *FULL[1:], events=span))


def test_a_tuplet_that_is_marked_from_note_to_note_is_one(read: Read) -> None:
    span = '<tupletSpan startid="#n0" endid="#n2" num="3" numbase="2"/>'
    reading = read(spanned(span))
    assert (reading.chorale.steps, reading.off_grid) == (16, 3)
    assert reading.chorale.pitches[4:, 0].tolist() == [72] * 4 + [76] * 4 + [72] * 4
    whole = spanned('<tupletSpan startid="#n0" endid="#n2" num="3" numbase="4"/>', "16")
    assert read(whole).chorale.steps == 16


@pytest.mark.parametrize(
    "span",
    [
        '<tupletSpan startid="#n0" endid="#elsewhere"/>',
        '<tupletSpan tstamp="1" tstamp2="0m+2"/>',
        '<tupletSpan startid="#n0" endid="#n2" num="99" numbase="2"/>',
    ],
)
def test_a_tuplet_span_that_cannot_be_followed_is_refused(
    read: Read, span: str
) -> None:
    with pytest.raises(DataError, match=r"expected a tuplet.*in bar"):
        read(spanned(span))


# === Editorial markup ===


SOLO = tuple(plain(*[name] * 4) for name in ("g5", "d5", "b4", "g3"))


@pytest.mark.parametrize(
    "markup",
    [
        "<app><lem>{one}</lem><rdg>{two}</rdg></app>",
        "<app><rdg>{one}</rdg><rdg>{two}</rdg></app>",
        "<app><rdg><section>{one}</section></rdg></app>",
        *(f"<{tag}>{{one}}</{tag}>" for tag in ("orig", "sic", "add", "restore")),
        "<choice><corr>{one}</corr><reg>{two}</reg></choice>",
        "<choice><sic>{two}</sic><corr>{one}</corr></choice>",
        "<choice><orig>{two}</orig><reg>{one}</reg></choice>",
        "<subst><del>{two}</del><add>{one}</add></subst>",
        "<app><lem><choice><sic>{two}</sic><corr>{one}</corr></choice></lem></app>",
    ],
)
def test_measures_in_editorial_markup_are_read_once(read: Read, markup: str) -> None:
    first, last = measure(*FULL), measure(*FULL)
    reading = read(
        document(first, markup.format(one=measure(*SOLO), two=measure(*FULL)), last)
    )
    assert reading.chorale.steps == 48
    assert [reading.chorale.pitches[step, 0] for step in (0, 16, 32)] == [72, 79, 72]
    said = any("alternative readings are left out" in note for note in reading.notes)
    assert said == (markup.count("<rdg>{") + markup.count("<lem>{") == 2)


@pytest.mark.parametrize("tag", ["staff", "layer"])
def test_editorial_markup_in_a_measure(read: Read, tag: str) -> None:
    text = measure(*SOLO).replace(f"<{tag} ", f"<app><rdg><{tag} ")
    text = text.replace(f"</{tag}>", f"</{tag}></rdg></app>")
    reading = read(document(measure(*FULL), text))
    assert reading.chorale.pitches[16].tolist() == [79, 74, 71, 55]


def test_a_note_of_a_chord_in_editorial_markup(read: Read) -> None:
    chord = (
        f'<chord dur="1">{note("g4")}<supplied>{note("c5")}</supplied></chord>',
        f'<chord dur="1">{note("c3")}{note("e4")}</chord>',
    )
    staves = "".join(
        f'<staff n="{number}"><layer n="1">{each}</layer></staff>'
        for number, each in enumerate(chord, 1)
    )
    reading = read(document(f"<measure>{staves}</measure>"))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]


# === Tuplets from one note to another ===


def named(*names: str) -> str:
    return "".join(
        note(name, "4", f'xml:id="n{index}"') for index, name in enumerate(names)
    )


TRIPLET = named("c5", "d5", "e5") + note("c5", "2")


@pytest.mark.parametrize(
    "ends",
    ['startid="#n0" endid="#n2"', 'plist="#n0 #n1 #n2"'],
)
def test_a_tuplet_span_shortens_its_notes(read: Read, ends: str) -> None:
    span = f'<tupletSpan num="3" numbase="2" {ends}/>'
    spanned = read(document(measure(TRIPLET, *FULL[1:], events=span)))
    inner = named("c5", "d5", "e5")
    tuplet = f'<tuplet num="3" numbase="2">{inner}</tuplet>{note("c5", "2")}'
    around = read(document(measure(tuplet, *FULL[1:])))
    assert spanned.chorale.steps == 16
    assert voice_of(spanned, 0) == voice_of(around, 0)
    assert spanned.off_grid == around.off_grid == 3


def test_a_tuplet_that_is_an_element_as_well_is_counted_once(read: Read) -> None:
    inner = named("c5", "d5", "e5")
    tuplet = f'<tuplet num="3" numbase="2">{inner}</tuplet>{note("c5", "2")}'
    span = '<tupletSpan num="3" numbase="2" startid="#n0" endid="#n2"/>'
    both = read(document(measure(tuplet, *FULL[1:], events=span)))
    assert both.chorale == read(document(measure(tuplet, *FULL[1:]))).chorale


def test_a_tuplet_span_in_another_that_ends_in_a_rest(read: Read) -> None:
    rest = '<rest xml:id="n9" dur="4"/>'
    events = (
        '<tupletSpan num="3" numbase="2" startid="#n0" endid="#n9"/>'
        '<tupletSpan num="3" numbase="2" startid="#n0" endid="#n2"/>'
    )
    inner = named("c5", "d5", "e5") + rest
    text = measure(inner + note("a5", "2"), *FULL[1:], events=events)
    reading = read(document(text))
    assert reading.chorale.steps == 16
    assert voice_of(reading, 0)[-1] == (81, 8)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ('tstamp="1" tstamp2="0m+2"', "a tupletSpan with startid and endid"),
        ('startid="#n0" endid="#gone"', "ends in its bar and layer, got one to 'gone'"),
        ('startid="#gone" endid="#n2"', "from a note of its bar, got 'gone'"),
    ],
)
def test_a_tuplet_span_that_cannot_be_read_is_refused(
    read: Read, ends: str, message: str
) -> None:
    span = f'<tupletSpan num="3" numbase="2" {ends}/>'
    with pytest.raises(DataError, match=message):
        read(document(measure(TRIPLET, *FULL[1:], events=span)))

"""MusicXML of other programs: what is read, what is left out, what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest
from readings import with_key
from strategies import little_chorale

from chorale.errors import DataError
from chorale.formats.musicxml.file import parse
from chorale.formats.musicxml.reader import read_musicxml, score_of
from chorale.formats.musicxml.writer import write_musicxml
from chorale.formats.reading import Reading
from chorale.formats.scores.written_score import WrittenScore
from chorale.music.key_decision import states_key
from chorale.music.keys import Key
from chorale.music.score import Note

START = (
    "<attributes><divisions>4</divisions><key><fifths>0</fifths><mode>major</mode></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)


IMPLICIT = ' implicit="yes"'


def note(name: str, length: int = 4, extra: str = "", voice: str = "1") -> str:
    """Return a note such as `C#4`, or a rest named `r`; the length is in steps."""
    if name == "r":
        pitch = "<rest/>"
    else:
        alter = {"#": "<alter>1</alter>", "b": "<alter>-1</alter>"}.get(name[1:-1], "")
        pitch = (
            f"<pitch><step>{name[0]}</step>{alter}<octave>{name[-1]}</octave></pitch>"
        )
    length_and_voice = f"<duration>{length}</duration><voice>{voice}</voice>"
    return f"<note>{pitch}{length_and_voice}{extra}</note>"


def chord(name: str, length: int = 4, extra: str = "") -> str:
    return note(name, length, extra).replace("<note>", "<note><chord/>")


def backup(length: int) -> str:
    return f"<backup><duration>{length}</duration></backup>"


def document(*parts: Iterable[str], names: Iterable[str] = (), head: str = "") -> str:
    """Return a partwise score of the contents of the measures of each part."""
    names = [*names] or [""] * len(parts)
    listed = "".join(
        f"<score-part id='P{index}'><part-name>{name}</part-name></score-part>"
        for index, name in enumerate(names)
    )
    written = "".join(
        f"<part id='P{index}'>"
        + "".join(
            f"<measure number='{number}'>{START * (number == 1)}{content}</measure>"
            for number, content in enumerate(part, start=1)
        )
        + "</part>"
        for index, part in enumerate(parts)
    )
    return (
        f"<score-partwise>{head}<part-list>{listed}</part-list>{written}"
        "</score-partwise>"
    )


@pytest.fixture
def read(tmp_path: Path):
    """Return a function that reads the text of a score."""

    def read_text(text: str, voice: int | None = None) -> Reading:
        path = tmp_path / "a.musicxml"
        path.write_text(text, encoding="utf-8")
        return read_musicxml(path, voice)

    return read_text


def written(text: str) -> WrittenScore:
    return score_of(parse(text.encode()))


def melody(*bars: str, head: str = "") -> list[Note]:
    """Return the notes of a melody in one part."""
    return line_of(written(document(bars, head=head)))


def line_of(score: WrittenScore) -> list[Note]:
    """Return the notes of the first voice of the first staff, ties not joined."""
    notes, start = [], Fraction(0)
    for bar, lines in zip(score.bars, score.staves[0].bars, strict=True):
        notes += [
            Note(
                sound.pitches[0], int(start + sound.start), int(sound.end - sound.start)
            )
            for sound in (lines[0] if lines else [])
            if sound.pitches
        ]
        start += bar.length
    return notes


# === Time ===


def test_divisions_that_change() -> None:
    finer = "<attributes><divisions>8</divisions></attributes>"
    assert melody(note("C5", 8), finer + note("D5", 8) + note("E5", 4)) == [
        Note(72, 0, 8),
        Note(74, 8, 4),
        Note(76, 12, 2),
    ]


def test_forward_moves_on_and_lengthens_the_bar() -> None:
    forward = "<forward><duration>4</duration></forward>"
    assert melody(
        note("C5") + forward + note("D5") + forward, forward + note("E5")
    ) == [Note(72, 0, 4), Note(74, 8, 4), Note(76, 20, 4)]


def test_an_empty_bar_is_a_bar_of_rest() -> None:
    assert melody(note("C5", 16), "", note("D5", 16))[1] == Note(74, 32, 16)


def test_a_duration_that_is_missing_is_that_of_the_note_value() -> None:
    bare = (
        "<note><pitch><step>C</step><octave>5</octave></pitch><type>half</type></note>"
    )
    assert melody(bare + bare) == [Note(72, 0, 8), Note(72, 8, 8)]


def test_a_pickup_under_a_whole_bar_rest(read) -> None:
    rest = note("r", 16).replace("<rest/>", '<rest measure="yes"/>')
    text = document(
        [note("C5"), note("D5", 16)],
        [rest, note("G4", 16)],
        [rest, note("E4", 16)],
        [rest, note("C3", 16)],
    )
    pickup = text.replace("number='1'", "number='0' implicit='yes'")
    chorale = read(pickup).chorale
    assert (chorale.pickup, chorale.steps) == (4, 20)


def test_bars_that_are_divided_and_not_counted(read) -> None:
    lengths = {"0": 4, "1": 16, "2": 12, "X1": 4, "3": 16, "X2": 12}
    bars = "".join(
        f"<measure number='{number}'{IMPLICIT * (number[0] in 'X0')}>"
        f"{START * (number == '0')}{note('C5', length)}</measure>"
        for number, length in lengths.items()
    )
    text = f"<score-partwise><part id='P'>{bars}</part></score-partwise>"
    chorale = read(text, 0).chorale
    starts = [0, 4, 20, 32, 36, 52]
    assert chorale.bars[starts].tolist() == [0, 1, 2, 2, 3, 4]
    assert chorale.positions[starts].tolist() == [12, 0, 0, 12, 0, 0]


def test_measure_numbers_may_be_anything(read) -> None:
    text = document([note("C5", 16)] * 3)
    for number in ("1000000000", "A", "", "-4"):
        reading = read(text.replace("number='2'", f"number='{number}'"), 0)
        assert reading.chorale.bars[[0, 16, 32]].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("time", "metre"),
    [
        ("<beats>3+2</beats><beat-type>8</beat-type>", "5/8"),
        (
            "<beats>3</beats><beat-type>8</beat-type>"
            "<beats>1</beats><beat-type>4</beat-type>",
            "5/8",
        ),
        ("<beats>8</beats><beat-type>32</beat-type>", "4/16"),
        ("<senza-misura/>", None),
    ],
)
def test_unusual_metres(time: str, metre: str | None) -> None:
    text = document([note("C5", 10)])
    score = written(text.replace("<beats>4</beats><beat-type>4</beat-type>", time))
    assert (score.bars[0].metre and score.bars[0].metre.name) == metre


def test_a_metre_of_a_billion_beats_is_refused() -> None:
    text = document([note("C5", 16)])
    for beats in ("999999", "0"):
        with pytest.raises(DataError, match=r"at most 128 beats, got .* in bar 1"):
            written(text.replace("<beats>4", f"<beats>{beats}"))


# === Notes ===


def test_what_stands_between_the_notes_of_a_chord(read) -> None:
    direction = (
        "<direction><direction-type><words>f</words></direction-type></direction>"
    )
    text = document([note("C5") + direction + chord("A4") + note("B4", 12)])
    with pytest.raises(DataError, match=r"one voice .* got 2 notes at once in bar 1"):
        read(text, 0)
    two = document(
        [note("C5") + direction + chord("A4") + note("B4", 12) + chord("G4", 12)],
        [note("F4", 16) + "<print/>" + chord("F3", 16)],
    )
    assert read(two).chorale.pitches[[0, 4]].tolist() == [
        [72, 69, 65, 53],
        [71, 67, 65, 53],
    ]


def test_grace_notes_and_cue_notes_are_left_out(read) -> None:
    grace = note("A5").replace("<note>", "<note><grace/>")
    cue = note("E5", 16, voice="2").replace("<note>", "<note><cue/>")
    reading = read(
        document([grace + note("C5", 16), cue + backup(16) + note("D5", 16)]), 0
    )
    assert reading.chorale.notes(0) == [Note(72, 0, 16), Note(74, 16, 16)]
    assert reading.remarks() == [
        "cue notes are left out in bar 2",
        "grace notes are left out in bar 1",
    ]


def test_a_chord_of_cue_notes_takes_the_time_of_one() -> None:
    cue = note("E5", 8).replace("<note>", "<note><cue/>")
    chord = note("G5", 8).replace("<note>", "<note><cue/><chord/>")
    assert melody(cue + chord + note("C5", 8)) == [Note(72, 8, 8)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<octave>5", "<octave>1000000000", "expected a pitch"),
        ("<step>C", "<step>Q", "expected a pitch"),
        ("<duration>8", "<duration>999999999999", "expected a duration"),
        ("<duration>8", "<duration>-8", "expected a duration"),
        ("<duration>8", "<duration>x", "expected a duration"),
    ],
)
def test_damaged_notes_are_refused(old: str, new: str, message: str) -> None:
    damaged = note("C5", 8).replace(old, new)
    with pytest.raises(DataError, match=f"{message}.* in bar 1"):
        melody(note("D5", 8) + damaged)


def test_cue_notes_alone_keep_their_time() -> None:
    cue = note("E5", 8).replace("<note>", "<note><cue/>")
    assert melody(cue + note("C5", 8)) == [Note(72, 8, 8)]


def test_microtones_are_said(read) -> None:
    sharp = note("C#5", 16).replace("<alter>1<", "<alter>0.5<")
    reading = read(document([sharp]), 0)
    assert reading.chorale.pitches[0, 0] == 72
    assert reading.remarks() == ["microtones are read as semitones in bar 1"]


def test_transposing_instruments_sound_as_they_do() -> None:
    transpose = (
        "<attributes><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic>"
        "</transpose><key><fifths>2</fifths></key></attributes>"
    )
    score = written(document([transpose + note("D5", 16)]))
    sound = score.staves[0].bars[0][0][0]
    assert (sound.pitches, sound.spelling) == ((72,), (35,))
    assert score.bars[0].key is not None
    assert score.bars[0].key.fifths == 0
    octave = transpose.replace(
        "</transpose>", "<octave-change>-1</octave-change></transpose>"
    )
    assert melody(octave + note("F#4", 16)) == [Note(52, 0, 16)]


def test_a_clef_for_tenors_does_not_transpose() -> None:
    clef = (
        "<attributes><clef><sign>G</sign><line>2</line>"
        "<clef-octave-change>-1</clef-octave-change></clef></attributes>"
    )
    score = written(document([clef + note("C4", 16)]))
    assert score.staves[0].clef == "G2-8"
    assert score.staves[0].bars[0][0][0].pitches == (60,)


def test_ties_of_both_kinds(read) -> None:
    start = '<tie type="start"/>'
    stop = '<notations><tied type="stop"/></notations>'
    tied = document([note("C5", 16, start), note("C5", 8, stop) + note("C5", 8, stop)])
    assert read(tied, 0).chorale.notes(0) == [Note(72, 0, 24), Note(72, 24, 8)]


def test_percussion_is_refused_where_it_is_used(read) -> None:
    drum = "<note><unpitched/><duration>4</duration></note>"
    with pytest.raises(DataError, match="expected notes, got percussion in bar 2"):
        read(document([note("C5", 16), note("C5", 12) + drum]), 0)
    other = document([note("C5", 16)], [drum * 4], names=("Voice", "Drums"))
    assert read(other, 0).chorale.notes(0) == [Note(72, 0, 16)]


def test_triplets_and_chord_symbols(read) -> None:
    finer = "<attributes><divisions>12</divisions></attributes>"
    symbol = "<harmony><root><root-step>C</root-step></root></harmony>"
    text = document(
        [finer + symbol + "".join(note(name, 8) for name in ("C5", "D5", "E5"))]
    )
    reading = read(text, 0)
    # Each step has what sounds at its beginning.
    assert reading.chorale.notes(0) == [Note(72, 0, 3), Note(74, 3, 3), Note(76, 6, 2)]
    assert reading.off_grid == 3


def test_lyrics_of_verses(read) -> None:
    def lyric(number: str, kind: str, *texts: str) -> str:
        text = "<elision> </elision>".join(f"<text>{text}</text>" for text in texts)
        return f"<lyric number='{number}'><syllabic>{kind}</syllabic>{text}</lyric>"

    start, stop = "<tie type='start'/>", "<tie type='stop'/>"
    first = note(
        "C5", 8, lyric("1", "begin", "Al") + lyric("part1verse2", "single", "O")
    )
    second = note(
        "D5", 8, start + lyric("1", "end", "le", "ihr") + lyric("2", "single", "")
    )
    lyrics = read(document([first + second, note("D5", 16, stop)]), 0).chorale.lyrics
    assert [(each.step, each.verse, each.text, each.joined) for each in lyrics] == [
        (0, 1, "Al", True),
        (0, 2, "O", False),
        (8, 1, "le ihr", False),
    ]


# === Voices and staves ===


def test_voices_are_sorted_as_numbers(read) -> None:
    upper = note("C5", 16, voice="9") + backup(16) + note("G4", 16, voice="10")
    lower = note("E4", 16, voice="x2") + backup(16) + note("C3", 16, voice="x10")
    # Written the other way round.
    for text in (
        upper,
        note("G4", 16, voice="10") + backup(16) + note("C5", 16, voice="9"),
    ):
        chorale = read(document([text], [lower])).chorale
        assert chorale.pitches[0].tolist() == [72, 67, 64, 48]


def test_stems_tell_the_voices_apart(read) -> None:
    up, down = "<stem>up</stem>", "<stem>down</stem>"
    crossed = note("G4", 16, down, "1") + backup(16) + note("C5", 16, up, "2")
    lower = note("E3", 16, up, "1") + backup(16) + note("G3", 16, down, "2")
    after = note("A3", 16, up, "1") + backup(16) + note("F3", 16, down, "2")
    chorale = read(document([crossed, crossed], [lower, after])).chorale
    assert chorale.pitches[::16].tolist() == [[72, 67, 52, 55], [72, 67, 57, 53]]


def test_stems_that_contradict_numbers_and_heights(read) -> None:
    # Stems as in chords of one voice: by the line of the note.
    upper = note("C5", 8, "<stem>down</stem>") + note("D5", 8, "<stem>down</stem>")
    lower = note("G4", 16, "<stem>up</stem>", "2")
    men = note("E4", 16) + chord("C3", 16)
    reading = read(document([upper + backup(16) + lower], [men]))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]
    assert reading.notes == ()


def test_numbers_that_contradict_heights(read) -> None:
    mixed = note("G4", 16) + backup(16) + note("C5", 16, voice="2")
    men = note("E4", 16) + chord("C3", 16)
    reading = read(document([mixed] * 4, [men] * 4, names=["Women", "Men"]))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]
    (remark,) = reading.notes
    assert 'staff "Women" are read by their height' in remark


def test_voices_that_cross_for_a_bar_without_stems(read) -> None:
    crossed = note("G4", 16) + backup(16) + note("C5", 16, voice="2")
    after = note("A4", 16) + backup(16) + note("F4", 16, voice="2")
    men = note("E4", 16) + chord("C3", 16)
    pitches = read(document([crossed, after], [men, men])).chorale.pitches
    assert pitches[::16].tolist() == [[67, 72, 64, 48], [69, 65, 64, 48]]


def test_staves_of_one_part(read) -> None:
    def on(staff: int, text: str) -> str:
        return text.replace("</note>", f"<staff>{staff}</staff></note>")

    staves = "<attributes><staves>2</staves></attributes>"
    first = on(1, note("C5", 16) + backup(16) + note("G4", 16, voice="2"))
    tenor = on(2, note("E4", 8, voice="5")) + on(1, note("F4", 8, voice="5"))
    bass = on(2, note("C3", 16, voice="6"))
    text = document([staves + first + backup(16) + tenor + backup(16) + bass])
    # The tenor moves to the upper staff and stays the tenor.
    assert read(text).chorale.pitches[[0, 8]].tolist() == [
        [72, 67, 64, 48],
        [72, 67, 65, 48],
    ]


def test_staves_that_there_cannot_be(read) -> None:
    for staff in ("-4", "0", "900", "1.5", ""):
        text = document([note("C5", 16, f"<staff>{staff}</staff>")])
        assert read(text, 0).chorale.notes(0) == [Note(72, 0, 16)]


def test_the_same_voice_on_both_staves(read) -> None:
    staves = "<attributes><staves>2</staves></attributes>"
    upper = note("C5", 16, "<staff>1</staff>") + chord("G4", 16, "<staff>1</staff>")
    lower = note("E4", 16, "<staff>2</staff>") + chord("C3", 16, "<staff>2</staff>")
    text = document([staves + upper + backup(16) + lower])
    assert read(text).chorale.pitches[0].tolist() == [72, 67, 64, 48]


def test_a_rest_that_is_not_printed_is_no_rest(read) -> None:
    hidden = note("r", 16, voice="2").replace("<note>", '<note print-object="no">')
    two = note("C5", 16) + backup(16) + note("G4", 16, voice="2")
    lower = note("E4", 16) + chord("C3", 16)
    text = document([two, note("C5", 16) + backup(16) + hidden], [lower, lower])
    assert read(text).chorale.pitches[16].tolist() == [72, 72, 64, 48]
    shown = text.replace(' print-object="no"', "")
    assert read(shown).chorale.pitches[16].tolist() == [72, 0, 64, 48]


def test_rests_that_fill_the_last_bar_unseen_are_no_time(read) -> None:
    hidden = note("r", 4).replace("<note>", '<note print-object="no">')
    names = ("C5", "G4", "E4", "C3")
    bars = [[note(name, 16), note(name, 12) + hidden] for name in names]
    assert read(document(*bars)).chorale.steps == 28
    shown = [[*bars[0][:1], note("C5", 12) + note("r", 4)], *bars[1:]]
    assert read(document(*shown)).chorale.steps == 32
    inside = [[bar[1], bar[0]] for bar in bars]
    assert read(document(*inside)).chorale.steps == 32


def test_parts_with_names_among_others(read) -> None:
    sounds = {"B.": "C3", "Org.": "C2", "S.": "C5", "T.": "E4", "A.": "G4"}
    text = document(*[[note(name, 16)] for name in sounds.values()], names=sounds)
    reading = read(text)
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]
    assert reading.remarks() == ['left out: part 2 "Org."']


NAMES = ("C5", "G4", "E4", "C3")


@pytest.mark.parametrize(
    ("names", "order", "remark"),
    [
        (("B", "T", "A", "S"), (3, 2, 1, 0), None),
        (("Basse", "Ténor", "Alto", "Soprano"), (3, 2, 1, 0), None),
        (("", "", "", ""), (3, 2, 1, 0), "voices are by their height"),
        (
            ("S.", "A.", "T.", "B.", "Piano"),
            (0, 1, 2, 3, 1),
            'left out: part 5 "Piano"',
        ),
        (
            ("Sopran", "Alt", "Tenor", "Bass", "Basso continuo"),
            (0, 1, 2, 3, 3),
            "left out",
        ),
        (
            ("Soprane", "Contralti", "Tenori", "Bassi", "Fagotto"),
            (0, 1, 2, 3, 3),
            "left",
        ),
    ],
)
def test_which_parts_are_the_voices(
    read, names: tuple[str, ...], order: tuple[int, ...], remark: str | None
) -> None:
    parts = [[note(NAMES[index], 16)] for index in order]
    reading = read(document(*parts, names=names))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]
    assert remark in reading.remarks()[0] if remark else not reading.remarks()


@pytest.mark.parametrize("piano", [1, 2])
def test_women_and_men_above_a_piano(read, piano: int) -> None:
    women = note("C5", 16) + backup(16) + note("G4", 16, voice="2")
    men = note("E4", 16) + chord("C3", 16)
    parts = [[women], [men], *[[note("C5", 16) + chord("E4", 16)]] * piano]
    names = ["Women", "Men", *["Piano"] * piano]
    reading = read(document(*parts, names=names))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 64, 48]
    assert 'left out: part 3 "Piano"' in reading.remarks()[0]


def test_women_and_men_of_one_voice_each_are_no_four_voices(read) -> None:
    parts = [[note(name, 16)] for name in NAMES]
    for names in (
        ("Women", "Men", "Piano", "Piano"),
        ("Flute", "Women", "Men", "Organ"),
    ):
        with pytest.raises(DataError, match="it is not clear which of the parts"):
            read(document(*parts, names=names))


@pytest.mark.parametrize(
    "bar",
    [
        note("D5", 16),
        note("D5", 8) + note("D5", 8),
        note("D5", 16, voice="2"),
        note("D5", 8)
        + "<forward><duration>8</duration></forward>"
        + backup(8)
        + note("D5", 8, voice="2"),
    ],
)
def test_unisons_written_once(read, bar: str) -> None:
    two = note("C5", 16) + backup(16) + note("G4", 16, voice="2")
    lower = note("E4", 16) + chord("C3", 16)
    chords = note("C5", 16) + chord("G4", 16)
    for upper in (two, chords):
        reading = read(document([upper, bar, upper], [lower] * 3))
        for pitches in reading.chorale.pitches[[16, 24]].tolist():
            assert pitches == [74, 74, 64, 48]
        assert "read as unisons in bar 2" in reading.remarks()[0]


def test_silence_written_as_forward_in_four_parts(read) -> None:
    forward = "<forward><duration>8</duration></forward>"
    parts = [[note(name, 8) + forward, note(name, 16)] for name in NAMES]
    chorale = read(document(*parts)).chorale
    assert chorale.steps == 32
    assert chorale.pitches[[7, 8, 16], 0].tolist() == [72, 0, 72]


# === Key, tempo, fermatas, repeats ===


def sound(tempo: int) -> str:
    return f"<direction><sound tempo='{tempo}'/></direction>"


def test_the_tempo_at_the_beginning(read) -> None:
    metronome = (
        "<direction><direction-type><metronome><beat-unit>half</beat-unit>"
        "<beat-unit-dot/><per-minute>c. 40</per-minute></metronome></direction-type>"
        "</direction>"
    )
    for text, tempo in (
        (document([sound(60) + note("C5", 16)]), 60),
        (document([metronome + note("C5", 16)]), 120),
        (document([note("C5", 16), sound(60) + note("C5", 16)]), 72),
        (document([note("C5", 8) + sound(60) + note("C5", 8)]), 72),
        (document([sound(0) + note("C5", 16)]), 72),
    ):
        assert read(text, 0).chorale.tempo == tempo


def test_a_key_that_begins_later_is_not_that_of_the_beginning() -> None:
    text = document([note("C5", 16), START.replace(">0<", ">-3<") + note("C5", 16)])
    keys = [bar.key and bar.key.fifths for bar in written(text).bars]
    assert keys == [0, -3]
    first = text.replace("<key><fifths>0</fifths><mode>major</mode></key>", "", 1)
    assert [bar.key and bar.key.fifths for bar in written(first).bars] == [None, -3]


def test_every_part_states_its_key(read) -> None:
    parts = [[note(name, 16)] for name in ("C5", "G4", "E4", "C3")]
    text = document(*parts).replace("<fifths>0", "<fifths>4", 1)
    stated = [(signature.fifths, signature.mode) for signature in read(text).signatures]
    assert stated == [(4, "major"), *[(0, "major")] * 3]


def test_a_church_mode_is_a_stated_key(read) -> None:
    parts = [[note(name, 16)] for name in ("C5", "G4", "E4", "C3")]
    text = document(*parts).replace("<mode>major", "<mode>dorian")
    reading = read(text)
    assert with_key(reading).key == Key("D", "minor")
    assert states_key(reading.signatures, Key("D", "minor"))


def test_a_fermata_on_tied_notes_is_one_over_all_of_them(read) -> None:
    sign, start, stop = "<fermata/>", "<tied type='start'/>", "<tied type='stop'/>"
    for first, last in ((sign, ""), ("", sign), (sign, sign)):
        held = note("D5", 8, f"<notations>{start}{first}</notations>")
        end = note("D5", 4, f"<notations>{stop}{last}</notations>")
        chorale = read(
            document([note("C5", 8) + held, end + note("C5", 12)]), 0
        ).chorale
        assert chorale.fermata_spans() == [(8, 20)]


def test_fermatas_on_rests(read) -> None:
    rest = note("r", 8, "<notations><fermata/></notations>")
    for text in (rest, rest.replace("<note>", "<note print-object='no'>")):
        chorale = read(document([note("C5", 8) + text, note("C5", 16)]), 0).chorale
        assert chorale.fermata_spans() == [(8, 16)]


def test_repeats_and_endings() -> None:
    def barline(place: str, content: str) -> str:
        return f"<barline location='{place}'>{content}</barline>"

    forward, back = "<repeat direction='forward'/>", "<repeat direction='backward'/>"
    score = written(
        document(
            [
                barline("left", forward) + note("C5", 16),
                barline("left", "<ending number='1, 2' type='start'/>")
                + note("C5", 16),
                note("D5", 16)
                + barline("right", f"<ending number='1,2' type='stop'/>{back}"),
                barline("left", "<ending number='3' type='start'/>")
                + note("E5", 16)
                + barline("right", "<ending number='3' type='discontinue'/>"),
                note("F5", 16),
            ]
        )
    )
    assert [sorted(bar.endings) for bar in score.bars] == [[], [1, 2], [1, 2], [3], []]
    assert [bar.repeat_start for bar in score.bars] == [True, *[False] * 4]
    assert [bar.repeat_end for bar in score.bars] == [False, False, True, False, False]


def test_a_repeat_a_billion_times(read) -> None:
    many = "<barline><repeat direction='backward' times='1000000000'/></barline>"
    assert read(document([note("C5", 16) + many]), 0).chorale.steps == 16


def test_jumps_are_said(read) -> None:
    dacapo = "<direction><sound dacapo='yes'/></direction>"
    assert "da capo are not followed" in str(
        read(document([note("C5", 16) + dacapo]), 0).remarks()
    )


def test_titles_and_composers() -> None:
    def labels(head: str) -> tuple[str, str]:
        score = written(document([note("C5", 16)], head=head))
        return score.title, score.composer

    work = "<work><work-title> Lobe\n den Herren</work-title></work>"
    movement = "<movement-title>Vers 1</movement-title>"
    creator = (
        "<identification><creator type='composer'>Neander</creator></identification>"
    )
    credit = "<credit page='1'><credit-words font-size='{}'>{}</credit-words></credit>"
    assert labels(work + movement + creator) == ("Lobe den Herren", "Neander")
    assert labels(movement) == ("Vers 1", "")
    assert labels("<work><work-title>a.mxl</work-title></work>") == ("", "")
    assert labels(credit.format(8, "Hymn") + credit.format(22, "Abend")) == (
        "Abend",
        "",
    )
    typed = credit.replace(
        "<credit-words", "<credit-type>composer</credit-type><credit-words"
    )
    assert labels(typed.format(30, "Anon")) == ("", "Anon")


def test_a_part_may_leave_the_end_of_a_bar_out(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    write_musicxml(little_chorale(), path)
    root = ElementTree.parse(path)
    measure = root.getroot().findall("part")[1][2]
    # The tenor and the bass lose the last beat of bar 2, and with it a rest.
    for voice in "12":
        notes = [
            each for each in measure.iter("note") if each.findtext("voice") == voice
        ]
        measure.remove(notes[-1])
    measure.find("backup/duration").text = "12"
    root.write(path)
    expected = little_chorale()
    pitches = expected.pitches.copy()
    pitches[32:36, 2] = 0
    onsets = expected.onsets.copy()
    onsets[32:36, 2] = False
    assert with_key(read_musicxml(path)) == replace(
        expected, pitches=pitches, onsets=onsets
    )


# === Files ===

TINY = document([note("C5", 16)], head="<work><work-title>Gruß</work-title></work>")


def test_timewise_is_partwise(read) -> None:
    bars = [(note("C5", 16), note("E4", 16)), (note("D5", 16), note("F4", 16))]
    timewise = "".join(
        f"<measure number='{number}'>"
        + "".join(
            f"<part id='P{index}'>{START if number == 1 else ''}{content}</part>"
            for index, content in enumerate(contents)
        )
        + "</measure>"
        for number, contents in enumerate(bars, start=1)
    )
    partwise = written(document(*zip(*bars, strict=True)))
    assert written(f"<score-timewise>{timewise}</score-timewise>").bars == partwise.bars
    assert [
        staff.bars
        for staff in written(f"<score-timewise>{timewise}</score-timewise>").staves
    ] == [staff.bars for staff in partwise.staves]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    path = tmp_path / "a.xml"
    path.write_bytes(f'<?xml version="1.0" encoding="{name}"?>{TINY}'.encode(encoding))
    assert read_musicxml(path, 0).chorale.title == "Gruß"


def test_namespaces(read) -> None:
    default = TINY.replace("<score-partwise>", "<score-partwise xmlns='http://m.org'>")
    prefixed = (
        TINY.replace("</", "</m:").replace("<", "<m:").replace("<m:/m:", "</m:")
    ).replace("<m:score-partwise>", "<m:score-partwise xmlns:m='http://m.org'>")
    for text in (default, prefixed):
        assert read(text, 0).chorale.notes(0) == [Note(72, 0, 16)]


def test_entities_are_refused_and_no_file_is_opened(tmp_path: Path, read) -> None:
    (tmp_path / "secret").write_text("Geheimnis")
    for declaration in (
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">',
        f'<!ENTITY b SYSTEM "{(tmp_path / "secret").as_uri()}">',
        '<!ENTITY % b SYSTEM "http://127.0.0.1:9/x.dtd"> %b;',
    ):
        text = f"<!DOCTYPE score-partwise [{declaration}]>" + TINY.replace(
            "Gruß", "&b;"
        )
        with pytest.raises(DataError, match="it declares entities"):
            read(text, 0)
    external = f'<!DOCTYPE score-partwise SYSTEM "http://127.0.0.1:9/x.dtd">{TINY}'
    assert read(external, 0).chorale.title == "Gruß"


def archive(path: Path, container: str = "", **files: str) -> Path:
    """Write a compressed file; `_` in a name stands for a full stop."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name.replace("_", "."), text)
        if container:
            packed.writestr(
                "META-INF/container.xml",
                f"<container><rootfiles>{container}</rootfiles></container>",
            )
    return path


OTHER = TINY.replace("<step>C<", "<step>D<")


@pytest.mark.parametrize(
    ("container", "files"),
    [
        ('<rootfile full-path="b.xml"/>', {"a_xml": OTHER, "b_xml": TINY}),
        (
            '<rootfile full-path="c.pdf" media-type="application/pdf"/>'
            '<rootfile full-path="b.xml" '
            'media-type="application/vnd.recordare.musicxml+xml"/>',
            {"a_xml": OTHER, "b_xml": TINY, "c_pdf": "%PDF"},
        ),
        ("", {"b_musicxml": TINY}),
        ("", {"__MACOSX/a_xml": "junk", "b_xml": TINY}),
        ('<rootfile full-path="gone.xml"/>', {"b_xml": TINY, "c_txt": "text"}),
    ],
)
def test_compressed_files(
    tmp_path: Path, container: str, files: dict[str, str]
) -> None:
    if "__MACOSX/a_xml" in files:
        path = tmp_path / "a.mxl"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("__MACOSX/._b.xml", "junk")
            packed.writestr("b.xml", TINY)
    else:
        path = archive(tmp_path / "a.mxl", container, **files)
    assert read_musicxml(path, 0).chorale.pitches[0, 0] == 72


def test_compressed_files_that_are_no_score(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.mxl", a_xml=TINY, b_xml=TINY)
    with pytest.raises(DataError, match=r"expected one score .* got a\.xml, b\.xml"):
        read_musicxml(path, 0)
    path = archive(tmp_path / "b.mxl", a_xml=" " * (40 * 2**20))
    with pytest.raises(DataError, match="at most 32 MiB, it is larger"):
        read_musicxml(path, 0)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"cannot read it: .*zip"):
        read_musicxml(path, 0)


def test_a_file_that_nests_too_deep(read) -> None:
    with pytest.raises(DataError, match="nested at most 64 deep"):
        read("<score-partwise>" + "<a>" * 100, 0)


@pytest.mark.parametrize("keep", [0, 100, 2000, -1])
def test_truncated_files(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.musicxml"
    write_musicxml(little_chorale(), path)
    path.write_bytes(path.read_bytes()[:keep].rstrip(b">"))
    with pytest.raises(DataError, match=r"cannot read it: .+|it is empty") as caught:
        read_musicxml(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_score(tmp_path: Path) -> None:
    for missing in (tmp_path / "a.musicxml", tmp_path):
        with pytest.raises(DataError, match="there is no such file"):
            read_musicxml(missing)
    path = tmp_path / "a.xml"
    for text in ("note0,note1,note2,note3\n1,2,3,4\n", "<html/>", "<museScore/>", "PK"):
        path.write_text(text)
        with pytest.raises(
            DataError, match="expected a score, cannot read it"
        ) as caught:
            read_musicxml(path)
        assert caught.value.path == path
    path.write_text(document([note("r", 16)]))
    for voice in (None, 0):
        with pytest.raises(DataError, match="got no notes"):
            read_musicxml(path, voice)
    path.write_text("<score-partwise/>")
    with pytest.raises(DataError, match="expected a score with parts, got none"):
        read_musicxml(path)


def test_what_is_left_out_is_said(read) -> None:
    harmony = "<harmony><root><root-step>C</root-step></root></harmony>"
    key = "<attributes><key><fifths>3</fifths></key></attributes>"
    fine = "<direction><direction-type><words>Fine</words></direction-type></direction>"
    clarinet = (
        "<attributes><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic>"
        "</transpose></attributes>"
    )
    plain = clarinet + note("D5", 16)
    bars = [plain, harmony + note("D5", 16), key + note("E5", 16) + fine]
    notes = read(document(bars, names=["Clarinet"]), 0).notes
    assert "chord symbols are left out in bar 2" in notes
    assert "the key signature changes, only the first is kept: bar 3" in notes
    assert (
        'the part for "Clarinet" sounds a major second lower than written: read at '
        "sounding pitch"
    ) in notes
    assert "jumps such as da capo are not followed: read as written" in notes

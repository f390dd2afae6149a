"""Scores of tunes in ABC notation: voices, lyrics, damage, and what is said of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from abc_tunes import HEADER, body, lengths, melody, read
from command_line import run_command
from hypothesis import given, settings
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.formats.abc.reader import read_abc, read_tune
from chorale.formats.classic_csv import read_csv
from chorale.formats.reading import ReadingOptions

# === Voices ===

VOICES = [
    "V:S\nG A B G|c4|]\nV:A\nD F G D|E4|]\nV:T\nB, D D B,|G,4|]\n"
    "V:B clef=bass\nG,, D, G,, G,,|C,4|]",
    "[V:S]G A B G|\n[V:A]D F G D|\n[V:T]B, D D B,|\n[V:B]G,, D, G,, G,,|\n"
    "[V:S]c4|]\n[V:A]E4|]\n[V:T]G,4|]\n[V:B]C,4|]",
    "%%score [S|A|T|B]\nV:B\nG,, D, G,, G,,|C,4|]\nV:S\nG A B G|c4|]\n"
    "V:A\nD F G D|E4|]\nV:T octave=-1\nB d d B|G4|]",
    "V:1 nm=S\nV:2 nm=A\nV:3 nm=T clef=treble-8\nV:4 nm=B clef=bass\n"
    "V:1\nG A B G|\nV:2\nD F G D|\nV:3\nB d d B|\nV:4\nG,, D, G,, G,,|\n"
    "V:1\nc4|]\nV:2\nE4|]\nV:3\nG4|]\nV:4\nC,4|]",
]


@pytest.mark.parametrize("music", VOICES)
def test_four_voices(tmp_path: Path, music: str) -> None:
    score = body(tmp_path, music, "G")
    assert [melody(score, staff) for staff in range(4)] == [
        [[67, 69, 71, 67], [72]],
        [[62, 66, 67, 62], [64]],
        [[59, 62, 62, 59], [55]],
        [[43, 50, 43, 43], [48]],
    ]
    assert [staff.name for staff in score.staves] == ["S", "A", "T", "B"]
    assert score.notes == ()
    pitches = read_tune(tmp_path / "t.abc").chorale.pitches
    assert pitches[::16].tolist() == [[67, 62, 59, 43], [72, 64, 55, 48]]
    only_soprano = read_tune(tmp_path / "t.abc", voice=0).chorale
    assert only_soprano.pitches[:16:4, 0].tolist() == [67, 69, 71, 67]


@pytest.mark.parametrize(
    ("music", "pitches", "left_out"),
    [
        ("|:C4|1 D4:|2 E4|]", [60, 64], "bar 2"),
        ("|:C4|1,3 D4:|2 E4:||F4|]", [60, 62, 65], "bar 3"),
        ("|:C4|1,3 D4|D4:|2,4 E4|E4:|F4|]", [60, 64, 64, 65], "bars 2 and 3"),
        ("|:C4|2 D4:|1 E4:|", [60, 62], "bar 3"),
    ],
)
def test_the_ending_of_the_last_time_is_read(
    tmp_path: Path, music: str, pitches: list[int], left_out: str
) -> None:
    body(tmp_path, music)
    reading = read_tune(tmp_path / "t.abc", voice=0)
    assert [note.pitch for note in reading.chorale.notes(0)] == pitches
    remark = "repeats are read once, with the last ending, without " + left_out
    assert remark in reading.notes


def test_names_and_clefs_of_voices(tmp_path: Path) -> None:
    score = body(
        tmp_path,
        'V:1 clef=treble name="Soprano\\nAlto" snm="S.A." stem=up\nG4|]\n'
        "V:2 bass\nG,4|]\nV:T clef=treble-8\ng4|]\nV:x clef=alto4\nG4|]",
    )
    named = [(staff.name, staff.abbreviation, staff.clef) for staff in score.staves]
    assert named == [
        ("Soprano Alto", "S.A.", "G2"),
        ("", "", "F4"),
        ("T", "T", "G2-8"),
        ("x", "x", "C4"),
    ]


def test_fields_belong_to_their_voice(tmp_path: Path) -> None:
    score = body(
        tmp_path,
        "V:1\nf4|[K:G]f4|\nV:2\nf4|f4|\nV:1\n[L:1/8]f8|]\nV:2\nf4|]",
    )
    assert melody(score, 0) == [[77], [78], [78]]
    assert melody(score, 1) == [[77], [77], [77]]


def test_voices_that_do_not_fit(tmp_path: Path) -> None:
    score = body(tmp_path, "V:1\nG4|G4|G4|]\nV:2\nE4|]")
    assert melody(score, 1) == [[64], [0], [0]]
    assert "voice 2 ends after 1 of 3 bars" in score.notes[0]
    score = body(tmp_path, "V:1\nG4|G4|]\nV:2\nE4|E2|]")
    assert "where a voice is shorter it is silent: bar 2 of voice 2" in score.notes[0]
    with pytest.raises(DataError, match=r"got bars 1: 3, 2: 2; row 9 does not fit"):
        body(tmp_path, "V:1\nG4|G4|G4|]\nV:2\nE4 E2|E4|]")


def test_barlines_that_a_voice_lacks(tmp_path: Path) -> None:
    score = body(tmp_path, "V:1\nG4|A4|:B4|c4:|]\nV:2\nC4 D2 E2-E2 F2|C4|]")
    assert melody(score, 1) == [[60], [62, 64], [64, 65], [60]]
    assert [note.tied for note in score.staves[1].bars[2][0]] == [(True,), (False,)]
    assert [bar.repeat_start for bar in score.bars] == [False, False, True, False]
    assert score.notes == (
        "barlines that a voice lacks are taken from the others: row 9 of voice 2",
    )
    score = body(tmp_path, "V:1\nG4|A4|]\nV:2\nC2 D4 E2|]")
    assert melody(score, 1) == [[60, 62], [62, 64]]
    assert [note.tied for note in score.staves[1].bars[1][0]] == [(True,), (False,)]


def test_voices_that_are_not_in_the_score(tmp_path: Path) -> None:
    score = body(tmp_path, "%%staves {2 1}\nV:1\nG4|]\nV:2\nE4|]\nV:3\nC4|]")
    assert [melody(score, staff) for staff in range(2)] == [[[64]], [[67]]]
    assert score.notes == ("voice 3 is not in %%score and is left out",)


def test_voices_without_names_share_the_staff_of_the_first(tmp_path: Path) -> None:
    music = "V:1\nc4|[K:C]G4|]\nV:2\nG4|A4|]\nV:3\nE4|E4|]\nV:4\nC,4|G,4|]"
    head = '%%score [ ( 1 2 ) | ( 3 4 ) ]\nV:1 nm="Soprano\\nAlto"\n'
    score = body(tmp_path, f'{head}V:3 nm="Tenor\\nBass"\n{music}')
    assert [staff.name for staff in score.staves] == ["Soprano Alto", "Tenor Bass"]
    assert melody(score, 0, 1) == [[67], [69]]
    # The voices cross in bar 2, and stay themselves.
    chorale = read_tune(tmp_path / "t.abc").chorale
    assert chorale.pitches[[0, 16]].tolist() == [[72, 67, 64, 48], [67, 69, 64, 55]]


def test_hidden_rests_that_fill_the_last_bar_are_no_time(tmp_path: Path) -> None:
    music = "V:1\nc3x|c3x|]\nV:2\nG3x|G2x2|]"
    score = body(tmp_path, music)
    assert [bar.length for bar in score.bars] == [16, 12]
    assert lengths(score, 1) == [[12, 4], [8, 4]]
    shown = body(tmp_path, music.replace("G2x2", "G3z"))
    assert [bar.length for bar in shown.bars] == [16, 16]
    assert body(tmp_path, "c4|x4|]").bars[-1].length == 16


def test_voices_with_names_of_their_own_are_parts(tmp_path: Path) -> None:
    music = "V:1\nc4|]\nV:2\nG4|]\nV:3\nE4|]\nV:4\nC,4|]"
    head = "%%score (1 2) (3 4)\n" + "".join(
        f"V:{number} nm={name}\n"
        for number, name in enumerate(("Soprano", "Alto", "Tenor", "Bass"), start=1)
    )
    assert len(body(tmp_path, head + music).staves) == 4


def test_overlays(tmp_path: Path) -> None:
    score = body(tmp_path, "G A B G & D4|c B A2 & E2 F2|G4|]", "G")
    assert melody(score) == [[67, 69, 71, 67], [72, 71, 69], [67]]
    assert score.notes == ("voices that begin with & are left out: bar 1, bar 2",)
    score = body(tmp_path, "V:1\nG2 B2 & D4-|G4 & D4|]\nV:2\nB,4 & G,4|B,4 & G,4|]")
    assert melody(score, layer=1) == [[62], [62]]
    assert score.staves[0].bars[1][1][0].tied == (True,)
    assert melody(score, staff=1, layer=1) == [[55], [55]]
    chorale = read_tune(tmp_path / "t.abc").chorale
    assert chorale.pitches[0].tolist() == [67, 62, 59, 55]


def test_four_voices_on_a_staff(tmp_path: Path) -> None:
    body(tmp_path, "G2 A2 & D4 & B,4 & G,4|G4 & D4 & B,4 & G,,4|]", "G")
    chorale = read_tune(tmp_path / "t.abc").chorale
    assert chorale.pitches[::16].tolist() == [[67, 62, 59, 55], [67, 62, 59, 43]]


def test_percussion(tmp_path: Path) -> None:
    score = body(tmp_path, "V:1\nG4|]\nV:D clef=perc\nC4|]")
    assert [staff.percussion for staff in score.staves] == [None, 1]
    body(tmp_path, "C4|]", "C clef=perc")
    with pytest.raises(DataError, match="expected notes, got percussion in bar 1"):
        read_tune(tmp_path / "t.abc", voice=0)


# === Lyrics and titles ===


def test_lyrics(tmp_path: Path) -> None:
    score = body(
        tmp_path,
        "c z d [eg] f-|f4|\nw: Glo-ri-a_ a~men\nw: * se-cond | verse\n\\\ng4|]\nw: end",
    )
    notes = [note for bar in score.staves[0].bars for note in bar[0]]
    assert [
        [(s.verse, s.text, s.joined) for s in note.syllables] for note in notes
    ] == [
        [(1, "Glo", True)],
        [],
        [(1, "ri", True), (2, "se", True)],
        [(1, "a", False), (2, "cond", False)],
        [],
        [(1, "a men", False), (2, "verse", False)],
        [(1, "end", False)],
    ]
    ((note,),) = body(tmp_path, "c4|]\nw: ~-").staves[0].bars[0]
    assert note.syllables == ()
    assert "more syllables" in body(tmp_path, "c4|]\nw: too many").notes[0]


def test_titles(tmp_path: Path) -> None:
    title = "Caf\\'e & \\\"Ubung \\u00e9 &eacute;"
    text = f"X:1\nT:{title}\nT:other\nC:J. S. B\\'ach\nK:C\nc|]\n"
    score = read(tmp_path, text)
    assert (score.title, score.composer) == ("Café & Übung é é", "J. S. Bách")


# === Damaged files ===


@pytest.mark.parametrize(
    ("music", "message"),
    [
        ("C D [E F|]", r"row 6: expected \[ to be closed in bar 1"),
        ("C4|C D {E F|]", r"row 6: expected { to be closed in bar 2"),
        ("C4|\nC4|C0 D|]", "row 7: expected a length such as 3/2, got '0'"),
        ("C/0|]", "got '/0'"),
        ("C99999|]", "got '99999'"),
        ("C9999|]", "expected a note of usual length in bar 1"),
        ("C////////////|]", "expected a length"),
        ("(0CDE|]", "expected a tuplet"),
        ("(3:0CDE|]", "expected a tuplet"),
        ("(99999999999999999999CDE|]", "expected a tuplet"),
        ("Z99999999|]", "expected Z of 1 to 20000 bars"),
        ("Z0|]", "got no notes|expected Z|^.*$"),
        ("C Z|]", "alone in bar 1"),
        ("C,,,,,,|]", "expected a MIDI note of 1 to 127, got -12 in bar 1"),
        ("c''''''|]", "expected a MIDI note"),
        ("^/C D|]", "microtone in bar 1"),
        ("[CDEFGABcdefgabc'd'e'f']|]", "a chord of 1 to 16 notes"),
        ("[V:]C|]", "expected a voice"),
        ("[K:Q]C|]", "expected a key"),
        ("[M:4/3]C|]", "expected a time signature"),
        ("[M:4/0]C|]", "expected a time signature"),
        ("[L:1/0]C|]", "expected a length"),
        ("> C|]", "expected notes around >"),
        ("C && D|]", r"overlay \(&\) of one bar"),
        ("+CEG+ C|]", r"expected a chord such as \[CE\]"),
        ("[100 C|]", "expected an ending"),
        ("K:C transpose=999\nC|]", "transpose= a number from -48 to 48"),
        ("C = D|]", "expected a note after = in bar 1"),
        ("C _|]", "expected a note after _ in bar 1"),
        ("", "got no notes"),
    ],
)
def test_damage_is_refused_with_its_place(
    tmp_path: Path, music: str, message: str
) -> None:
    if music.startswith("Z0"):
        assert melody(body(tmp_path, music)) == [[0]]
        return
    with pytest.raises(DataError, match=message) as caught:
        body(tmp_path, music)
    assert str(caught.value).startswith(str(tmp_path / "t.abc"))


@pytest.mark.parametrize(
    "tempo", ["0", "1/4=0", "1/0=80", "99999999", "1/4=abc", "C=0"]
)
def test_impossible_tempos_are_left_out(tmp_path: Path, tempo: str) -> None:
    score = read(tmp_path, f"X:1\nQ:{tempo}\nK:C\nC|]\n")
    assert score.bars[0].tempo is None
    assert "the tempo is left out: expected" in score.notes[0]


@pytest.mark.parametrize(
    ("tempo", "expected"),
    [
        ("1/4=96", 96),
        ("1/2=50", 100),
        ('"Allegro" 1/4=120', 120),
        ('3/8=40 "quick"', 60),
        ("1/8 1/4 = 40", 60),
        ("120", 60),
        ("C=120", 60),
        ('"Adagio"', None),
    ],
)
def test_tempos(tmp_path: Path, tempo: str, expected: float | None) -> None:
    score = read(tmp_path, f"X:1\nL:1/8\nQ:{tempo}\nK:C\nC|]\n")
    assert (score.bars[0].tempo, score.notes) == (expected, ())


@pytest.mark.parametrize(
    ("music", "note"),
    [
        ("C4|=\nD4|]", "'=' has no meaning here and is left out: row 6"),
        ("C # D|]", "'#' has no meaning here and is left out: row 6"),
        ('C "D E|]', 'text after " without an end is left out: row 6'),
        ("C4|(3CD|E2|]", "a barline stands in a tuplet or after >: bar 2"),
        ("M:3/4\nC3|(5CDEFG|]", "takes the time of two notes: bar 2"),
        ("[C2z2]|]", "a rest in a chord is left out: bar 1"),
        ("[C2E]2|]", "all take the length of the first: bar 1"),
        ("C !D.C.!D|]", "!D.C.! is not played out"),
        ("!8va(!C D!8va)!|]", "!8va(! is left out"),
        ("!abc!C D|]", "!abc! is taken for a decoration"),
        ("C D!fermata!|]", "a fermata over no note"),
        ("m: n = C\nC D|]", "macros"),
        ("%%MIDI transpose 3\nC D|]", "%%MIDI transpose 3 is left out"),
        ("%%abc-include other.abc\nC D|]", "%%abc-include other.abc is left out"),
        ("V:1 shift=CD\nC D|]", "shift=CD is left out"),
        ("V:1 middle=d\nC D|]", "middle= moves the clef only"),
        ("K:C exp ^f _b\nC D|]", "key signature that no key has"),
    ],
)
def test_what_is_left_out_is_said(tmp_path: Path, music: str, note: str) -> None:
    assert any(note in said for said in body(tmp_path, music).notes)


def test_the_order_of_parts_is_not_played_out(tmp_path: Path) -> None:
    score = read(tmp_path, "X:1\nP:AABB\nK:C\nP:A\nC8|\nP:B\nD8|]\n")
    assert melody(score) == [[60], [62]]
    assert "P:AABB is not played out" in score.notes[0]


def test_a_file_is_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(tmp_path, HEADER + "C\nC|]\n", name="other.abc")
    monkeypatch.chdir(tmp_path)
    for text in ("other.abc", str(tmp_path / "other.abc"), "http://localhost/a.abc"):
        with pytest.raises(DataError, match="expected a tune in ABC notation"):
            read(tmp_path, text)


@pytest.mark.parametrize("raw", [b"", b" \n\n", b"MThd\0\0\0\6", b"\xff\xfea"])
def test_files_that_are_no_abc(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(DataError, match=r"t\.abc: expected"):
        read(tmp_path, raw)


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(alphabet="ABCabcz[]{}|:()&-<>/^_=,'0123VKLMQX \"!%~.Z+\n", max_size=60)
)
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("abc") / "t.abc"
    path.write_text(f"X:1\nK:C\n{text}\n")
    try:
        score = read_abc(path, 1)
    except DataError:
        return
    assert all(len(staff.bars) == len(score.bars) for staff in score.staves)


def test_time_grows_with_the_length(tmp_path: Path) -> None:
    seconds = []
    for bars in (250, 4_000):
        text = HEADER + "G\n" + "G _B B/c/ (3GAB|\n" * bars
        start = time.process_time()
        assert len(read(tmp_path, text).bars) == bars
        seconds.append(time.process_time() - start)
    # Sixteen times the length; a quadratic reader would take 256 times as long.
    assert seconds[1] < 64 * seconds[0] + 0.5


# === Through the command line ===


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("G _B B G|B B A2|G4|]", [67, 70, 70, 67, 71, 71, 69, 67]),
        ("|:G A B G|[1,2 c B A2:|[3 c B G2||B A G F|G4|]",
         [67, 69, 71, 67, 72, 71, 67, 71, 69, 67, 66, 67]),
        ("G A B G & D4|c B A2|G4|]", [67, 69, 71, 67, 72, 71, 69, 67]),
        (VOICES[0], [67, 69, 71, 67, 72]),
        (VOICES[1], [67, 69, 71, 67, 72]),
    ],
)  # fmt: skip
def test_harmonize(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, music: str, expected: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.abc").write_text(f"{HEADER}G\n{music}\n")
    reading = read_tune("t.abc", 0, ReadingOptions())
    assert [note.pitch for note in reading.chorale.notes(0)] == expected
    done = run_command("convert", "t.abc", "out.csv")
    assert done.returncode == 0, done.stderr
    assert len(read_csv("out.csv").pitches) == reading.chorale.steps


def test_words_titles_chord_symbols_and_texts_are_said(tmp_path: Path) -> None:
    tune = tmp_path / "tune.abc"
    tune.write_text(
        'X:1\nT:One\nT:Two\nM:4/4\nL:1/4\nK:C\n"Am"ABcd|"^Fine"e4|[K:D]d4|]\nW:words\n'
    )
    notes = read_tune(tune, voice=0).notes
    assert "chord symbols are left out" in notes
    assert "the further title 'Two' is left out" in notes
    assert "words at the end (W:) are left out" in notes
    assert '"^Fine" is not played out: bar 2' in notes
    assert "the key signature changes, only the first is kept: bar 3" in notes

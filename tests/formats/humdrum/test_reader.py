"""Humdrum **kern: spines, bars, signatures and repeats."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.formats.files import read_line, read_spelled
from chorale.formats.humdrum.reader import open_humdrum
from chorale.formats.scores.notes import Syllable
from chorale.formats.scores.written_score import WrittenScore
from chorale.music.keys import Key, KeySignature
from chorale.music.metre import Metre

# Two staves, each split into two voices; columns are separated by spaces here.
HYMN = """
**kern **kern
*clefF4 *clefG2
*k[b-] *k[b-]
*M4/4 *M4/4
*^ *^
=1 =1 =1 =1
4c 4F 4a 4f
4d 4BB- 4b- 4f
4c 4C 4g 4e
4c 4F 4a 4f
=2 =2 =2 =2
4f 4D 4a 4f
4e 4C 4g 4e
2f 2FF 2a 2f
== == == ==
*v *v * *
* *v *v
*- *-
"""


def kern(text: str) -> str:
    """Return rows of tokens with tabs for spaces; `~` joins the notes of a chord."""
    rows = (row.split() for row in text.strip().splitlines())
    return "".join("\t".join(row).replace("~", " ") + "\n" for row in rows)


def spine(tokens: str) -> str:
    """Return a file of one spine."""
    return kern("\n".join(f"**kern {tokens} *-".split()))


def written(path: Path, text: str) -> WrittenScore:
    file = path / "piece.krn"
    file.write_text(text, encoding="utf-8")
    return open_humdrum(file)


def pitches(path: Path, text: str) -> list[list[int]]:
    """Return the notes of the four voices."""
    file = path / "piece.krn"
    file.write_text(text, encoding="utf-8")
    chorale = read_spelled(file).chorale
    return [[note.pitch for note in chorale.notes(voice)] for voice in range(4)]


def events(score: WrittenScore) -> list[list[tuple[int, ...]]]:
    """Return the pitches of the first voice of the top staff, bar by bar."""
    return [[note.pitches for note in bar[0]] for bar in score.staves[0].bars]


def starts(score: WrittenScore) -> list[list[Fraction]]:
    return [[note.start for note in bar[0]] for bar in score.staves[0].bars]


# === Spines ===


def test_a_split_spine_is_two_voices_the_upper_first(tmp_path: Path) -> None:
    assert pitches(tmp_path, kern(HYMN)) == [
        [69, 70, 67, 69, 69, 67, 69],
        [65, 65, 64, 65, 65, 64, 65],
        [60, 62, 60, 60, 65, 64, 65],
        [53, 46, 48, 53, 50, 48, 41],
    ]
    # Crossing voices stay what they are.
    crossed = kern(HYMN).replace("4g\t4e", "4d\t4e")
    assert pitches(tmp_path, crossed)[0][2:3] == [62]
    assert pitches(tmp_path, crossed)[1][2:3] == [64]


def test_a_split_of_one_bar(tmp_path: Path) -> None:
    text = """
    **kern **kern
    *M2/4 *M2/4
    =1 =1
    4C~4G 4e~4cc
    4D~4A 4f~4dd
    =2 =2
    * *^
    4E~4B 4dd 8g
    . . 8a
    4F~4A 4cc 4f
    * *v *v
    =3 =3
    2C~2G 2e~2cc
    == ==
    *- *-
    """
    assert pitches(tmp_path, kern(text)) == [
        [72, 74, 74, 72, 72],
        [64, 65, 67, 69, 65, 64],
        [55, 57, 59, 57, 55],
        [48, 50, 52, 53, 48],
    ]


def test_a_voice_that_begins_within_a_bar(tmp_path: Path) -> None:
    text = "**kern\n*M4/4\n=1\n2c\n*^\n4e\t4c\n4f\t4d\n*v\t*v\n=2\n1c\n==\n*-\n"
    score = written(tmp_path, text)
    upper, lower = score.staves[0].bars[0]
    assert [note.pitches for note in upper] == [(60,), (64,), (65,)]
    assert [(note.pitches, note.start) for note in lower] == [((60,), 8), ((62,), 12)]
    assert [len(bar) for bar in score.staves[0].bars] == [2, 1]


def test_the_same_in_every_process(tmp_path: Path) -> None:
    file = tmp_path / "hymn.krn"
    file.write_text(kern(HYMN))
    program = (
        "import sys; from chorale.formats.files import read_spelled\n"
        "print(read_spelled(sys.argv[1]).chorale.pitches.tolist())"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "random")
    }
    assert len(results) == 1 and "69, 65, 60, 53" in results.pop()


def test_spines_change_places_and_new_ones_begin(tmp_path: Path) -> None:
    text = """
    **kern **kern
    4C 4c
    *x *x
    4d 4D
    *+ *
    * **kern *
    4e 4g 4E
    *- * *
    4a 4F
    *- *-
    """
    score = written(tmp_path, kern(text))
    low, middle, new = (staff.bars[0][0] for staff in reversed(score.staves))
    assert [note.pitches for note in low] == [(48,), (50,), (52,), (53,)]
    assert [note.pitches for note in middle] == [(60,), (62,), (64,)]
    assert [(note.pitches, note.start) for note in new] == [((67,), 8), ((69,), 12)]


def test_other_spines_are_left_out_and_lyrics_are_not(tmp_path: Path) -> None:
    text = """
    **kern **text **text **dynam
    *I"Sopran * * *
    *I'S. * * *
    4c Lo- Herr, p
    4d -be _ .
    4e . Gott .
    *- *- *- *-
    """
    score = written(tmp_path, kern(text))
    assert score.notes == ("spines of other kinds are left out: **dynam",)
    (line,) = score.staves[0].bars[0]
    assert [note.syllables for note in line] == [
        (Syllable(text="Lo", joined=True), Syllable(text="Herr,", verse=2)),
        (Syllable(text="be"),),
        (Syllable(text="Gott", verse=2),),
    ]
    assert (score.staves[0].name, score.staves[0].abbreviation) == ("Sopran", "S.")


def test_the_first_spine_is_the_lowest(tmp_path: Path) -> None:
    text = kern(
        """
        **kern **kern **kern **kern
        *Ibass *Itenor *Ialto *Isoprn
        *clefF4 *clefGv2 *clefG2 *clefG^2
        1C 1G 1e 1cc
        *- *- *- *-
        """
    )
    staves = written(tmp_path, text).staves
    assert [staff.name for staff in staves] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert [staff.clef for staff in staves] == ["G2+8", "G2", "G2-8", "F4"]
    assert pitches(tmp_path, text) == [[72], [64], [55], [48]]


# === Notes ===


@pytest.mark.parametrize(
    ("token", "pitch", "steps"),
    [
        ("4c", 60, 4),
        ("8.ccc#", 85, 3),
        ("2..B-", 58, 14),
        ("16BBB--", 33, 1),
        ("8ccJ#", 73, 2),
        ("8-eeL", 75, 2),
        ("(4fnX/L)", 65, 4),
        ("8d.]", 62, 3),
        ("12g", 67, Fraction(4, 3)),
        ("3%2a", 69, Fraction(32, 3)),
        ("0C##", 50, 32),
        ("00d", 62, 64),
        ("000e", 64, 128),
    ],
)
def test_notes(tmp_path: Path, token: str, pitch: int, steps: Fraction) -> None:
    (note,) = written(tmp_path, spine(token)).staves[0].bars[0][0]
    assert (note.pitches, note.end - note.start) == ((pitch,), steps)


@given(
    letter=st.sampled_from("CDEFGAB"),
    octave=st.integers(0, 8),
    alter=st.integers(-2, 2),
)
def test_names_of_notes(letter: str, octave: int, alter: int) -> None:
    from chorale.formats.humdrum.tokens import parse_note
    from chorale.music.spelling import Spelling

    name = letter * (4 - octave) if octave < 4 else letter.lower() * (octave - 3)
    note = parse_note("4" + name + ("#" * alter if alter > 0 else "-" * -alter))
    assert note is not None
    spelling = Spelling.of(note.pitches[0], note.spelling[0])
    assert spelling == (letter, alter, octave)


def test_chords_rests_ties_and_fermatas(tmp_path: Path) -> None:
    score = written(tmp_path, spine("4c~4e~4g; 4r [4f~4a 4f]~4a_ 4f"))
    (line,) = score.staves[0].bars[0]
    assert [note.pitches for note in line] == [
        (67, 64, 60),
        (),
        (69, 65),
        (69, 65),
        (65,),
    ]
    assert [note.fermata for note in line] == [True, False, False, False, False]
    assert [any(note.tied) for note in line] == [False, False, False, True, False]
    assert line[3].tied == (True, True)


def test_grace_notes_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    score = written(tmp_path, spine("4c qd 8qqe 16fQ 4g"))
    assert events(score) == [[(60,), (67,)]]
    assert score.notes == ("3 grace notes are left out",)


def test_a_whole_rest_alone_in_a_bar_is_as_long_as_the_bar(tmp_path: Path) -> None:
    text = """
    **kern **kern
    *M3/4 *M3/4
    =1 =1
    1r 2.c
    =2 =2
    2.C 1r
    =3 =3
    1r 1r
    =4 =4
    2.C 2.c
    *- *-
    """
    score = written(tmp_path, kern(text))
    assert [bar.length for bar in score.bars] == [12, 12, 12, 12]
    ends = [[line[-1].end for line in bar] for bar in score.staves[1].bars]
    assert ends == [[12]] * 4


def test_a_note_beyond_the_barline_is_tied(tmp_path: Path) -> None:
    text = """
    **kern **kern
    *M2/4 *M2/4
    =1 =1
    2C 4c
    . 2d
    =2 =2
    2C .
    . 4e
    == ==
    *- *-
    """
    (first,), (second,) = written(tmp_path, kern(text)).staves[0].bars
    assert [(note.pitches, note.start, note.end) for note in first] == [
        ((60,), 0, 4),
        ((62,), 4, 8),
    ]
    assert [(note.pitches, note.tied, note.end) for note in second] == [
        ((62,), (True,), 4),
        ((64,), (False,), 8),
    ]


def test_silence_that_is_not_written_is_said(tmp_path: Path) -> None:
    text = kern("**kern **kern\n=1 =1\n4C 4c\n. 4d\n4D 4e\n*- *-")
    score = written(tmp_path, text)
    assert [note.start for note in score.staves[1].bars[0][0]] == [0, 8]
    assert score.notes == (
        "in bar 1 a staff has neither notes nor rests for a while: read as a rest",
    )


# === Bars ===


def test_pickup_and_numbers(tmp_path: Path) -> None:
    score = written(tmp_path, spine("*M3/4 4c =1 2.d =2 2.e =3 2f =="))
    assert [bar.number for bar in score.bars] == [0, 1, 2, 3]
    assert [bar.length for bar in score.bars] == [4, 12, 12, 8]
    assert [bar.upbeat for bar in score.bars] == [True, False, False, False]
    # A barline at the beginning, and bars without numbers.
    score = written(tmp_path, spine("*M2/4 =1- 2c = 2d = 4e"))
    assert [(bar.number, bar.upbeat) for bar in score.bars] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    score = written(tmp_path, spine("*M2/4 4c = 2d = 2e"))
    assert [bar.number for bar in score.bars] == [0, 1, 2]


def test_a_repeat_divides_a_bar(tmp_path: Path) -> None:
    score = written(tmp_path, spine("*M3/4 4c =1 2.d =2 2e =:|! 4f =3 2.g =4 2e =="))
    assert [(bar.number, bar.length) for bar in score.bars] == [
        (0, 4),
        (1, 12),
        (2, 8),
        (2, 4),
        (3, 12),
        (4, 8),
    ]
    assert [bar.repeat_end for bar in score.bars].index(True) == 2
    assert not any(bar.upbeat for bar in score.bars[1:])
    # An upbeat to a section after a full bar.
    score = written(tmp_path, spine("*M3/4 =1 2.c =2 2.d =:|!|: 4e =3 2.f =="))
    assert [bar.upbeat for bar in score.bars] == [False, False, True, False]
    assert [bar.repeat_start for bar in score.bars] == [False, False, True, False]


@pytest.mark.parametrize("sign", [":|!", ":|", ":||"])
def test_signs_of_repeats(tmp_path: Path, sign: str) -> None:
    score = written(tmp_path, spine(f"=1!|: 1c =2{sign} 1d =3 1e =="))
    assert [bar.repeat_start for bar in score.bars] == [True, False, False]
    assert [bar.repeat_end for bar in score.bars] == [True, False, False]


def test_a_hidden_barline_at_the_end_of_a_line_of_the_page(tmp_path: Path) -> None:
    text = kern("**kern **kern\n=1 =1\n2C 4c\n=- =-\n. 4d\n== ==\n*- *-")
    assert [bar.length for bar in written(tmp_path, text).bars] == [8]


@pytest.mark.parametrize(
    ("tokens", "starts", "ends", "endings"),
    [
        ("*>[A,A,B] *>A =1 1c *>B =2 1d", [0], [0], [(), ()]),
        ("*>[A,B,B] *>A =1 1c =2 *>B 1d", [1], [1], [(), ()]),
        ("*>[A,B,A,B] *>A =1 1c =2 *>B 1d", [0], [1], [(), ()]),
        ("*>[A,A1,A,A2] *>A =1 1c =2 *>A1 1d =3 *>A2 1e", [0], [1], [(), (1,), (2,)]),
        ("*>[A,B] *>A =1 1c =2 *>B 1d", [], [], [(), ()]),
    ],
)
def test_the_order_of_sections(
    tmp_path: Path,
    tokens: str,
    starts: list[int],
    ends: list[int],
    endings: list[tuple[int, ...]],
) -> None:
    score = written(tmp_path, spine(tokens))
    bars = score.bars
    assert [index for index, bar in enumerate(bars) if bar.repeat_start] == starts
    assert [index for index, bar in enumerate(bars) if bar.repeat_end] == ends
    assert [tuple(bar.endings) for bar in bars] == endings
    assert score.notes == ()


def test_an_order_that_repeat_signs_cannot_say(tmp_path: Path) -> None:
    score = written(tmp_path, spine("*>[A,B,A] *>A =1 1c *>B =2 1d"))
    assert events(score) == [[(60,)], [(62,)]]
    assert "in the order A, B, A" in score.notes[0]


# === Keys, metres, tempo, titles ===


@pytest.mark.parametrize(
    ("tokens", "fifths", "mode"),
    [
        ("*k[f#c#]", 2, ""),
        ("*k[]", 0, ""),
        ("*k[b-e-] *B-:", -2, "major"),
        ("*k[b-e-] *g:", -2, "minor"),
        ("*k[] *d:", 0, "dorian"),
        ("*k[b-] *g:dor", -1, "dorian"),
        ("*k[] *e:phr", 0, "phrygian"),
        ("*k[] *G:mix", 0, "mixolydian"),
        ("*k[b-] *D:aeo", -1, "aeolian"),
        ("*k[] *A:aeo", 0, "aeolian"),
        ("*k[b-] *G:dor", -1, "dorian"),
        ("*k[] *D:dor", 0, "dorian"),
        ("*k[] *E:phr", 0, "phrygian"),
        ("*k[] *B:loc", 0, "locrian"),
        ("*k[b-] *F:ion", -1, "ionian"),
        ("*k[b-] *D:dor", -1, "minor"),
        ("*E-:lyd", -2, "lydian"),
        ("*B-:aeo", -5, "aeolian"),
        ("*F#:", 6, "major"),
        ("*f#:", 3, "minor"),
        ("*d:dor", 0, "dorian"),
    ],
)
def test_keys(tmp_path: Path, tokens: str, fifths: int, mode: str) -> None:
    score = written(tmp_path, spine(f"{tokens} 4c"))
    assert score.bars[0].key == KeySignature(fifths=fifths, mode=mode)
    assert score.notes == ()


def test_keys_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    score = written(tmp_path, spine("*k[f#b-] 4c"))
    assert score.bars[0].key is None
    assert score.notes == ("the key signature *k[f#b-] is not read",)
    score = written(tmp_path, spine("*k[f#c#g#] *C: 4c"))
    assert score.bars[0].key == KeySignature(fifths=3)
    assert score.notes == ("the key *C: does not fit its signature",)
    for key in ("*G:dor", "*A:aeo", "*E:mix"):
        score = written(tmp_path, spine(f"*k[f#c#g#] {key} 4c"))
        fits = key == "*E:mix"
        assert score.bars[0].key == KeySignature(
            fifths=3, mode="mixolydian" if fits else ""
        )
        assert bool(score.notes) != fits


def test_changes_begin_with_a_bar(tmp_path: Path) -> None:
    tokens = "*k[f#] *M2/4 *MM60 =1 2c =2 *M3/4 *k[] *MM90.5 2.d =3 *M3/4 2.e"
    first, second, third = written(tmp_path, spine(tokens)).bars
    assert (first.metre, first.tempo) == (Metre(2, 4), 60)
    assert (second.metre, second.tempo) == (Metre(3, 4), 90.5)
    assert second.key == KeySignature(fifths=0)
    assert (third.metre, third.key, third.tempo) == (None, None, None)
    late = written(tmp_path, spine("*M2/4 =1 4c *k[b-] 4d =2 2e"))
    assert late.bars[1].key == KeySignature(fifths=-1)
    assert late.notes == (
        "a signature within bar 1 is read as if it began with the next bar",
    )


def test_the_signature_of_the_highest_staff(tmp_path: Path) -> None:
    text = kern("**kern **kern\n*k[f#] *k[]\n4C 4c\n*- *-")
    score = written(tmp_path, text)
    assert score.bars[0].key == KeySignature(fifths=0)
    assert "staves differ" in score.notes[0]


def test_title_and_composer(tmp_path: Path) -> None:
    records = (
        "!!!COM: Musterfrau, Erika\n!!!OTL@EN: Oh thou\n!!!OTL@@DE: O&nbsp;d&uuml;\n"
    )
    score = written(tmp_path, records + spine("4c"))
    assert (score.title, score.composer) == ("O\xa0dü", "Erika Musterfrau")
    score = written(tmp_path, "!!!OTL: Plain\n" + records + spine("4c"))
    assert score.title == "Plain"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings(tmp_path: Path, encoding: str, end: str) -> None:
    text = "!!!OTL: Größe\n" + spine("4c 4d")
    file = tmp_path / "piece.krn"
    file.write_bytes(text.replace("\n", end).encode(encoding))
    score = open_humdrum(file)
    assert (score.title, events(score)) == ("Größe", [[(60,), (62,)]])


def test_a_carriage_return_within_a_name(tmp_path: Path) -> None:
    file = tmp_path / "piece.krn"
    file.write_bytes(b'**kern\n*I"Soprano\rOboe\n4c\n*-\n')
    assert open_humdrum(file).staves[0].name == "Soprano Oboe"


def test_a_melody(tmp_path: Path) -> None:
    file = tmp_path / "tune.krn"
    tokens = "*k[b-e-] *g: *M3/4 8d 8e- =1 4.g 8a 4b- =2 4.a; 8f# 4d =3 2g; =="
    file.write_text(spine(tokens))
    reading = read_line(file, 0)
    assert [note.pitch for note in reading.chorale.notes(0)] == [
        *(62, 63, 67, 69, 70, 69, 66, 62, 67),
    ]
    assert (reading.chorale.key, reading.chorale.pickup) == (Key("G", "minor"), 4)
    assert int(reading.chorale.fermatas.sum()) == 6 + 8


# === Damage and limits ===


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("", None, "it is empty"),
        ("!!!OTL: nothing\n", None, "it is empty or has only comments"),
        ("4c\n", 1, "expected the kinds of the spines first"),
        ("**text\nla\n*-\n", None, r"expected spines of \*\*kern"),
        ("**kern\n*-\n", None, "expected notes or rests"),
        ("**kern\t**kern\n4c\n", 2, "expected 2 columns .* got 1"),
        ("**kern\n4c\n4x\n", 3, "expected a duration and a note such as 4c#, got 4x"),
        ("**kern\n4cd\n", 2, "got 4cd"),
        ("**kern\nc\n", 2, "expected a duration"),
        ("**kern\n4.....c\n", 2, "expected a duration"),
        ("**kern\n16%-3c\n", 2, "one duration"),
        ("**kern\n4c8\n", 2, "one duration"),
        ("**kern\n.4c\n", 2, "one duration"),
        ("**kern\n1%99c\n", 2, "expected a duration"),
        ("**kern\n4cccccccccc\n", 2, "MIDI range"),
        ("**kern\n4c 8e\n", 2, "one length in a chord"),
        ("**kern\t**kern\n4c\t2c\n4d\t4e\n", 3, "begin together, .* 1 quarters"),
        ("**kern\t**kern\n4c\t2c\n=\t=\n4d\t4e\n", 4, "begin together"),
        ("**kern\t**kern\n4c\t2c\n==\t==\n*-\t*-\n", None, "end together"),
        ("**kern\t**kern\n4c\t4c\n=\t4c\n", 3, "a barline in every spine"),
        ("**kern\t**kern\n*\t4c\n", 2, "interpretations"),
        ("**kern\t**kern\n*v\t*v\n", 2, r"to join with \*v"),
        ("**kern\t**kern\n*\t*x\n", 2, r"change places with \*x"),
        ("**kern\n4c\n*-\n**kern\n4d\n*-\n", 4, "another piece"),
        ("**kern\n*M4/7\n4c\n", 2, "time signature"),
    ],
)
def test_damage_is_located(
    tmp_path: Path, text: str, row: int | None, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        written(tmp_path, text)
    assert caught.value.row == row
    assert caught.value.path == tmp_path / "piece.krn"


def test_a_file_that_is_cut_off_is_said(tmp_path: Path) -> None:
    score = written(tmp_path, "**kern\n*M2/4\n=1\n4c\n4d\n=2\n4e\n")
    assert events(score) == [[(60,), (62,)], [(64,)]]
    assert "it may be incomplete" in score.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "**kern\n" + "1c\n=\n" * 101 + "*-\n",
        "**kern\n" + "4c\n" * 301 + "*-\n",
        "\t".join(["**kern"] * 65) + "\n",
        "**kern\n" + "\n" * (4 << 20),
    ],
)
def test_limits(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chorale.formats.humdrum.bars.MOST_BARS", 100)
    monkeypatch.setattr("chorale.formats.humdrum.rhythm.HUMDRUM_NOTES", 300)
    with pytest.raises(DataError, match=r"expected .*at most"):
        written(tmp_path, text)


def test_time_is_linear(tmp_path: Path) -> None:
    def seconds(bars: int) -> float:
        row = "4C 8c 8cc 4e"
        rows = "\n".join(
            f"={n} ={n} ={n} ={n}\n" + f"{row}\n. 8d 8dd .\n" * 4
            for n in range(1, bars + 1)
        )
        head, end = (" ".join([sign] * 4) for sign in ("**kern", "*-"))
        (tmp_path / "long.krn").write_text(kern(f"{head}\n{rows}\n{end}"))
        begin = time.process_time()
        assert len(open_humdrum(tmp_path / "long.krn").bars) == bars
        return time.process_time() - begin

    # Sixteen times the length; a quadratic reader would take 256 times as long.
    short = min(seconds(100) for _ in range(3))
    assert seconds(1600) < 64 * short + 0.5


def test_lower_voice_on_the_left_of_a_split(tmp_path: Path) -> None:
    rows = [row.split() for row in HYMN.strip().splitlines()]
    columns = [
        row if len(row) < 4 else [row[0], row[1], row[3], row[2]] for row in rows
    ]
    swapped = "\n".join(
        "\t".join(row if "v" in "".join(row) else changed)
        for row, changed in zip(rows, columns, strict=True)
    )
    plain = "\n".join("\t".join(row) for row in rows)
    path, other = tmp_path / "a.krn", tmp_path / "b.krn"
    path.write_text(swapped)
    other.write_text(plain)
    reading, expected = read_spelled(path), read_spelled(other)
    assert (reading.chorale.pitches == expected.chorale.pitches).all()
    assert any("read by their height" in remark for remark in reading.notes)
    assert not any("read by their height" in remark for remark in expected.notes)


def test_spines_of_two_staves_that_join_in_one_row(tmp_path: Path) -> None:
    text = HYMN.strip().replace("*v *v * *\n* *v *v\n", "*v *v *v *v\n")
    path = tmp_path / "a.krn"
    path.write_text(text.replace(" ", "\t"))
    remarks = read_spelled(path).notes
    assert any("different staves are joined in one row" in line for line in remarks)

"""Pitches, lengths and bars of voices in ABC notation."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from abc_tunes import HEADER, body, lengths, melody, read
from hypothesis import given, settings
from hypothesis import strategies as st

from chorale.formats.abc.reader import read_abc
from chorale.music.keys import KeySignature

HALF = Fraction(1, 2)
THIRD = Fraction(8, 3)  # of two quarters, in steps


# === Pitches ===


@pytest.mark.parametrize(
    ("key", "music", "expected"),
    [
        ("G", "G _B B G|B B A2|G4|]", [[67, 70, 70, 67], [71, 71, 69], [67]]),
        ("C", "^F F F2||F F F2|]", [[66, 66, 66], [65, 65, 65]]),
        ("D", "=f f ^f f|f __e e =e|]", [[77, 77, 78, 78], [78, 74, 74, 76]]),
        # An accidental holds in its octave only.
        ("C", "^f F f2|]", [[78, 65, 78]]),
        ("C", "C,, c'' ^^C __d|]", [[36, 96, 62, 72]]),
        # A tie takes it over the barline; notes after it are natural again.
        ("C", "F3 ^F-|F F2 F|]", [[65, 66], [66, 65, 65]]),
        # Grace notes: their accidentals hold too.
        ("C", "{^f}f2 f2|f4|]", [[78, 78], [77]]),
    ],
)
def test_accidentals_hold_to_the_barline(
    tmp_path: Path, key: str, music: str, expected: list[list[int]]
) -> None:
    assert melody(body(tmp_path, music, key)) == expected


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("octave", [78, 78, 65]),
        ("pitch", [78, 78, 66]),
        ("not", [78, 77, 65]),
    ],
)
def test_how_long_accidentals_hold_may_be_said(
    tmp_path: Path, directive: str, expected: list[int]
) -> None:
    text = f"{HEADER}C\n%%propagate-accidentals {directive}\n^f f F2|]\n"
    score = read(tmp_path, text)
    assert melody(score) == [expected]
    assert bool(score.notes) == (directive == "octave")


@pytest.mark.parametrize(
    ("key", "signature", "expected"),
    [
        ("G", (1, "major"), [65 + 1, 71, 64, 72]),
        ("Gm", (-2, "minor"), [65, 70, 63, 72]),
        ("F#minor", (3, "minor"), [66, 71, 64, 73]),
        ("D dor", (0, "dorian"), [65, 71, 64, 72]),
        ("DDorian", (0, "dorian"), [65, 71, 64, 72]),
        ("E phr", (0, "phrygian"), [65, 71, 64, 72]),
        ("FLydian", (0, "lydian"), [65, 71, 64, 72]),
        ("A mix", (2, "mixolydian"), [66, 71, 64, 73]),
        ("Bloc", (0, "locrian"), [65, 71, 64, 72]),
        ("Cion", (0, "ionian"), [65, 71, 64, 72]),
        ("Aaeo", (0, "aeolian"), [65, 71, 64, 72]),
        ("Bb", (-2, "major"), [65, 70, 63, 72]),
        # Signs that are added to a mode, or stand for themselves.
        ("D Phr ^f", None, [66, 70, 63, 72]),
        ("D exp _b _e", (-2, ""), [65, 70, 63, 72]),
        ("Dmaj =c", (1, ""), [66, 71, 64, 72]),
        ("HP", (2, ""), [66, 71, 64, 73]),
        ("Hp", (2, ""), [66, 71, 64, 73]),
        ("none", None, [65, 71, 64, 72]),
        ("", None, [65, 71, 64, 72]),
        ("C clef=bass", (0, "major"), [65, 71, 64, 72]),
        ("G bass", (1, "major"), [66, 71, 64, 72]),
        ("C octave=-1", (0, "major"), [53, 59, 52, 60]),
        ("C treble-8", (0, "major"), [53, 59, 52, 60]),
        ("C treble_8", (0, "major"), [65, 71, 64, 72]),
        ("D transpose=-2", (0, "major"), [64, 69, 62, 71]),
    ],
)
def test_keys(
    tmp_path: Path,
    key: str,
    signature: tuple[int, str] | None,
    expected: list[int],
) -> None:
    score = body(tmp_path, "F B E c|]", key)
    assert melody(score) == [expected]
    if signature is not None:
        fifths, mode = signature
        assert score.bars[0].key == KeySignature(fifths=fifths, mode=mode)
    elif key in ("", "none"):
        assert score.bars[0].key is None


def test_transposed_notes_are_spelled_in_the_key_that_sounds(tmp_path: Path) -> None:
    score = body(tmp_path, "E F G c|]", "C transpose=3")
    notes = score.staves[0].bars[0][0]
    assert [note.pitches[0] for note in notes] == [67, 68, 70, 75]
    # G A flat B flat E flat: a third higher by letters.
    assert [note.spelling[0] for note in notes] == [32, 33, 34, 37]
    assert score.bars[0].key == KeySignature(fifths=-3, mode="major")
    assert score.notes == (
        "the tune sounds a minor third higher than written: read at sounding pitch",
    )


def test_of_several_voices_the_transposed_one_is_named(tmp_path: Path) -> None:
    music = "V:1\nC4|]\nV:2 transpose=-9\nC4|]\nV:3 transpose=-12\nC4|]"
    assert body(tmp_path, music, "C").notes == (
        "voice 2 sounds a major sixth lower than written: read at sounding pitch",
    )


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("G A B G|c B A2|[K:F] B A G F|G4|]", [[70, 69, 67, 65], [67]]),
        ("B4|B4|\nK:Cm\nB E [K:C] B E|B4|]", [[70, 63, 71, 64], [71]]),
        ("B4|B4|[L:1/8]B2A2G2F2|[L:1/2]G2|]", [[71, 69, 67, 66], [67]]),
        ("B4|B4|[M:3/4]B A G|F3|]", [[71, 69, 67], [66]]),
        ("B4|B4|[r:a remark]B [N:c d] A2 G|F4|]", [[71, 69, 67], [66]]),
    ],
)
def test_fields_among_the_notes(
    tmp_path: Path, music: str, expected: list[list[int]]
) -> None:
    score = body(tmp_path, music, "G")
    assert melody(score)[2:] == expected
    assert score.notes == ()


def test_where_keys_metres_and_tempos_begin(tmp_path: Path) -> None:
    score = body(tmp_path, "[Q:1/4=60]G4|[M:3/4][K:F]G3|G [K:D] G2|[Q:3/8=40]G3|]", "G")
    assert [bar.tempo for bar in score.bars] == [60, None, None, 60]
    assert [bar.key and bar.key.fifths for bar in score.bars] == [1, -1, None, 2]
    metres = [bar.metre and bar.metre.name for bar in score.bars]
    assert metres == ["4/4", "3/4", None, None]


# === Lengths ===


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("G2 G/ G// G3/2 G/4 G3/|]", [[8, 2, 1, 6, 1, 6]]),
        ("G>A B<c|d>>e f<<g|]", [[6, 2, 2, 6], [7, 1, 1, 7]]),
        ("G>>>A z2|]", [[Fraction(15, 2), HALF, 8]]),
        ("G > {a}A z> B|[GB]>[FA] G2|]", [[6, 2, 6, 2], [6, 2, 8]]),
        ("(3GAB G2|(3:2:2G2A G2|]", [[THIRD] * 3 + [8], [2 * THIRD, THIRD, 8]]),
        ("(2GA G|(3 G A B (4GABc|]", [[6, 6, 4], [THIRD] * 3 + [3] * 4]),
        ("(5:4:6G/A/B/G/A/B/ z2|]", [[Fraction(8, 5)] * 6 + [8]]),
        ("(3G>AB G2|]", [[4, THIRD / 2, THIRD, 8]]),
        ("[C2E2G2] [CEG]2/|]", [[8, 4]]),
        ("G2 y A y20 B|z x z2|]", [[8, 4, 4], [4, 4, 8]]),
        ("Z|Z2|G4|X3|]", [[16]] * 7),
        ("G2-G2-|G4|]", [[8, 8], [16]]),
    ],
)  # fmt: skip
def test_lengths(tmp_path: Path, music: str, expected: list[list[int]]) -> None:
    score = body(tmp_path, music)
    assert lengths(score) == expected
    assert [bar.length for bar in score.bars] == [sum(bar) for bar in expected]


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ("M:4/4\nK:C", 2),
        ("M:6/8\nK:C", 2),
        ("M:2/4\nK:C", 1),
        ("M:none\nK:C", 2),
        ("M:C|\nK:C", 2),
        ("M:(2+3)/8\nK:C", 1),
        ("K:C\nM:2/4", 2),
        ("M:2/4\nK:C\nM:4/4", 1),
        ("L:1/4\nM:2/4\nK:C", 4),
        ("M:2/4\nL:1/2\nK:C\nL:1/16", 1),
    ],
)
def test_the_unit_follows_from_the_metre_of_the_header(
    tmp_path: Path, fields: str, step: int
) -> None:
    score = read(tmp_path, f"X:1\n{fields}\nc d|]\n")
    assert lengths(score) == [[step, step]]


@pytest.mark.parametrize(
    ("metre", "name"),
    [
        ("C", "4/4"),
        ("C|", "2/2"),
        ("6/8", "6/8"),
        ("(2+3)/8", "5/8"),
        ("2+2+3/8", "7/8"),
        ("none", None),
    ],
)
def test_metres(tmp_path: Path, metre: str, name: str | None) -> None:
    score = read(tmp_path, f"X:1\nM:{metre}\nL:1/8\nK:C\nCDEFG|]\n")
    written = score.bars[0].metre
    assert (written and written.name) == name


def test_tuplets_of_five_fill_a_beat_of_compound_time(tmp_path: Path) -> None:
    for metre, sum_of_five in (("6/8", 6), ("2/4", 4)):
        score = read(tmp_path, f"X:1\nM:{metre}\nL:1/8\nK:C\n(5CDEFG|]\n")
        assert score.bars[0].length == sum_of_five


# === Ties, chords, decorations ===


def test_ties(tmp_path: Path) -> None:
    score = body(tmp_path, "G-G [GB-]B|[C-E][CE]-[CE]-|[CE]2 c-d|G2-|G2|]")
    tied = [[note.tied for note in bar[0]] for bar in score.staves[0].bars]
    assert tied[0] == [(False,), (True,), (False, False), (True,)]
    # Chords are written from the highest note.
    assert tied[1] == [(False, False), (False, True), (True, True)]
    assert tied[2] == [(True, True), (False,), (False,)]
    assert score.notes == ("a tie leads to no note of its pitch: bar 3",)


def test_a_tie_before_endings_leads_into_each(tmp_path: Path) -> None:
    score = body(tmp_path, "|:c2 G2-|1 G2 B2-:|2 G4|]")
    assert [bar[0][0].tied for bar in score.staves[0].bars[1:]] == [(True,), (True,)]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("G !fermata!A B HG|]", [False, True, False, True]),
        ("G +fermata+A B T.HG|]", [False, True, False, True]),
        ("G H[FA] B !invertedfermata!z|]", [False, True, False, True]),
        ("G !trill!!fermata!A uB {cd}!fermata!G|]", [False, True, False, True]),
    ],
)
def test_fermatas(tmp_path: Path, music: str, expected: list[bool]) -> None:
    score = body(tmp_path, music)
    assert [note.fermata for note in score.staves[0].bars[0][0]] == expected


def test_user_symbols(tmp_path: Path) -> None:
    score = body(tmp_path, "U:W = !fermata!\nU:H = !trill!\nWG HA B2|]")
    fermatas = [note.fermata for note in score.staves[0].bars[0][0]]
    assert fermatas == [True, False, False]


def test_what_is_no_note(tmp_path: Path) -> None:
    score = body(
        tmp_path,
        '"Gm7"G "^a b"(A .B) ~Tv`c|$  .(uG2 (,{/de}(\'A2)))| % a b c\n'
        "%%MIDI program 4\n!p!G2 !crescendo(!A2!|\n",
    )
    assert melody(score) == [[67, 69, 71, 72], [67, 69], [67, 69]]
    assert score.notes == ("chord symbols are left out", "grace notes are left out")


# === Bars, repeats, endings ===


def test_double_repeats_and_the_note_before_them(tmp_path: Path) -> None:
    score = body(tmp_path, "|:G A B G|c B A A:: B A G F|G2 G2:|", "G")
    assert melody(score)[1:3] == [[72, 71, 69, 69], [71, 69, 67, 66]]
    assert [bar.repeat_start for bar in score.bars] == [True, False, True, False]
    assert [bar.repeat_end for bar in score.bars] == [False, True, False, True]
    for line in ("A:|:", "A:||:", "A :: ", "A:|]|:", "A:\n|:"):
        score = body(tmp_path, f"G A B G|c B A {line} B A G F|G2 G2:|")
        if "\n" not in line:
            assert melody(score)[1] == [72, 71, 69, 69], line
            assert (score.bars[1].repeat_end, score.bars[2].repeat_start) == (
                True,
                True,
            )


def test_a_line_of_music_may_begin_like_a_field(tmp_path: Path) -> None:
    score = body(tmp_path, "|:c B A\nA:|\nG:: \nG3 :|")
    assert melody(score) == [[72, 71, 69, 69], [67], [67]]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("|:G4|[1 A4:|[2 B4|]c4|]", [(), (1,), (2,), ()]),
        ("|:G4|1 A4:|2 B4||c4|]", [(), (1,), (2,), ()]),
        ("|:G4|[1,2 A4:|[3 B4|]c4|]", [(), (1, 2), (3,), ()]),
        ("|:G4|1-3 A4|A4:|4 B4|]c4|]", [(), (1, 2, 3), (1, 2, 3), (4,), ()]),
        ("|:G4|1,3 A4:|2,4 B4:|c4|]", [(), (1, 3), (2, 4), ()]),
        ('|:G4["1." A4:|["2" B4||["Coda" c4|]', [(), (1,), (2,), ()]),
    ],
)
def test_endings(tmp_path: Path, music: str, expected: list[tuple[int, ...]]) -> None:
    score = body(tmp_path, music)
    assert [tuple(sorted(bar.endings)) for bar in score.bars] == expected


def test_barlines_of_all_kinds(tmp_path: Path) -> None:
    score = body(
        tmp_path, "[|G4|]G4||G4[|]G4.|G4|[|G4|\n|G4|||:G4:||:G4|[K:D]G4|[CE]4|]"
    )
    assert melody(score) == [[67]] * 10 + [[64]]


def test_numbers_of_bars(tmp_path: Path) -> None:
    score = body(tmp_path, "G|G4|G3:|:A|G2||G2|G4:|G|G4|G3|]")
    assert [bar.number for bar in score.bars] == [0, 1, 2, 2, 3, 3, 4, 5, 6, 7]
    upbeats = [bar.number for bar in score.bars if bar.upbeat]
    assert upbeats == [0, 5]


# === Round trip ===

_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
written_notes = st.tuples(
    st.sampled_from("CDEFGAB"),
    st.sampled_from([None, -2, -1, 0, 1, 2]),
    st.integers(-2, 2),  # octaves from that of middle C
    st.sampled_from(["", "2", "3/2", "1/2", "3/4"]),
)


@settings(max_examples=100, deadline=None)
@given(bars=st.lists(st.lists(written_notes, min_size=1, max_size=8), min_size=1))
def test_notes_are_read_as_they_are_written(
    tmp_path_factory: pytest.TempPathFactory,
    bars: list[list[tuple[str, int | None, int, str]]],
) -> None:
    naturals = dict(zip("CDEFGAB", (60, 62, 64, 65, 67, 69, 71), strict=True))
    text, expected = [], []
    for bar in bars:
        held: dict[tuple[str, int], int] = {}
        for letter, alter, octave, length in bar:
            mark = "," * -octave if octave < 1 else "'" * (octave - 1)
            name = letter.lower() if octave > 0 else letter
            sign = "" if alter is None else _SIGNS[alter]
            text.append(f"{sign}{name}{mark}{length} ")
            if alter is not None:
                held[letter, octave] = alter
            pitch = naturals[letter] + 12 * octave + held.get((letter, octave), 0)
            expected.append((pitch, 4 * Fraction(length or 1)))
        text.append("|\n")
    path = tmp_path_factory.mktemp("abc") / "t.abc"
    path.write_text(f"{HEADER}C\n{''.join(text)}")
    score = read_abc(path)
    assert [
        (note.pitches[0], note.end - note.start)
        for bar in score.staves[0].bars
        for note in bar[0]
    ] == expected

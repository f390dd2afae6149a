"""Tunes in ABC notation: pitches, bars and what is said of them."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest
from command_line import run_command
from hypothesis import given, settings
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.formats.abc import read_abc, read_tune
from chorale.formats.classic_csv import read_csv
from chorale.formats.reading import ReadingOptions
from chorale.formats.written_score import KeySignature, WrittenScore

HALF = Fraction(1, 2)
THIRD = Fraction(8, 3)  # of two quarters, in steps
HEADER = "X:1\nT:Own\nM:4/4\nL:1/4\nK:"


def read(
    tmp_path: Path, text: str | bytes, tune: int | None = None, name: str = "t.abc"
) -> WrittenScore:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_abc(path, tune)


def body(tmp_path: Path, music: str, key: str = "C") -> WrittenScore:
    return read(tmp_path, f"{HEADER}{key}\n{music}\n")


def melody(score: WrittenScore, staff: int = 0, layer: int = 0) -> list[list[int]]:
    """Return the pitches of each bar of a voice, 0 for a rest."""
    return [
        [note.pitches[0] if note.pitches else 0 for note in bar[layer]]
        for bar in score.staves[staff].bars
    ]


def lengths(score: WrittenScore, staff: int = 0) -> list[list[Fraction]]:
    return [
        [note.end - note.start for note in bar[0]] for bar in score.staves[staff].bars
    ]


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
        ("Cion", (0, "major"), [65, 71, 64, 72]),
        ("Aaeo", (0, "minor"), [65, 71, 64, 72]),
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
    assert score.notes == ("grace notes are left out",)


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


# === Files ===


@pytest.mark.parametrize(
    "raw",
    [
        "X:1\nT:Füße\nK:C\nCDE|]\n".encode("utf-8-sig"),
        "X:1\r\nT:Füße\r\nK:C\r\nCDE|]\r\n".encode("latin-1"),
        "X:1\rT:Füße\rK:C\rCDE|]".encode(),
        "X:1\nT:Füße\nK:C\nCDE|]\n".encode("utf-16"),
        "%abc-2.1\n\n\nX:1\nT:Füße %comment\nK:C %c d\nCDE|] % f g |\n\n\n".encode(),
        "T:Füße\nK:C\nCDE|]\n".encode(),
    ],
)
def test_encodings_and_ends_of_lines(tmp_path: Path, raw: bytes) -> None:
    score = read(tmp_path, raw)
    assert (score.title, melody(score)) == ("Füße", [[60, 62, 64]])


PROSE = "\nFound in a chapbook; deed of 1820\n"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "G\nG A B G|G4|]\n" + PROSE,
        "A bad cabbage faded.\n\n" + HEADER + "G\nG A B G|G4|]\n" + PROSE,
        HEADER + "G\nG A B G|G4|]\n%%begintext\ndeaf | bee\n%%endtext\n\nw: |A B C|\n",
        HEADER + "G\nG A B G|\nThe deed was found here\nG4|]\n",
    ],
)
def test_prose_is_not_sung(tmp_path: Path, text: str) -> None:
    assert melody(read(tmp_path, text)) == [[67, 69, 71, 67], [67]]


def test_music_after_an_empty_line(tmp_path: Path) -> None:
    score = read(tmp_path, HEADER + "C\nG4|G4|\n\nA4|A4|]\n")
    assert melody(score) == [[67], [67]]
    assert score.notes == (
        "row 8 looks like music, but the empty line after row 6 ends the tune: it is "
        "left out",
    )
    score = read(tmp_path, "X:1\nT:Own\n\nM:3/4\nL:1/4\nK:C\n\nGAB|c3|]\n")
    assert melody(score) == [[67, 69, 71], [72]]
    assert score.notes == ("empty lines are passed over after rows 2, 6",)
    voices = "V:1\nG4|]\n\nV:2\nE4|]\n\n[V:3]C4|]\n\nA B|\n"
    score = read(tmp_path, HEADER + "C\n" + voices)
    assert [melody(score, staff) for staff in range(3)] == [[[67]], [[64]], [[60]]]
    assert score.notes[0] == "empty lines are passed over after rows 7, 10"
    assert score.notes[1].startswith("row 14 looks like music")


BOOK = f"{HEADER}G\nG4|]\n{PROSE}\n{HEADER.replace('X:1', 'X:7')}F\nB4|]\n"


def test_books(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a book of 2: name one by its number"):
        read(tmp_path, BOOK)
    assert melody(read(tmp_path, BOOK, 7)) == [[70]]
    assert melody(read(tmp_path, BOOK.replace("\n\nX", "\nX"), 1)) == [[67]]
    with pytest.raises(DataError, match="expected a tune 3, got tunes 1, 7"):
        read(tmp_path, BOOK, 3)
    # The header of the file holds for all of its tunes.
    file = "M:3/4\nL:1/2\n\nX:1\nK:G\nG|]\n\nX:2\nL:1/4\nK:F\nB|]\n"
    assert [lengths(read(tmp_path, file, tune)) for tune in (1, 2)] == [[[8]], [[4]]]


@pytest.mark.parametrize("count", [2, 3])
def test_tunes_of_one_number(tmp_path: Path, count: int) -> None:
    book = "\n".join([BOOK.replace("X:7", "X:1")] + [BOOK] * (count - 2))
    with pytest.raises(
        DataError, match=rf"{2 * count - 2 - (count > 2)} tunes have number 1"
    ):
        read(tmp_path, book)
    with pytest.raises(
        DataError, match=r"one tune 1, got .*, in rows 1, 10.* numbers of"
    ):
        read(tmp_path, book, 1)


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
    for bars in (2_000, 8_000):
        text = HEADER + "G\n" + "G _B B/c/ (3GAB|\n" * bars
        start = time.process_time()
        assert len(read(tmp_path, text).bars) == bars
        seconds.append(time.process_time() - start)
    # Four times the length; a quadratic reader would take sixteen times as long.
    assert seconds[1] < 8 * seconds[0] + 0.2 and seconds[1] < 5


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

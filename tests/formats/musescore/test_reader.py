"""Files of MuseScore: staves, voices, signatures, ties, fermatas and bars."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.formats.files import read_spelled
from chorale.formats.reading import Reading
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre

Read = Callable[[str], Reading]

TIED_ON = '<Spanner type="Tie"><Tie></Tie><next><location/></next></Spanner>'
TIED_BACK = '<Spanner type="Tie"><prev><location/></prev></Spanner>'
# Tonal pitch classes count fifths; 14 is C.
TPC = {0: 14, 2: 16, 4: 18, 5: 13, 6: 20, 7: 15, 8: 22, 9: 17, 10: 12, 11: 19}


def note(pitch: int, tie: str = "", tpc: int | None = None) -> str:
    tonal = TPC[pitch % 12] if tpc is None else tpc
    return f"<Note>{tie}<pitch>{pitch}</pitch><tpc>{tonal}</tpc></Note>"


def chord(pitch: int, value: str = "quarter", more: str = "", tie: str = "") -> str:
    return (
        f"<Chord>{more}<durationType>{value}</durationType>{note(pitch, tie)}</Chord>"
    )


def plain(*pitches: int, value: str = "quarter") -> str:
    return "".join(chord(pitch, value) for pitch in pitches)


SIGNATURES = "<TimeSig><sigN>4</sigN><sigD>4</sigD></TimeSig>"
REST = "<Rest><durationType>measure</durationType><duration>4/4</duration></Rest>"
FULL = (
    plain(72, 74, 76, 72),
    plain(67, 67, 67, 67),
    plain(64, 62, 60, 64),
    plain(48, 47, 48, 48),
)
LAST = tuple(chord(pitch, "half", "<dots>1</dots>") for pitch in (72, 67, 64, 48))


def measure(upper: str, lower: str = "", more: str = "", inside: str = "") -> str:
    voices = f"<voice>{upper}</voice><voice>{lower}</voice>"
    return f"<Measure {more}>{inside}{voices}</Measure>"


def document(*bars: tuple[str, ...], head: str = "", version: str = "4.20") -> str:
    """Return a score of two staves with two voices in each bar."""
    staves = ""
    for number, names in ((1, "Soprano\nAlto"), (2, "Tenor\nBass")):
        first = 2 * number - 2
        content = "".join(
            bar[4 + number - 1]
            if len(bar) > 4
            else measure(SIGNATURES * (index == 0) + bar[first], bar[first + 1])
            for index, bar in enumerate(bars)
        )
        head += (
            f'<Part><Staff id="{number}"/><trackName>{names}</trackName>'
            f"<Instrument><longName>{names}</longName></Instrument></Part>"
        )
        staves += f'<Staff id="{number}">{content}</Staff>'
    return (
        f'<?xml version="1.0"?><museScore version="{version}"><Score>{head}{staves}'
        "</Score></museScore>"
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str) -> Reading:
        path = tmp_path / "a.mscx"
        path.write_text(text, encoding="utf-8")
        return read_spelled(path)

    return read_text


def voice_of(reading: Reading, voice: int) -> list[tuple[int, int]]:
    """Return the pitches and lengths of the notes of a voice."""
    return [(each.pitch, each.length) for each in reading.chorale.notes(voice)]


def test_two_staves_of_two_voices(read: Read) -> None:
    head = '<metaTag name="workTitle">Own hymn</metaTag>'
    head += '<metaTag name="composer">A. N. Other</metaTag>'
    reading = read(document(FULL, head=head))
    chorale = reading.chorale
    assert chorale.pitches[[0, 4]].tolist() == [[72, 67, 64, 48], [74, 67, 62, 47]]
    assert chorale.onsets[:, 1].sum() == 4
    assert (chorale.title, chorale.credit) == ("Own hymn", "A. N. Other")
    assert chorale.metres == (Metre(4, 4),)


def test_notes_are_spelled_by_their_tonal_pitch_class(read: Read) -> None:
    sharp, flat = chord(66), chord(66).replace("<tpc>20", "<tpc>8")
    reading = read(document((sharp + flat + plain(72, 72), *FULL[1:])))
    assert reading.spelling is not None
    assert reading.spelling[[0, 4, 8], 0].tolist() == [31, 32, 35]  # F, G, C


def test_key_metre_and_tempo(read: Read) -> None:
    key = "<KeySig><accidental>-1</accidental><mode>minor</mode></KeySig>"
    tempo = "<Tempo><tempo>1.5</tempo></Tempo>"
    soprano = key + tempo + FULL[0]
    three = measure(
        "<TimeSig><sigN>3</sigN><sigD>4</sigD></TimeSig>" + plain(72, 74, 76),
        plain(67, 67, 67),
    )
    below = measure(plain(64, 64, 64), plain(48, 48, 48))
    reading = read(document((soprano, *FULL[1:]), (*FULL, three, below)))
    assert reading.chorale.metres == (Metre(4, 4), Metre(3, 4, 16))
    assert reading.chorale.tempo == 90
    assert [(each.fifths, each.mode) for each in reading.signatures] == [(-1, "minor")]
    newer = key.replace("accidental", "concertKey").replace("minor", "none")
    again = read(document((newer + FULL[0], *FULL[1:])))
    assert [(each.fifths, each.mode) for each in again.signatures] == [(-1, "")]


def test_a_pickup_and_a_last_bar_that_completes_it(read: Read) -> None:
    short = "<irregular>1</irregular>"
    upper = measure(SIGNATURES + chord(67), chord(62), 'len="1/4"', short)
    lower = measure(SIGNATURES + chord(59), chord(55), 'len="1/4"', short)
    end = [
        measure(LAST[voice], LAST[voice + 1], 'len="3/4"', short) for voice in (0, 2)
    ]
    chorale = read(document((*FULL, upper, lower), FULL, (*FULL, *end))).chorale
    assert (chorale.pickup, chorale.steps) == (4, 32)
    assert chorale.bars[[0, 4, 20]].tolist() == [0, 1, 2]
    assert chorale.positions[[0, 4, 20, 31]].tolist() == [12, 0, 0, 11]


def test_ties(read: Read) -> None:
    first = plain(48, 47, 48) + chord(54, tie=TIED_ON)
    second = chord(54, tie=TIED_BACK) + plain(54, 48, 47)
    reading = read(document((*FULL[:3], first), (*FULL[:3], second)))
    assert voice_of(reading, 3)[2:5] == [(48, 4), (54, 8), (54, 4)]


def test_fermatas_on_notes_and_rests(read: Read) -> None:
    fermata = "<Fermata><subtype>fermataAbove</subtype></Fermata>"
    rest = "<Rest><durationType>quarter</durationType></Rest>"
    soprano = fermata + chord(72) + chord(74) + chord(76) + fermata + rest
    chorale = read(document((soprano, *FULL[1:]))).chorale
    assert chorale.fermatas.nonzero()[0].tolist() == [*range(4), *range(12, 16)]


def test_rests_dots_tuplets_and_gaps(read: Read) -> None:
    soprano = chord(72, "quarter", "<dots>1</dots>") + chord(74, "eighth")
    gap = "<location><fractions>1/4</fractions></location>"
    hidden = "<Rest><visible>0</visible><durationType>quarter</durationType></Rest>"
    text = document(
        (soprano + gap + chord(76), REST, plain(64, 64) + hidden + chord(62), FULL[3])
    )
    reading = read(text)
    assert voice_of(reading, 0) == [(72, 6), (74, 2), (76, 4)]
    assert not reading.chorale.pitches[:, 1].any()
    # Where neither a note nor a rest of the tenor is seen, it may be in unison.
    tuplet = "<Tuplet><normalNotes>2</normalNotes><actualNotes>3</actualNotes></Tuplet>"
    triplet = tuplet + plain(72, 74, 76) + "<endTuplet/>" + plain(74, 72)
    again = read(document((triplet, *FULL[1:])))
    assert again.chorale.steps == 16
    assert again.off_grid == 3


def test_grace_notes_are_left_out(read: Read) -> None:
    soprano = chord(74, "eighth", "<acciaccatura/>") + FULL[0]
    reading = read(document((soprano, *FULL[1:])))
    assert voice_of(reading, 0) == [(72, 4), (74, 4), (76, 4), (72, 4)]
    assert "grace notes are left out" in reading.remarks()


def test_repeats_and_endings(read: Read) -> None:
    volta = (
        '<Spanner type="Volta"><Volta><endings>{}</endings></Volta><next/></Spanner>'
    )
    end = '<Spanner type="Volta"><prev/></Spanner>'
    other = plain(74, 74, 74, 74)
    first = measure(volta.format(1) + other, FULL[1], inside="<endRepeat>2</endRepeat>")
    second = measure(end + volta.format(2) + FULL[0], FULL[1])
    below = measure(*FULL[2:])
    chorale = read(
        document(FULL, (*FULL, first, below), (*FULL, second, below))
    ).chorale
    assert chorale.steps == 32
    assert not (chorale.pitches[16:, 0] == 74).all()


@pytest.mark.parametrize("ends", [True, False])
def test_an_ending_in_the_last_bar_ends_there_or_with_its_staff(
    read: Read, ends: bool
) -> None:
    """The bracket of the last bar ends after its notes; some are left open."""
    volta = (
        '<Spanner type="Volta"><Volta><endings>{}</endings></Volta><next/></Spanner>'
    )
    end = '<Spanner type="Volta"><prev/></Spanner>'
    other = plain(74, 74, 74, 74)
    first = measure(volta.format(1) + other, FULL[1], inside="<endRepeat>2</endRepeat>")
    second = measure(end + volta.format(2) + FULL[0] + end * ends, FULL[1])
    below = measure(*FULL[2:])
    chorale = read(
        document(FULL, (*FULL, first, below), (*FULL, second, below))
    ).chorale
    assert chorale.steps == 32
    assert [note.pitch for note in chorale.notes(0)] == [72, 74, 76, 72] * 2


def test_lyrics(read: Read) -> None:
    words = "<Lyrics><syllabic>begin</syllabic><text>Al</text></Lyrics>"
    words += "<Lyrics><no>1</no><text>Herr</text></Lyrics>"
    soprano = chord(72, more=words)
    soprano += chord(
        74, more="<Lyrics><syllabic>end</syllabic><text>le</text></Lyrics>"
    )
    chorale = read(document((soprano + plain(76, 72), *FULL[1:]))).chorale
    assert chorale.lyrics == (
        Lyric(step=0, voice=0, verse=1, text="Al", joined=True),
        Lyric(step=0, voice=0, verse=2, text="Herr"),
        Lyric(step=4, voice=0, verse=1, text="le"),
    )


def test_a_compressed_file_has_the_score_beside_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "hymn.mscz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Excerpts/Soprano/Soprano.mscx", "<museScore/>")
        archive.writestr("hymn.mscx", document(FULL))
    assert read_spelled(path).chorale.pitches[0].tolist() == [72, 67, 64, 48]
    renamed = path.rename(tmp_path / "hymn.mxl")
    with pytest.raises(DataError, match="this is MuseScore: add --from musescore"):
        read_spelled(renamed)


@pytest.mark.parametrize(
    "content", [b"PK\3\4 and more", b"", b"nonsense", b"<museScore version='4.0'>"]
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    for ending in (".mscz", ".mscx"):
        path = tmp_path / f"hymn{ending}"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"damaged|it is empty"):
            read_spelled(path)


def test_files_of_older_versions_are_refused_with_advice(read: Read) -> None:
    with pytest.raises(DataError, match=r"3 or 4, got version '2.06': open it there"):
        read(document(FULL, version="2.06"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "<pitch>72</pitch>",
            "",
            "a note with pitch and tpc, got None, '14', in bar 1",
        ),
        ("quarter", "quaver", "a note value such as quarter, got 'quaver'"),
        ("<sigD>4</sigD>", "", "a time signature with sigN and sigD"),
        ("<Measure ", "<Other ", "cannot read it|it is damaged"),
    ],
)
def test_what_cannot_be_read_is_named(
    read: Read, old: str, new: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(document(FULL).replace(old, new))

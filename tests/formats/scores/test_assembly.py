"""Written scores on the grid: staves, repeats, endings, metres, keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from written_scores import KEY, score, staff

from chorale.errors import DataError
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.scores.assembly import assemble
from chorale.formats.scores.written_score import KeySignature, WrittenScore
from chorale.music.metre import Metre
from chorale.music.score import Note

SATB = ("72:16", "67:16", "60:16", "48:16")


def satb(**fields: Any) -> Reading:
    return assemble(score(*map(staff, SATB), **fields))


def melody(text: str, **fields: Any) -> Reading:
    return assemble(score(staff(text), **fields), 0)


def test_four_staves_and_two() -> None:
    for reading in (
        satb(),
        assemble(score(staff("72:16&67:16"), staff("60:16&48:16"))),
        assemble(score(staff("72+67:16"), staff("60:16&48:16"))),
    ):
        assert reading.chorale.pitches[0].tolist() == [72, 67, 60, 48]
        assert reading.remarks() == []


def test_three_voices_in_the_right_hand() -> None:
    reading = assemble(score(staff("72+67+60:8 71+67+62:8"), staff("48:8 43:8")))
    assert reading.chorale.pitches[::8].tolist() == [[72, 67, 60, 48], [71, 67, 62, 43]]
    reading = assemble(score(staff("72:16"), staff("67+60+48:16")))
    assert reading.chorale.pitches[0].tolist() == [72, 67, 60, 48]
    with pytest.raises(DataError, match=r"3 voices .* got 2 notes .* beat 3"):
        assemble(score(staff("72+67+60:8 71+67:8"), staff("48:16")))


def test_a_staff_of_one_voice_is_not_two() -> None:
    with pytest.raises(DataError, match="2 voices on the staff, got one in most bars"):
        assemble(score(staff("72:8 71:8"), staff("60:16&48:16")))


def test_a_unison_in_one_bar_is_said() -> None:
    reading = assemble(
        score(
            staff("72:16&67:16|69:16|71:16&67:16"), staff("60+48:16|57:8 60+52:8|0:16")
        )
    )
    assert reading.chorale.pitches[::16].tolist() == [
        [72, 67, 60, 48],
        [69, 69, 57, 57],
        [71, 67, 0, 0],
    ]
    assert reading.remarks() == [
        "notes that are written once for two voices are read as unisons in bar 2"
    ]


def test_the_user_chooses_the_staves() -> None:
    five = [staff(text) for text in ("50:16", *reversed(SATB))]
    options = ReadingOptions(parts=(5, 4, 3, 2))
    reading = assemble(score(*five), None, options)
    assert reading.chorale.pitches[0].tolist() == [72, 67, 60, 48]
    one = assemble(score(*five), 0, ReadingOptions(parts=(4,)))
    assert one.chorale.notes(0) == [Note(67, 0, 16)]
    with pytest.raises(DataError, match="different numbers of parts, got 1,2,3,6"):
        assemble(score(*five), None, ReadingOptions(parts=(1, 2, 3, 6)))


# === Repeats ===


def test_the_last_ending_is_read_and_said() -> None:
    reading = melody(
        "60:16|62:16|64:16|65:16",
        bars={
            2: {"endings": frozenset({1, 2}), "repeat_end": True},
            3: {"endings": frozenset({3})},
        },
    )
    assert [note.pitch for note in reading.chorale.notes(0)] == [60, 64, 65]
    assert reading.remarks() == [
        "repeats are read once, with the last ending, without bar 2"
    ]


def test_an_only_ending_stays() -> None:
    reading = melody("60:16|62:16", bars={2: {"endings": frozenset({1})}})
    assert len(reading.chorale.notes(0)) == 2
    assert reading.remarks() == []


def test_a_bar_in_two_halves_at_a_repeat() -> None:
    reading = melody(
        "67:4|60:16|62:12|64:4|65:12",
        bars={1: {"number": 0, "upbeat": True}, 3: {"repeat_end": True}},
    )
    assert reading.chorale.pickup == 4
    assert reading.chorale.bars[[0, 4, 20, 32, 36]].tolist() == [0, 1, 2, 2, 3]
    assert reading.remarks() == ["repeats are read once"]


# === Metre, key, tempo ===


def test_without_a_metre_bars_are_counted_in_common_time() -> None:
    assert satb(bars={1: {"metre": None}}).metre_assumed
    late = melody("60:16|62:12", bars={1: {"metre": None}, 2: {"metre": Metre(3, 4)}})
    assert [metre.name for metre in late.chorale.metres] == ["4/4", "3/4"]
    assert "there is no metre before bar 2" in late.remarks()[0]


def test_a_metre_survives_a_bar_that_is_left_out() -> None:
    reading = melody(
        "60:16|62:12|64:12",
        bars={
            2: {"metre": Metre(3, 4), "endings": frozenset({1})},
            3: {"endings": frozenset({2})},
        },
    )
    assert [metre.name for metre in reading.chorale.metres] == ["4/4", "3/4"]


def test_a_bar_longer_than_its_metre_is_said() -> None:
    reading = melody("60:20|62:16")
    assert reading.chorale.bars[[0, 16, 20]].tolist() == [1, 2, 3]
    assert "counted as several: bar 1" in reading.remarks()[0]


def test_key_and_tempo_are_those_of_the_beginning() -> None:
    later = {2: {"key": replace(KEY, fifths=4), "tempo": 40.0}}
    reading = melody("60:16|62:16", bars=later)
    assert (reading.signatures, reading.chorale.tempo) == ((KEY,), 72)
    first = {1: {"key": replace(KEY, fifths=1, mode="dorian"), "tempo": 40.0}}
    reading = melody("69:12 72:4|69:16", bars=first)
    assert reading.signatures == (replace(KEY, fifths=1, mode="dorian"),)
    assert (reading.chorale.key, reading.chorale.tempo) == (None, 40)


@pytest.mark.parametrize(
    ("later", "change"),
    [
        (replace(KEY, fifths=4), 16),
        (replace(KEY, mode="minor"), 16),
        (KEY, None),
        (replace(KEY, mode=""), None),
    ],
)
def test_where_another_key_begins(later: KeySignature, change: int | None) -> None:
    assert melody("60:16|62:16", bars={2: {"key": later}}).first_change == change


def test_short_notes_that_are_lost_are_said() -> None:
    reading = melody("60:4 62:2 64:2 65:8")
    assert reading.remarks() == []
    (lines,) = staff("60:4 62:2 64:2 65:8").bars[0]
    quick = [replace(note, start=note.start / 4, end=note.end / 4) for note in lines]
    reading = assemble(score(replace(staff("60:4"), bars=[[quick]])), 0)
    assert [note.pitch for note in reading.chorale.notes(0)] == [60, 62, 65]
    assert reading.remarks() == [
        "notes too short for the grid of sixteenths are left out: 1",
        "1 note is off the grid of sixteenths, as triplets are: moved to it, first in "
        "bar 1, beat 1.25",
    ]


# === Staves that are left out, and voices that are divided ===


def test_an_accompaniment_with_more_and_longer_bars() -> None:
    piano = replace(staff("60:20|60:16|60:16"), name="Piano")
    names = ("Soprano", "Alto", "Tenor", "Bass")
    voices = [
        replace(staff(f"{text}|{text}"), name=name)
        for text, name in zip(SATB, names, strict=True)
    ]
    reading = assemble(score(*voices, piano))
    assert reading.chorale.steps == 32
    assert [note.start for note in reading.chorale.notes(0)] == [0, 16]
    assert reading.remarks() == ['left out: part 5 "Piano"']
    # A bar that a singer fills is as long as written.
    voices[3] = replace(staff("48:20|48:16"), name="Bass")
    assert assemble(score(*voices, piano)).chorale.steps == 36


@pytest.mark.parametrize("voice", range(4))
def test_a_voice_that_is_divided_in_one_chord(voice: int) -> None:
    pitches = (72, 67, 60, 48)
    texts = ["|".join([f"{pitch}:4 " * 4] * 3) for pitch in pitches]
    chord = "+".join(str(pitches[voice] + distance) for distance in (7, 1, -5))
    texts[voice] = texts[voice].replace(f"{pitches[voice]}:4", f"{chord}:4", 1)
    reading = assemble(score(*map(staff, texts)))
    kept = pitches[voice] + (7, 1, 1, -5)[voice] if voice in (0, 3) else None
    first = reading.chorale.notes(voice)[0].pitch
    assert first == kept or (kept is None and first in range(50, 70))
    name = ("soprano", "alto", "tenor", "bass")[voice]
    assert reading.remarks() == [f"the {name} is divided in bar 1: one note is read"]
    texts[voice] = texts[voice].replace(f"{pitches[voice]}:4", f"{chord}:4", 1)
    with pytest.raises(DataError, match="one voice on a staff, got 3 notes at once"):
        assemble(score(*map(staff, texts)))


# === Bad scores ===


def test_scores_that_are_no_chorale() -> None:
    with pytest.raises(DataError, match="expected a melody, got no notes"):
        melody("0:16")
    for voice in (None, 0):
        with pytest.raises(DataError, match=r"clear which of the parts.*1 \(no name\)"):
            assemble(score(*map(staff, SATB[:3])), voice)
    short = WrittenScore(
        bars=score(staff("72:16|72:16")).bars,
        staves=[staff("72:16|72:16"), *map(staff, SATB[1:])],
    )
    with pytest.raises(DataError, match="equally many bars, got 2, 1, 1, 1: fill the"):
        assemble(short)
    named = replace(
        short, staves=[replace(short.staves[0], name="Sopran"), *short.staves[1:]]
    )
    with pytest.raises(
        DataError, match='equally many bars, got 2 in "Sopran", 1, 1, 1'
    ):
        assemble(named)
    with pytest.raises(DataError, match="at most 100000 sixteenths"):
        melody("60:200000")


# === Chords and second voices in a melody ===


def test_few_chords_in_a_melody() -> None:
    tune = score(staff("72:4 71:4 74:4 72:4 | 72:4 71+67:4 74:8"))
    reading = assemble(tune, 0)
    assert reading.chorale.pitches[::4, 0].tolist() == [72, 71, 74, 72, 72, 71, 74, 74]
    assert "only the top note of chords is read in bar 2" in reading.notes
    many = score(staff("72:4 71:4 74+67:4 72:4 | 72+67:4 71+67:4 74:8"))
    with pytest.raises(DataError, match=r"2 notes at once in bar 1.* only the melody"):
        assemble(many, 0)


def test_two_voices_in_a_melody() -> None:
    tune = score(staff("72:8 71:8 & 67:16 | 72:16"))
    reading = assemble(tune, 0)
    assert reading.chorale.pitches[::8, 0].tolist() == [72, 71, 72, 72]
    assert "only the upper voice is read in bar 1" in reading.notes
    swapped = assemble(score(staff("67:16 & 72:8 71:8 | 72:16")), 0)
    assert swapped.chorale.pitches[::8, 0].tolist() == [72, 71, 72, 72]

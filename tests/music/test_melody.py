"""Melodies extracted from chorales: range, phrases, rests."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import DataError, UsageError
from chorale.music.keys import Key
from chorale.music.melody import Melody, fill_rests, fit_range, melody_of
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note
from chorale.music.voices import BASS, VOICES


def line_of(melody: Melody) -> list[Note]:
    return melody.chorale.notes(melody.voice)


def test_silence_around_a_voice_is_left_out() -> None:
    lines: list[list[Note]] = [[Note(72, 8, 16), Note(74, 24, 8)], [], [], []]
    metres = (Metre(4, 4), Metre(3, 4, 16))
    chorale = Chorale.from_notes(lines, 40, metres=metres)
    melody = melody_of(chorale)
    assert line_of(melody) == [(72, 0, 16), (74, 16, 8)]
    assert melody.chorale.metres == (Metre(4, 4), Metre(3, 4, 8))
    assert melody.chorale.bars.tolist() == [0] * 8 + [1] * 12 + [2] * 4
    assert melody.chorale.positions[[0, 7, 8]].tolist() == [8, 15, 0]


@pytest.mark.parametrize(
    ("pitches", "voice", "moved", "remark"),
    [
        ([60, 79], 0, 0, None),
        ([48, 60], 0, 12, "transposed an octave up into the range of the soprano"),
        ([60, 72], BASS, -12, "transposed an octave down into the range of the bass"),
        ([84, 96], BASS, -36, "transposed 3 octaves down into the range of the bass"),
        ([57, 74], 0, 0, None),  # only some semitones higher would do
        ([50, 90], 0, 0, None),  # nothing would
    ],
)
def test_a_line_moves_by_octaves_into_its_range(
    pitches: list[int], voice: int, moved: int, remark: str | None
) -> None:
    table = np.zeros((32, VOICES), int)
    table[:16, voice], table[16:, voice] = pitches
    melody = melody_of(Chorale(pitches=table, key=Key("C", "major")), voice)
    expected = np.array(pitches) + moved
    assert [note.pitch for note in line_of(melody)] == expected.tolist()
    assert [text for text in melody.remarks if "transposed" in text] == (
        [remark] * bool(remark)
    )
    assert melody.chorale.key == Key("C", "major")


@pytest.mark.parametrize(
    ("line", "move"),
    [
        ([57, 74], (0, 3)),
        ([61, 80], (0, -1)),
        ([45, 62], (1, 3)),
        ([72, 72, 90], (-1, 0)),
        ([57, 64, 69, 69], (0, 3)),  # an octave up, more would be too high
        ([50, 90], (0, 0)),  # whatever it does, as much is outside
    ],
)
def test_fitting_a_range(line: list[int], move: tuple[int, int]) -> None:
    assert fit_range(np.array([0, *line]), (60, 79)) == move


def test_rests_of_a_melody_are_filled() -> None:
    melody = melody_of(
        Chorale.from_notes([[Note(72, 0, 4), Note(74, 8, 4)], [], [], []], 12)
    )
    through = fill_rests(melody)
    assert through.pitches[:, 0].tolist() == [72] * 8 + [74] * 4
    assert not through.onsets[4:8].any()
    assert not through.pitches[:, 1:].any()


@pytest.mark.parametrize(("rest", "said"), [(12, False), (16, True)])
def test_long_rests_are_remarked(rest: int, said: bool) -> None:
    notes = [Note(72, 0, 4), Note(74, 4 + rest, 8)]
    melody = melody_of(Chorale.from_notes([notes, [], [], []], 12 + rest))
    assert ("the other voices go on" in " ".join(melody.remarks)) is said


def test_a_voice_that_is_silent() -> None:
    chorale = Chorale.from_notes([[Note(72, 0, 4)], [], [], []], 4)
    with pytest.raises(DataError, match="the bass is silent throughout"):
        melody_of(chorale, BASS)


def quarters(count: int) -> Chorale:
    notes = [Note(72 + place % 2, 4 * place, 4) for place in range(count)]
    return Chorale.from_notes([notes, [], [], []], 4 * count, key=Key("C", "major"))


def test_phrases_may_be_given_by_their_bars() -> None:
    melody = melody_of(quarters(16), phrases=(1, 3))
    assert melody.chorale.fermata_spans() == [(12, 16), (44, 48), (60, 64)]
    assert melody.remarks == ()
    melody = melody_of(melody.chorale, phrases=())
    assert melody.chorale.fermata_spans() == [(60, 64)]
    with pytest.raises(UsageError, match="in bars 1 to 4, got bar 5"):
        melody_of(quarters(16), phrases=(5,))


def test_guessed_phrases_are_said_and_may_be_given_again() -> None:
    melody = melody_of(quarters(32))
    (remark,) = melody.remarks
    assert (
        remark == "there are no fermatas: phrases are assumed to end in bars 2, 4, 6, 8"
    )
    again = melody_of(quarters(32), phrases=(2, 4, 6, 8))
    assert again.chorale == melody.chorale


def test_a_fermata_on_the_last_note_only_is_not_called_none() -> None:
    line = [Note(60, 4 * beat, 4) for beat in range(4)]
    fermatas = np.arange(16) >= 12
    chorale = Chorale.from_notes(
        [line, [], [], []], 16, key=Key("C", "major"), fermatas=fermatas
    )
    assert melody_of(chorale).remarks == (
        "there is a fermata on the last note only: the melody is taken as one phrase",
    )


@pytest.mark.parametrize(("bars", "is_said"), [(1.75, False), (2, True), (8, True)])
def test_bars_that_are_cut_are_said(bars: float, is_said: bool) -> None:
    line = [Note(60, 4 * beat, 4) for beat in range(4)]
    steps = round(16 * bars)
    chorale = Chorale.from_notes([line, [], [], []], steps, key=Key("C", "major"))
    melody = melody_of(chorale)
    assert melody.chorale.steps == 16
    remark = "the bars after the last note are left out"
    assert (remark in melody.remarks) == is_said


def test_a_note_that_is_held_over_a_barline_ends_a_phrase_once() -> None:
    # A pickup, and a last note of each phrase that begins in the bar before.
    lengths = [4] + ([8, 4] * 2 + [8, 24, 4]) * 4
    notes, step = [], 0
    for length in lengths[:-1]:
        notes.append(Note(72, step, length))
        step += length
    chorale = Chorale.from_notes(
        [notes, [], [], []],
        step,
        metres=(Metre(3, 4),),
        positions=(np.arange(step) + 8) % 12,
        bars=(np.arange(step) + 8) // 12,
        key=Key("C", "major"),
    )
    melody = melody_of(chorale)
    assert [end - start for start, end in melody.chorale.fermata_spans()] == [24] * 4

"""Pickups that a MIDI file does not mark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mido
import pytest
from strategies import little_chorale

from chorale.corpus.loading import load_corpus
from chorale.formats.files import read_line, read_spelled, write
from chorale.formats.midi.pickups import on_pickup, suspected_pickup
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note

COMMON, TRIPLE = Metre(4, 4), Metre(3, 4)


def piece(quarters: list[float], metre: Metre = COMMON, rest: int = 0) -> Chorale:
    """Return a melody from lengths in quarters, after a rest in steps."""
    notes, step = [], rest
    for length in quarters:
        notes.append(Note(67, step, round(4 * length)))
        step += round(4 * length)
    return Chorale.from_notes([notes, [], [], []], step, metres=[metre])


def test_long_notes_off_the_strong_beats_are_suspicious() -> None:
    assert suspected_pickup(piece([1, 1, 2, 2, 1, 1, 2])) == 0
    assert suspected_pickup(piece([1, 2, 2, 1, 1, 2])) == 4
    assert suspected_pickup(piece([0.5, 0.5, 0.5, 2, 2, 2])) == 6
    assert suspected_pickup(piece([1, 2, 1, 2, 1, 2], TRIPLE)) == 4
    assert suspected_pickup(piece([2, 3, 3, 3], TRIPLE)) == 8
    assert suspected_pickup(piece([2, 2, 2, 2, 2], Metre(2, 4))) == 0


@pytest.mark.parametrize(
    "found",
    [
        piece([1, 2, 1, 1, 1, 2]),  # two long notes are few
        piece([1, 2, 2, 2, 1, 2, 2]),  # as many on the strong beats
        piece([1, 2, 2, 2, 1, 1]),  # the last note is on a strong beat
        piece([1, 2, 2, 1, 1, 2], rest=12),  # rests fill the bar of the pickup
        piece([0.5, 1.5, 1.5, 1.5, 1.5], Metre(6, 8)),
        piece([1, 1, 1, 1]),
    ],
)
def test_little_evidence_is_none(found: Chorale) -> None:
    assert suspected_pickup(found) == 0
    assert on_pickup(found) == []


def test_bachs_pickups_are_suspected_and_no_others() -> None:
    suspected = {True: [], False: []}
    for chorale in load_corpus(splits=("valid",)).valid:
        if len(chorale.metres) == 1:
            # As written from tick 0.
            metres = [Metre(chorale.metre.numerator, chorale.metre.denominator)]
            plain = Chorale(
                pitches=chorale.pitches, onsets=chorale.onsets, metres=metres
            )
            suspected[chorale.pickup > 0].append(suspected_pickup(plain))
    assert sum(map(bool, suspected[True])) > 0.6 * len(suspected[True])
    assert not any(suspected[False])


def save(
    path: Path,
    *events: mido.MetaMessage,
    rest: int = 0,
    lengths: Sequence[int] = (1, 2, 1, 2, 1, 2, 1, 2),
) -> Path:
    """Write a melody after meta events and a rest, in quarters.

    By default it is one of 3/4 that begins a quarter before the barline.
    """
    file = mido.MidiFile(ticks_per_beat=480)
    head = mido.MidiTrack([*events, mido.MetaMessage("set_tempo", tempo=600_000)])
    track = mido.MidiTrack()
    for length in lengths:
        track.append(mido.Message("note_on", note=67, time=480 * rest))
        track.append(mido.Message("note_off", note=67, time=480 * length))
        rest = 0
    file.tracks += [head, track]
    file.save(path)
    return path


def test_without_a_metre_no_beat_is_strong(tmp_path: Path) -> None:
    notes = read_line(save(tmp_path / "a.mid", lengths=[1, 2, 2, 2, 2]), 0).notes
    assert not any("pickup" in note for note in notes)
    common = save(tmp_path / "b.mid", signature(4), lengths=[1, 2, 2, 2, 2])
    assert any("pickup" in note for note in read_line(common, 0).notes)


def signature(numerator: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=numerator, time=time)


def test_what_the_remark_advises_helps(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", signature(3))
    remark = (
        "long notes begin off the strong beats, as after a pickup of 1/4: if there is "
        "one, write rests before it that fill its bar, or begin with a time signature "
        "of 1/4"
    )
    assert remark in read_line(path, 0).notes
    marked = save(tmp_path / "b.mid", signature(1), signature(3, 480))
    reading = read_line(marked, 0)
    assert (remark in reading.notes, reading.chorale.pickup) == (False, 4)
    rests = save(tmp_path / "c.mid", signature(3), rest=2)
    assert remark not in read_line(rests, 0).notes


def test_four_four_alone_may_be_a_default(tmp_path: Path) -> None:
    lengths = [1, 2, 2, 2, 2]
    for heads, is_default in (
        ([signature(4)], True),
        ([signature(4), signature(4, 480)], True),
        ([signature(3)], False),
        ([signature(1), signature(4, 480)], False),
        ([signature(4), signature(3, 1920)], False),
        ([], False),
    ):
        path = save(tmp_path / "a.mid", *heads, lengths=lengths)
        assert read_line(path, 0).metre_default is is_default
    write(little_chorale(), tmp_path / "own.mid")
    assert not read_spelled(tmp_path / "own.mid").metre_default

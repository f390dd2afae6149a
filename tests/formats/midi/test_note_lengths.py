"""Gate times: notes that are played shorter than written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.formats.midi.note_lengths import close_gaps, estimate_gate
from chorale.formats.midi.quantization import PerformedNote
from chorale.music.score import Note

# Lengths of a line in steps.
LINE = (4, 4, 8, 4, 4, 16, 2, 2, 4, 12)


def played(lengths: tuple[int, ...], share: float = 1.0, early: float = 0.0) -> list:
    notes, start = [], 0
    for length in lengths:
        notes.append(
            PerformedNote(pitch=60, start=start, end=start + length * share - early)
        )
        start += length
    return notes


def lengths(notes: list[PerformedNote]) -> list[int]:
    return [note.quantized.length for note in notes]


@pytest.mark.parametrize("share", [0.8, 0.85, 0.9, 0.95, 0.98])
def test_a_share_of_the_length(share: float) -> None:
    notes = played(LINE, share)
    gate = estimate_gate([notes])
    assert gate is not None and gate.is_even
    assert lengths([gate.lengthen(note) for note in notes]) == list(LINE)
    assert f"{share:.0%}" in gate.remark


@pytest.mark.parametrize("early", [0.1, 0.2, 0.5, 0.8])
def test_some_ticks_early(early: float) -> None:
    notes = played(LINE, early=early)
    gate = estimate_gate([notes])
    assert gate is not None and gate.is_even
    assert lengths([gate.lengthen(note) for note in notes]) == list(LINE)
    assert "a little early" in gate.remark


@given(
    line=st.lists(st.sampled_from((4, 4, 4, 4, 2, 16)), min_size=8, max_size=30),
    gate=st.sampled_from(({"share": 0.85}, {"share": 0.948}, {"early": 0.2})),
)
def test_most_notes_may_be_of_one_length(
    line: list[int], gate: dict[str, float]
) -> None:
    notes = played((*line, 8), **gate)
    found = estimate_gate([notes])
    assert found is not None
    assert lengths([found.lengthen(note) for note in notes]) == [*line, 8]


@pytest.mark.parametrize("share", [1.0, 0.95, 0.87])
def test_a_rest_stays_a_rest(share: float) -> None:
    # The second note and the seventh, an eighth, are rests.
    notes = [note for note in played(LINE, share) if note.start not in (4, 40)]
    gate = estimate_gate([notes])
    line = [(gate.lengthen(note) if gate else note).quantized for note in notes]
    gaps = [(note.end, after.start) for note, after in pairwise(line)]
    assert [gap for gap in gaps if gap[0] < gap[1]] == [(4, 8), (40, 42)]


def test_full_lengths_have_no_gate_even_with_rests() -> None:
    notes = played((4, 4, 3, 4, 4, 8, 7, 16))
    rests = [note for note in notes if note.start != 8]
    assert estimate_gate([notes]) is None
    assert estimate_gate([rests]) is None
    triplets = [
        PerformedNote(pitch=60, start=place * 4 / 3, end=(place + 1) * 4 / 3)
        for place in range(12)
    ]
    assert estimate_gate([triplets]) is None


def test_chords_tell_the_gate_too() -> None:
    upper = played((8, 8, 8, 8), 0.95)
    lower = [
        PerformedNote(pitch=48, start=note.start, end=note.end)
        for note in played((4, 4, 8, 4, 4, 8), 0.95)
    ]
    gate = estimate_gate([[*upper, *lower]])
    assert gate is not None and gate.share == pytest.approx(0.95)


def test_an_uneven_performance_has_no_gaps_of_a_sixteenth() -> None:
    ends = (3.1, 7.6, 14.4, 19.8, 22.7, 38.6)
    starts = (0, 4, 8, 16, 20, 24)
    notes = [
        PerformedNote(pitch=60, start=start, end=end)
        for start, end in zip(starts, ends, strict=True)
    ]
    gate = estimate_gate([notes])
    assert gate is not None and not gate.is_even
    assert "unevenly" in gate.remark
    line = [note.quantized for note in notes]
    closed = close_gaps(line, [], [0, 16, 32])
    assert [(note.start, note.end) for note in closed] == [
        (0, 4),
        (4, 8),
        (8, 14),  # a gap of an eighth is a rest
        (16, 20),
        (20, 24),
        (24, 40),  # the end of the piece is on a beat
    ]


def test_the_pedal_closes_any_gap() -> None:
    line = [Note(60, 0, 4), Note(62, 8, 4)]
    assert close_gaps(line, [(0, 9.0)], [0])[0] == Note(60, 0, 8)
    assert close_gaps(line, [(0, 6.0)], [0])[0] == Note(60, 0, 4)

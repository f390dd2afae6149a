"""Copying: planted copies are found, near-copies are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import little_chorale
from tiny import tiny_chorale

from chorale.errors import DataError
from chorale.evaluation.copying import (
    WINDOWS,
    Copied,
    CopyIndex,
    Windows,
    near_duplicates,
)
from chorale.music.score import Chorale
from chorale.music.voices import BASS, VOICES

STEPS = 200


def busy_chorale(seed: int, steps: int = STEPS) -> Chorale:
    """Return a chorale of random chords: no two stretches are alike."""
    random = np.random.default_rng(seed)
    return Chorale(pitches=random.integers(48, 76, (steps, VOICES)))


def with_planted(copy: np.ndarray, place: int, steps: int = STEPS) -> Chorale:
    """Return a random chorale with a copy of some steps in one place."""
    pitches = busy_chorale(99, steps).pitches.copy()
    pitches[place : place + len(copy)] = copy
    return Chorale(pitches=pitches)


# === Planted copies ===


@pytest.mark.parametrize("semitones", [0, 5, -12])
@pytest.mark.parametrize(("begin", "end"), [(0, 40), (70, 103), (160, 200)])
@pytest.mark.parametrize("place", [0, 17, 160])
def test_a_copy_is_found_in_any_key_and_anywhere(
    semitones: int, begin: int, end: int, place: int
) -> None:
    train = [busy_chorale(1), busy_chorale(2)]
    copy = train[1].transpose(semitones).pitches[begin:end][: STEPS - place]
    piece = with_planted(copy, place)
    memory = CopyIndex(train)
    assert memory.copied(piece).longest_run == len(copy)
    # Cut by the start, what is left of it is found.
    assert memory.copied(piece, start=place + 5).longest_run == len(copy) - 5
    found = memory.contains(piece.pitches, len(copy))
    assert np.flatnonzero(found).tolist() == [place]


def test_one_note_that_differs_ends_a_run() -> None:
    train = busy_chorale(1)
    copy = train.pitches[20:60].copy()
    copy[25, BASS] += 1
    assert CopyIndex([train]).copied(with_planted(copy, 50)).longest_run == 25


def test_all_voices_move_by_the_same_interval_for_the_whole_run() -> None:
    train = busy_chorale(1)
    copy = train.pitches[20:60].copy()
    copy[22:] += 2
    assert CopyIndex([train]).copied(with_planted(copy, 50)).longest_run == 22
    copy = train.pitches[20:60].copy()
    copy[:, BASS] += 12
    assert CopyIndex([train]).copied(with_planted(copy, 50)).longest_run == 0


def test_no_run_goes_from_one_piece_of_train_into_the_next() -> None:
    first, second = busy_chorale(1), busy_chorale(2)
    copy = np.concatenate([first.pitches[-16:], second.pitches[:15]])
    assert CopyIndex([first, second]).copied(with_planted(copy, 50)).longest_run == 16


def test_a_rest_is_a_rest() -> None:
    pitches = busy_chorale(1).pitches.copy()
    pitches[30:40] = 0
    pitches[50:60, BASS] = 0
    train = Chorale(pitches=pitches)
    memory = CopyIndex([train])
    # Silence matches in any key, the notes around it only in one.
    copy = train.transpose(3).pitches[20:60].copy()
    assert memory.copied(with_planted(copy, 50)).longest_run == 40
    copy[:10] += 1
    assert memory.copied(with_planted(copy, 50)).longest_run == 30
    # A note where train has a rest.
    copy[35, BASS] = 50
    assert memory.copied(with_planted(copy, 50)).longest_run == 25


# === Windows ===


def test_windows_begin_at_each_beat() -> None:
    train = busy_chorale(1)
    # Steps 21 to 88 are copied: of the windows of 16 steps those from 24 to 72.
    piece = with_planted(train.pitches[40:108], 21)
    copied = CopyIndex([train]).copied(piece)
    assert copied.longest_run == 68
    assert copied.windows == {
        4: Windows(13, 47),
        8: Windows(9, 43),
        16: Windows(1, 35),
    }
    assert copied.windows[4].share == 13 / 47
    later = CopyIndex([train]).copied(piece, start=30)
    assert later.windows[4] == Windows(11, 39)


def test_beats_are_those_of_the_bar() -> None:
    piece = busy_chorale(1, 40)
    positions = (np.arange(40) + 14) % 16  # a pickup of an eighth
    late = Chorale(pitches=piece.pitches, bars=np.zeros(40), positions=positions)
    assert CopyIndex([piece]).copied(piece).windows[4] == Windows(7, 7)
    assert CopyIndex([piece]).copied(late).windows[4] == Windows(6, 6)


def test_a_held_chord_is_no_copy() -> None:
    chord = np.tile([72, 67, 64, 48], (80, 1))
    held = Chorale(pitches=chord)
    moved = Chorale(pitches=np.concatenate([chord, chord + 2]))
    nothing = Copied(longest_run=0, windows=dict.fromkeys(WINDOWS, Windows(0, 0)))
    assert CopyIndex([moved]).copied(held) == nothing
    assert nothing.windows[4].share is None
    copied = CopyIndex([moved]).copied(moved)
    assert copied.longest_run == 160
    # One change, at step 80: the windows from beat 17 to 19 have it.
    assert copied.windows[4] == Windows(3, 3)
    assert CopyIndex([held]).copied(moved).windows[4] == Windows(0, 3)


def test_too_short_a_piece_has_no_windows() -> None:
    piece = busy_chorale(1, 15)
    copied = CopyIndex([busy_chorale(2), piece]).copied(piece)
    assert copied.longest_run == 15
    assert set(copied.windows.values()) == {Windows(0, 0)}
    step = busy_chorale(1, 1)
    assert CopyIndex([step]).copied(step).longest_run == 0


def test_a_piece_of_train_is_copied_whole() -> None:
    random = np.random.default_rng(0)
    train = [tiny_chorale(random), little_chorale(), tiny_chorale(random)]
    memory = CopyIndex(train)
    for chorale in train:
        copied = memory.copied(chorale)
        assert copied.longest_run == chorale.steps
        assert all(
            windows.copied == windows.total for windows in copied.windows.values()
        )


def test_there_must_be_a_train() -> None:
    with pytest.raises(DataError, match="at least one chorale to search in"):
        CopyIndex([])


# === Against an exhaustive search ===


def is_same(left: np.ndarray, right: np.ndarray) -> bool:
    """Return whether two stretches are equal up to a transposition."""
    sounds = left != 0
    if not np.array_equal(sounds, right != 0):
        return False
    return len(set((left - right)[sounds].tolist())) <= 1


def tried(train: list[np.ndarray], piece: np.ndarray, length: int) -> list[bool]:
    """Return which stretches of a piece are in train."""
    stretches = [
        pitches[begin : begin + length]
        for pitches in train
        for begin in range(len(pitches) - length + 1)
    ]
    return [
        any(is_same(piece[begin : begin + length], known) for known in stretches)
        for begin in range(len(piece) - length + 1)
    ]


tiny_pieces = st.lists(
    st.lists(st.sampled_from([0, 60, 61]), min_size=VOICES, max_size=VOICES),
    min_size=1,
    max_size=12,
).map(lambda rows: np.array(rows))
# Two voices that never move leave the chords few enough to come again.
few_chords = st.lists(st.sampled_from([0, 60, 61, 63]), min_size=1, max_size=24).map(
    lambda line: np.array([[pitch, 0, 0, pitch] for pitch in line])
)


@given(
    st.one_of(
        st.tuples(st.lists(tiny_pieces, min_size=1, max_size=3), tiny_pieces),
        st.tuples(st.lists(few_chords, min_size=1, max_size=3), few_chords),
    )
)
def test_an_exhaustive_search_finds_the_same(
    pieces: tuple[list[np.ndarray], np.ndarray],
) -> None:
    train, piece = pieces
    memory = CopyIndex([Chorale(pitches=pitches) for pitches in train])
    longest = 0
    for length in range(1, len(piece) + 2):
        expected = tried(train, piece, length)
        assert memory.contains(piece, length).tolist() == expected
        for begin, found in enumerate(expected):
            stretch = piece[begin : begin + length]
            if found and (stretch != stretch[0]).any():
                longest = length
    assert memory.copied(Chorale(pitches=piece)).longest_run == longest


def test_near_duplicates_are_named():
    train = [busy_chorale(seed) for seed in range(3)]
    higher = replace(train[1], pitches=train[1].pitches + 3, source="higher")
    # 43 windows of 32 steps begin at a beat; of 140 copied steps 28 lie in the copy.
    part = replace(with_planted(train[0].pitches[:100], 0), source="part")
    most = replace(with_planted(train[0].pitches[:140], 0), source="most")
    new = replace(busy_chorale(50), source="new")
    found = near_duplicates(train, [higher, part, most, new])
    assert found == {
        "higher": {"share": 1.0, "train": train[1].source},
        "most": {"share": pytest.approx(28 / 43), "train": train[0].source},
    }
    assert near_duplicates(train, [part, most], quarters=16).keys() == {"most"}


def test_near_duplicates_are_the_same_however_many_pieces_are_searched_at_once(
    monkeypatch,
):
    random = np.random.default_rng(5)
    train = [
        Chorale(pitches=random.integers(48, 72, (60, 4)), source=f"piece {number}")
        for number in range(7)
    ]
    half = np.concatenate([train[1].pitches[:30], train[4].pitches[20:]]) + 3
    copies = [
        replace(train[5].transpose(-2), source="whole"),
        Chorale(pitches=half, source="of two"),
        Chorale(pitches=random.integers(48, 72, (60, 4)), source="new"),
    ]
    found = near_duplicates(train, copies, quarters=4)
    assert found["whole"] == {"share": 1.0, "train": "piece 5"}
    assert found["of two"]["train"] == "piece 4"
    assert 0.5 < found["of two"]["share"] < 1 and "new" not in found
    for pieces in (1, 2, 3):
        monkeypatch.setattr("chorale.evaluation.copying._GROUP", pieces)
        assert near_duplicates(iter(train), copies, quarters=4) == found

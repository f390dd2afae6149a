"""Phrases: where a melody would bear fermatas."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.errors import UsageError
from chorale.music.metre import COMMON_TIME, Metre, number_bars
from chorale.music.phrases import ends_in_bars, fermatas_of, phrase_ends
from chorale.music.score import Chorale, Note
from chorale.music.voices import TENOR, VOICES


def line(lengths: list[int], rests: dict[int, int] | None = None) -> list[Note]:
    notes, step = [], 0
    for place, length in enumerate(lengths):
        notes.append(Note(60 + place % 5, step, length))
        step += length + (rests or {}).get(place, 0)
    return notes


def positions(notes: list[Note], bar: int = 16, first: int = 0) -> np.ndarray:
    return (np.arange(notes[-1].start + notes[-1].length) + first) % bar


def test_long_notes_end_phrases() -> None:
    notes = line(([4] * 6 + [8] + [4] * 5 + [12]) * 2)
    assert phrase_ends(notes, positions(notes), COMMON_TIME) == [6, 12, 19, 25]


def test_rests_end_phrases() -> None:
    notes = line([4] * 16, rests={7: 4})
    assert phrase_ends(notes, positions(notes, bar=12), Metre(3, 4)) == [7, 15]


def test_a_phrase_begins_where_in_the_bar_the_melody_does() -> None:
    # Quarters only, with a pickup: the barlines decide.
    notes = line([4] * 17)
    assert phrase_ends(notes, positions(notes, first=12), COMMON_TIME) == [7, 16]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_note_ends_a_phrase(count: int) -> None:
    notes = line([4] * count)
    assert phrase_ends(notes, positions(notes), COMMON_TIME) == [count - 1]


def test_phrases_are_estimated_only_where_there_are_no_fermatas() -> None:
    notes = line(([4] * 6 + [8] + [4] * 5 + [12]) * 2)
    pitches = np.zeros((notes[-1].end, VOICES), np.int64)
    for note in notes:
        pitches[note.start : note.end, TENOR] = note.pitch
    bare = Chorale(pitches=pitches)
    fermatas, remark = fermatas_of(bare, TENOR)
    ends = [notes[end] for end in phrase_ends(notes, bare.positions, bare.metre)]
    assert len(ends) > 1 and remark.startswith("there are no fermatas: phrases are")
    assert fermatas.sum() == sum(note.length for note in ends)
    assert all(fermatas[note.start : note.end].all() for note in ends)
    marked = replace(bare, fermatas=np.arange(bare.steps) == 3)
    assert fermatas_of(marked, TENOR)[0] is marked.fermatas
    assert not fermatas_of(marked, TENOR)[1] and not fermatas_of(marked)[1]
    silent, remark = fermatas_of(bare)
    assert not silent.any() and "the soprano is silent" in remark


# Traditional melodies: metre, pickup and lengths in steps, phrase ends by bar.
TUNES = {
    "Amazing Grace": (
        "3/4",
        4,
        "4 8 2 2 8 4 8 4 8 4 8 2 2 8 4 20 4 8 2 2 8 4 8 4 8 4 8 2 2 8 4 20",
        [4, 8, 12, 16],
    ),
    "Greensleeves": (
        "6/8",
        2,
        "2 4 2 3 1 2 4 2 3 1 2 4 2 3 1 2 4 2 4 2 4 2 3 1 2 4 2 3 1 2 3 1 2 3 1 2 6 6 "
        "6 3 1 2 4 2 3 1 2 4 2 3 1 2 4 2 6 6 3 1 2 4 2 3 1 2 3 1 2 3 1 2 6 4",
        [4, 8, 12, 16],
    ),
    "Old Hundredth": ("4/4", 4, "4 " * 32 + "4", [2, 4, 6, 8]),
    "Saint Anne": (
        "4/4",
        4,
        "4 4 4 4 4 4 4 4 4 4 4 4 4 12 4 4 4 4 4 4 4 4 4 4 4 4 4 12",
        [2, 4, 6, 8],
    ),
    "Ode to Joy": (
        "4/4",
        0,
        ("4 " * 12 + "6 2 8 ") * 2 + "4 4 4 4 4 2 2 4 4 4 2 2 4 4 4 4 8 "
        "" + "4 " * 12 + "6 2 8",
        [2, 4, 6, 8, 10, 12, 14, 16],
    ),
    "Auld Lang Syne": (
        "4/4",
        4,
        "4 " + "6 2 4 4 6 2 4 2 2 6 2 4 4 12 4 6 2 4 4 6 2 4 2 2 6 2 4 4 12 4 " * 2,
        [2, 4, 6, 8, 10, 12, 14, 16],
    ),
    "Silent Night": (
        "6/8",
        0,
        "3 1 2 6 " * 2 + "4 2 6 " * 2 + "4 2 3 1 2 3 1 2 6 " * 2,
        [2, 4, 6, 8],
    ),
    "Twinkle": ("4/4", 0, "4 4 4 4 4 4 8 " * 6, [2, 4, 6, 8, 10, 12]),
}


def tune(name: str) -> tuple[list[Note], np.ndarray, np.ndarray, Metre, list[int]]:
    metre_name, pickup, lengths, expected = TUNES[name]
    metre = Metre.parse(metre_name)
    notes = line([int(length) for length in lengths.split()])
    if name == "Auld Lang Syne":
        notes = notes[:-1]  # its last pickup begins no phrase
    bars, places = number_bars(notes[-1].end, [metre], pickup)
    return notes, bars, places, metre, expected


@pytest.mark.parametrize("name", TUNES)
def test_phrases_of_well_known_tunes(name: str) -> None:
    notes, bars, places, metre, expected = tune(name)
    ends = phrase_ends(notes, places, metre)
    assert [int(bars[notes[end].end - 1]) for end in ends] == expected
    # Never on a short note, and each phrase begins as the melody does.
    assert min(notes[end].length for end in ends) >= metre.beat_length * 2 / 3
    begins = {int(places[notes[end + 1].start]) for end in ends[:-1]}
    assert begins == {int(places[0])} or name == "Greensleeves"


@pytest.mark.parametrize("name", TUNES)
def test_phrases_that_are_given_by_their_bars(name: str) -> None:
    notes, bars, places, metre, expected = tune(name)
    guessed = phrase_ends(notes, places, metre)
    assert ends_in_bars(notes, bars, places, expected) == guessed
    assert ends_in_bars(notes, bars, places, []) == [len(notes) - 1]


def test_long_melodies_take_memory_by_their_length() -> None:
    notes = line([4] * 4000)
    tracemalloc.start()
    ends = phrase_ends(notes, positions(notes), COMMON_TIME)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ends == list(range(7, 4000, 8))
    assert peak < 50e6  # a table of all pairs of notes has 128 MB


def test_a_phrase_may_end_on_the_last_note_of_a_bar_in_spite_of_a_pickup() -> None:
    # A long note that covers the place of the next pickup.
    notes = line([4, 8, 8, 8, 8, 4, 4, 8])
    bars, places = number_bars(notes[-1].end, [COMMON_TIME], 4)
    assert ends_in_bars(notes, bars, places, [1]) == [2, 7]
    assert ends_in_bars(notes, bars, places, [2, 1]) == [2, 4, 7]


def test_phrases_in_bars_that_are_not_there() -> None:
    notes = line([4] * 8, rests={3: 16})
    bars, places = number_bars(notes[-1].end, [COMMON_TIME])
    with pytest.raises(UsageError, match="in bars 1 to 3, got bar 9"):
        ends_in_bars(notes, bars, places, [1, 9])
    with pytest.raises(UsageError, match="in bars 1 to 3, got bar 0"):
        ends_in_bars(notes, bars, places, [0])
    with pytest.raises(UsageError, match="bar 2, no note is in it"):
        ends_in_bars(notes, bars, places, [2])


def test_bachs_fermatas_are_found_by_and_large() -> None:
    hits = wrong = missed = 0
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "valid"]
    for entry in entries:
        chorale = load_entry(entry, folder)
        notes = chorale.notes(0)
        found = set(phrase_ends(notes, chorale.positions, chorale.metre)[:-1])
        last_steps = [note.start + note.length - 1 for note in notes]
        ends = {end for _, end in chorale.fermata_spans()}
        true = {place for place, last in enumerate(last_steps) if last + 1 in ends}
        true.discard(len(notes) - 1)
        hits += len(found & true)
        wrong += len(found - true)
        missed += len(true - found)
    assert hits / (hits + wrong) > 0.76
    assert hits / (hits + missed) > 0.76

"""Phrases: where a melody would bear fermatas."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.music.phrases import phrase_ends
from chorale.music.score import Note


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
    assert phrase_ends(notes, positions(notes)) == [6, 12, 19, 25]


def test_rests_end_phrases() -> None:
    notes = line([4] * 16, rests={7: 4})
    assert phrase_ends(notes, positions(notes, bar=12)) == [7, 15]


def test_a_phrase_begins_where_in_the_bar_the_melody_does() -> None:
    # Quarters only, with a pickup: the barlines decide.
    notes = line([4] * 17)
    assert phrase_ends(notes, positions(notes, first=12)) == [7, 16]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_note_ends_a_phrase(count: int) -> None:
    notes = line([4] * count)
    assert phrase_ends(notes, positions(notes)) == [count - 1]


def test_bachs_fermatas_are_found_by_and_large() -> None:
    hits = wrong = missed = 0
    folder = bundled_corpus()
    entries = [entry for entry in read_index(folder) if entry.split == "valid"]
    for entry in entries[:30]:
        chorale = load_entry(entry, folder)
        notes = chorale.notes(0)
        found = set(phrase_ends(notes, chorale.positions)[:-1])
        last_steps = [note.start + note.length - 1 for note in notes]
        ends = {end for _, end in chorale.fermata_spans()}
        true = {place for place, last in enumerate(last_steps) if last + 1 in ends}
        true.discard(len(notes) - 1)
        hits += len(found & true)
        wrong += len(found - true)
        missed += len(true - found)
    assert hits / (hits + wrong) > 0.7
    assert hits / (hits + missed) > 0.7

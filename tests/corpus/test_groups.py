"""Pieces with one melody are grouped: transposed, in other note values, cut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from bach import all_chorales, few_chorales
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales

from chorale.corpus.bach import read_score, score_folder
from chorale.corpus.groups import group_pieces, melody_passages
from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.manifest import read_manifest
from chorale.music.score import Chorale

PIECES = few_chorales().train[:20]


def stretched(chorale: Chorale, factor: int) -> Chorale:
    """Return a chorale in note values so many times longer."""
    onsets = np.zeros((factor * chorale.steps, 4), bool)
    onsets[::factor] = chorale.onsets
    return Chorale(pitches=chorale.pitches.repeat(factor, axis=0), onsets=onsets)


def same_group(first: Chorale, second: Chorale) -> bool:
    return group_pieces([first, second]) == [1, 1]


@given(piece=chorales(), semitones=st.integers(-12, 12), factor=st.integers(1, 3))
def test_transposition_and_note_values_make_no_difference(
    piece: Chorale, semitones: int, factor: int
) -> None:
    moved = piece.transpose(semitones)
    assert same_group(piece, moved)
    if len(melody_passages(piece)) > 1:
        assert same_group(piece, stretched(moved, factor))


@pytest.mark.parametrize("piece", PIECES[:5], ids=lambda piece: piece.source)
def test_an_excerpt_another_harmony_and_ornaments_stay_with_the_tune(
    piece: Chorale,
) -> None:
    assert same_group(piece, piece.excerpt(piece.steps // 4, piece.steps))
    lower = np.where(np.arange(4), PIECES[-1].pitches[:1], piece.pitches)
    assert same_group(piece, Chorale(pitches=lower))
    ornamented = piece.pitches.copy()
    for half in (6, 7):  # the second eighth of every other quarter
        ornamented[half::8, 0] += 2
    assert same_group(piece, Chorale(pitches=ornamented))


def test_different_chorales_are_apart_and_numbered_as_they_appear() -> None:
    different = [PIECES[0], PIECES[1], PIECES[0].transpose(-3), PIECES[2]]
    assert group_pieces(different) == [1, 2, 1, 3]
    assert group_pieces([]) == []


def test_pieces_without_a_melody_are_compared_as_a_whole() -> None:
    def chord(*pitches: int) -> Chorale:
        return Chorale(pitches=np.array([pitches] * 8))

    silent = chord(0, 0, 0, 0)
    pieces = [
        chord(72, 67, 64, 48),
        chord(74, 69, 66, 50),
        chord(72, 67, 63, 48),
        silent,
        silent,
    ]
    assert group_pieces(pieces) == [1, 1, 2, 3, 3]


def test_without_a_soprano_the_highest_voice_is_the_melody() -> None:
    pitches = np.roll(PIECES[0].pitches, 1, axis=1)
    pitches[:, 0] = 0
    assert same_group(PIECES[0], Chorale(pitches=pitches))


@given(order=st.permutations(range(len(PIECES))))
def test_groups_do_not_depend_on_the_order(order: list[int]) -> None:
    pieces = [*PIECES[:10], *(piece.transpose(2) for piece in PIECES[:10])]
    expected = group_pieces(pieces)
    found = group_pieces([pieces[place] for place in order])
    for first, second in combinations(range(len(order)), 2):
        together = expected[order[first]] == expected[order[second]]
        assert (found[first] == found[second]) is together


def test_tune_groups_of_the_bundled_corpus_are_found() -> None:
    folder = bundled_corpus()
    entries = read_index(folder)
    found = np.array(group_pieces(load_entry(entry, folder) for entry in entries))
    stated = np.array([entry.tune_group for entry in entries])
    upper = np.triu_indices(len(entries), 1)
    same_found = (found[:, np.newaxis] == found)[upper]
    same_stated = (stated[:, np.newaxis] == stated)[upper]
    both = (same_found & same_stated).sum()
    assert both >= 0.97 * same_stated.sum()  # recall
    assert both >= 0.97 * same_found.sum()  # precision


def test_alternates_of_one_harmonization_are_found() -> None:
    alternates = [row for row in read_manifest() if row.alternate_of and row.score]
    bundled = {piece.source: piece for piece in all_chorales().train}
    pairs = [
        (row.score, bundled[f"bwv{row.alternate_of}"])
        for row in alternates
        if f"bwv{row.alternate_of}" in bundled and row.score.endswith(".mxl")
    ][:4]
    assert len(pairs) == 4
    for score, piece in pairs:
        assert same_group(read_score(score_folder() / score), piece)

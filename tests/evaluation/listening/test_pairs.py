"""Pairs share all that would give the answer away, and sides are drawn."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from bach import few_chorales
from hypothesis import given
from hypothesis import strategies as st
from pairs_to_hear import OPENING, changed, pairs_to_hear

from chorale.errors import DataError
from chorale.evaluation.listening.pairs import (
    Pair,
    describe,
    draw_sides,
    pair_document,
)
from chorale.music.keys import Key


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"key": Key("F#", "major")}, "key"),
        ({"tempo": 60.0}, "tempo"),
        ({"fermatas": np.ones(64)}, "fermatas"),
        ({"bars": np.full(64, 3)}, "bars"),
    ],
)
def test_what_differs_beside_the_notes_is_refused(
    change: dict[str, object], what: str
) -> None:
    piece = few_chorales().valid[0].opening(64)
    sample = replace(changed(piece), **change)
    with pytest.raises(DataError, match=rf"after bwv\S+ differs from it in {what}"):
        Pair(original=piece, sample=sample, opening=OPENING)


def test_lengths_and_openings_are_the_same() -> None:
    piece = few_chorales().valid[0].opening(64)
    with pytest.raises(DataError, match="differs from it in length"):
        Pair(original=piece, sample=piece.opening(60), opening=OPENING)
    with pytest.raises(DataError, match="differs from it in opening"):
        Pair(original=piece, sample=changed(piece), opening=OPENING + 16)


@given(st.integers(0, 80), st.integers(0, 2**32))
def test_sides_are_letters_that_a_seed_repeats(count: int, seed: int) -> None:
    sides = draw_sides(count, seed)
    assert len(sides) == count and set(sides) <= {"A", "B"}
    assert draw_sides(count, seed) == sides


def test_either_side_is_as_likely_in_every_place() -> None:
    drawn = np.array([list(draw_sides(20, seed)) for seed in range(2000)]) == "A"
    # Five standard errors, and pairs say nothing of each other.
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(2000)
    correlation = np.corrcoef(drawn.T) - np.eye(20)
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)


def test_a_document_has_music_and_no_names() -> None:
    pair = pairs_to_hear(1)[0]
    document = pair_document(pair, "B")
    assert set(document) == {"A", "B", "opening"}
    assert document["opening"] == OPENING
    # B is the original.
    for side, piece in (("A", pair.sample), ("B", pair.original)):
        soprano = document[side]["piece"]["voices"][0]
        assert soprano == [list(note) for note in piece.notes(0)]
        assert document[side]["narrow"].count('id="note-0-') >= len(soprano)
    text = json.dumps(document)
    for name in (pair.original.title, pair.original.source, "Bach", "After", "model"):
        assert name and name not in text


def test_the_other_side_is_the_same_document_the_other_way_round() -> None:
    pair = pairs_to_hear(1)[0]
    first, second = pair_document(pair, "A"), pair_document(pair, "B")
    assert (first["A"], first["B"]) == (second["B"], second["A"])


def test_originals_are_described_by_source_and_title() -> None:
    piece = few_chorales().valid[0]
    named = [piece, replace(piece, title=" "), replace(piece, source="", title="Tune")]
    both, source, title = describe(named)
    assert both == f"{piece.source}, {piece.title}"
    assert (source, title) == (piece.source, "Tune")

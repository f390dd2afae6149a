"""Chords and keys decoded together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from bach import few_chorales

from chorale import Key, analyze
from chorale.music.harmony import local_keys
from chorale.music.harmony.degrees import key_number
from chorale.music.harmony.local_keys import DISTANCES


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("C major", "C major", 0),
        ("C major", "G major", 1),
        ("C major", "A minor", 1),  # relative
        ("C major", "C minor", 2),  # parallel
        ("C major", "D minor", 2),
        ("C major", "E minor", 2),
        ("A minor", "D minor", 1),
        ("C major", "F# major", 6),
    ],
)
def test_distances_of_keys(left: str, right: str, distance: int) -> None:
    numbers = key_number(Key.parse(left)), key_number(Key.parse(right))
    assert DISTANCES[numbers] == DISTANCES[numbers[::-1]] == distance


def test_long_pieces_are_decoded_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = few_chorales().valid[:4]
    whole = [analyze(piece) for piece in pieces]
    monkeypatch.setattr(local_keys, "_BLOCK", 7)
    for piece, expected in zip(pieces, whole, strict=True):
        found = analyze(piece)
        assert found.harmonies == expected.harmonies
        assert np.array_equal(found.harmony_at, expected.harmony_at)


def test_keys_change_with_evidence_only() -> None:
    pieces = few_chorales().train
    analyses = [analyze(piece) for piece in pieces]
    keys = [{harmony.key for harmony in found.harmonies} for found in analyses]
    assert 2 < np.mean([len(visited) for visited in keys]) < 5
    changes = [
        sum(a.key != b.key for a, b in pairwise(h))
        for h in (found.harmonies for found in analyses)
    ]
    phrases = [len(found.phrases) for found in analyses]
    assert sum(changes) < sum(phrases)

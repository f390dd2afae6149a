"""Pieces as JSON: nothing is lost, and every malformed document is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import chorales, little_chorale

from chorale.errors import DataError
from chorale.music.lyrics import Lyric
from chorale.music.metre import Metre
from chorale.music.score import Chorale
from chorale.studio import piece_json
from chorale.studio.piece_json import (
    cells_from_json,
    cells_to_json,
    from_json,
    to_json,
)

LABELS = ("tempo", "title", "source", "credit", "lyrics")
# What a fuzzer puts into the place of a value.
JUNK = (
    *(None, True, False, "", "C major", "\ud800", "x" * 2000),
    *(-1, 0, 1, 3, 128, 10**9, 10**400, 1.5, -0.0, float("nan"), float("inf")),
    *([], {}, [[]], [1, 2], [1, 2, 3], {"step": 0}, [None] * 4, [[[60, 0, 1]]] * 4),
)


def document() -> dict[str, Any]:
    """Return a piece with all that a document may have."""
    chorale = little_chorale(
        source="bwv1",
        credit="by nobody",
        lyrics=(Lyric(step=0, voice=0, text="Schmü"),),
    )
    found: dict[str, Any] = json.loads(json.dumps(to_json(chorale)))
    return found


@given(chorales())
def test_nothing_is_lost(chorale: Chorale) -> None:
    again = from_json(json.loads(json.dumps(to_json(chorale))))
    assert again == chorale
    assert [getattr(again, name) for name in LABELS] == [
        getattr(chorale, name) for name in LABELS
    ]


def test_labels_and_lyrics_are_kept() -> None:
    again = from_json(document())
    assert again.title == "Schmücke dich, 聖歌"
    assert (again.source, again.credit) == ("bwv1", "by nobody")
    assert again.lyrics == (Lyric(step=0, voice=0, text="Schmü"),)


def test_divided_bars_and_gaps_in_their_numbers_are_kept() -> None:
    bars = np.array([3] * 6 + [7] * 4)
    positions = np.array([0, 1, 2, 0, 1, 2, 5, 6, 7, 8])
    metres = (Metre(4, 4), Metre(3, 8, 6))
    chorale = Chorale(
        pitches=np.full((10, 4), 60), bars=bars, positions=positions, metres=metres
    )
    assert from_json(to_json(chorale)) == chorale


def test_only_steps_and_voices_are_required() -> None:
    chorale = from_json({"steps": 20, "voices": [[[60, 0, 20]], [], [], []]})
    assert chorale.bars.tolist() == [1] * 16 + [2] * 4
    assert chorale.key is None


# === Malformed documents ===


def replaced(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    found = document()
    inside: Any = found
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return found


PLACES = [
    ("steps",),
    ("voices",),
    *[("voices", 1, 0, place) for place in range(3)],
    *[("voices", 2), ("voices", 1, 0), ("fermatas",), ("fermatas", 0)],
    *[("fermatas", 0, 1), ("bars",), ("bars", 1), ("metres",), ("metres", 0)],
    *[("bars", 1, name) for name in ("start", "number", "position")],
    *[("metres", 0, name) for name in ("step", "numerator", "denominator")],
    *[(name,) for name in ("key", "tempo", "title", "source", "credit", "lyrics")],
    *[("lyrics", 0), *[("lyrics", 0, name) for name in ("voice", "step", "verse")]],
    *[("lyrics", 0, name) for name in ("text", "joined")],
]


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_junk_is_refused_by_name(path: tuple[Any, ...]) -> None:
    refused = 0
    for junk in JUNK:
        try:
            from_json(replaced(path, junk))
        except DataError as error:
            refused += 1
            message = str(error)
            # With other steps, what else the piece has may be out of bounds.
            names = piece_json.FIELDS if path == ("steps",) else [path[0]]
            assert any(name.rstrip("s") in message for name in names), message
            assert len(message) < 250 and "\n" not in message
            message.encode()  # no half characters
    assert refused >= 10


@pytest.mark.parametrize("junk", [*JUNK, "steps"], ids=repr)
def test_other_documents_are_refused(junk: object) -> None:
    with pytest.raises(DataError, match="the piece"):
        from_json(junk)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps to be a whole number from 1"),
        ({"steps": piece_json.MOST_STEPS + 1}, "steps to be a whole number"),
        ({"steps": True}, "steps to be a whole number .* got true"),
        ({"voices": [[]] * 3}, "voices of 4 lists, one per voice, got 3"),
        ({"voices": [[[0, 0, 1]], [], [], []]}, r"pitch in voices\[0\]\[0\] .* got 0"),
        ({"voices": [[], [[60, 60, 9]], [], []]}, r"length in voices\[1\]\[0\] .* 4,"),
        (
            {"voices": [[[60, 0, 9], [60, 4, 4]], [], [], []]},
            r"voices\[0\]\[1\] overlaps another note of the soprano",
        ),
        ({"fermatas": [[4, 4]]}, r"the end in fermatas\[0\]"),
        ({"bars": [{"start": 4, "number": 1, "position": 0}]}, r"bars\[0\]\.start 0"),
        ({"metres": [{"step": 0, "numerator": 1, "denominator": 3}]}, r"metres\[0\]"),
        ({"key": "H dur"}, "key to be null or a name .* got 'H dur'"),
        ({"tempo": 1000}, "tempo from 10 to 400"),
        ({"title": "\ud800"}, "title of Unicode characters"),
        ({"tittle": ""}, "the piece to have the fields .* got 'tittle'"),
    ],
)
def test_messages_say_what_is_wrong(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        from_json(document() | change)


def test_too_many_notes_are_refused_before_they_are_read() -> None:
    line = [[60, 0, 1]] * (piece_json.MOST_NOTES // 4 + 1)
    with pytest.raises(DataError, match="voices of at most 40,000 notes"):
        from_json(document() | {"voices": [line] * 4})


@given(st.data())
def test_any_json_is_read_or_refused(data: st.DataObject) -> None:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    inner = st.recursive(
        leaves,
        lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
        max_leaves=6,
    )
    found = document()
    field = data.draw(st.sampled_from(sorted(found)))
    try:
        from_json(found | {field: data.draw(inner)})
    except DataError as error:
        assert field.rstrip("s") in str(error)


# === Cells ===


@given(arrays(np.bool_, (9, 4)))
def test_cells_are_kept(cells: np.ndarray) -> None:
    ranges = json.loads(json.dumps(cells_to_json(cells)))
    np.testing.assert_array_equal(cells_from_json(ranges, 9), cells)


def test_ranges_may_overlap() -> None:
    cells = cells_from_json([[[2, 4], [0, 3]], [], [], []], 6)
    assert cells[:, 0].tolist() == [True] * 4 + [False] * 2
    assert not cells[:, 1:].any()


@pytest.mark.parametrize(
    "ranges", [None, [], [[]] * 5, [[[0, 7]], [], [], []], [[[3, 3]], [], [], []], "x"]
)
def test_other_cells_are_refused(ranges: object) -> None:
    with pytest.raises(DataError, match="locked"):
        cells_from_json(ranges, 6, "locked")

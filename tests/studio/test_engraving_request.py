"""The score for the page."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from strategies import little_chorale

from chorale.errors import DataError, UsageError
from chorale.music.score import Chorale
from chorale.studio.engraving_request import engrave
from chorale.studio.piece_json import to_json

PIECE = to_json(little_chorale(title="<script>alert(1)</script>"))


def test_a_piece_becomes_a_page() -> None:
    (page,) = engrave({"piece": PIECE, "staves": 4, "width": 700.4, "scale": 0.8})[
        "pages"
    ]
    root = fromstring(page)
    assert root.get("width") == "700"
    assert 'id="note-3-0"' in page
    assert "<script" not in page


def test_numerals_are_shown_if_asked_for() -> None:
    (without,) = engrave({"piece": PIECE, "numerals": False})["pages"]
    (page,) = engrave({"piece": PIECE, "numerals": True})["pages"]
    assert 'class="harm"' in page
    assert "a: i" in page
    assert 'class="harm"' not in without


def test_a_silent_piece_has_no_numerals() -> None:
    silent = to_json(Chorale(pitches=np.zeros((16, 4), int)))
    (page,) = engrave({"piece": silent, "numerals": True})["pages"]
    assert 'id="rest-0-0"' in page


def test_pages_have_a_height() -> None:
    pages = engrave({"piece": PIECE, "height": 220, "width": 300})["pages"]
    assert len(pages) > 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "a piece to engrave"),
        ([], "a piece to engrave"),
        ({}, "a piece to engrave"),
        ({"piece": 1}, "expected"),
        ({"piece": PIECE, "zoom": 1}, "got 'zoom'"),
        ({"piece": PIECE, "staves": 3}, "2 or 4"),
        ({"piece": PIECE, "width": "wide"}, "a width as a number, got 'wide'"),
        ({"piece": PIECE, "width": 1e300}, "possible size"),
        ({"piece": PIECE, "width": 10}, "from 200 to 10000"),
        ({"piece": PIECE, "scale": True}, "a scale as a number"),
        ({"piece": PIECE, "scale": float("nan")}, "possible size"),
        ({"piece": PIECE, "numerals": 1}, "numerals as true or false"),
    ],
)
def test_bad_requests_are_refused(body: Any, message: str) -> None:
    with pytest.raises((DataError, UsageError), match=message):
        engrave(body)


def test_unknown_fields_and_sizes_are_said_in_short() -> None:
    piece = {"steps": 4, "voices": [[], [], [], []]}
    fields = {f"field{number}": 1 for number in range(1000)}
    for body in ({"piece": piece, **fields}, {"piece": piece, "width": 10**400}):
        with pytest.raises(DataError) as caught:
            engrave(body)
        assert len(str(caught.value)) < 200

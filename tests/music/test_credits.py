"""Credits: who wrote what in a piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chorale.music.credits import (
    harmonization_credit,
    opening_credit,
    rewriting_credit,
)
from chorale.music.score import Chorale

PIECE = Chorale(pitches=np.full((32, 4), 60))


def named(**labels: str) -> Chorale:
    return replace(PIECE, **labels)


@pytest.mark.parametrize(
    ("labels", "source"),
    [
        ({"source": "bwv253"}, "by Johann Sebastian Bach (BWV 253)"),
        (
            {"source": "bwv248.23-2", "title": "Vom Himmel hoch"},
            "by Johann Sebastian Bach (BWV 248.23-2)",
        ),
        ({"source": "hymn", "title": "A hymn"}, "from A hymn"),
        ({"source": "hymn"}, "from hymn"),
        ({}, "given"),
    ],
)
def test_new_pieces_say_whose_the_opening_is(
    labels: dict[str, str], source: str
) -> None:
    credit = opening_credit(named(**labels))
    assert credit == f"Opening {source}, bars 1-2; continuation by chorale"
    short = opening_credit(named(**labels).opening(16))
    assert short == f"Opening {source}, bar 1; continuation by chorale"


def test_a_piece_without_an_opening() -> None:
    assert opening_credit(None) == "Written by chorale"


@pytest.mark.parametrize(
    ("labels", "melody"),
    [
        ({"title": "Amazing Grace", "source": "grace"}, "Amazing Grace"),
        ({"source": "grace"}, "grace"),
        ({"title": "Amazing Grace", "credit": "William Walker"}, "William Walker"),
        ({"source": "bwv253", "title": "Ach bleib"}, "Ach bleib (BWV 253)"),
        ({"source": "bwv253"}, "BWV 253"),
    ],
)
def test_harmonizations_say_whose_the_melody_is(
    labels: dict[str, str], melody: str
) -> None:
    credit = harmonization_credit(named(**labels))
    assert credit == f"Melody: {melody}; harmonization by chorale"
    # Harmonized again, it says so once.
    assert harmonization_credit(named(**labels | {"credit": credit})) == credit


def test_rewritten_pieces_keep_their_author() -> None:
    bach = "Johann Sebastian Bach (BWV 253); rewritten in part by chorale"
    assert rewriting_credit(named(source="bwv253")) == bach
    assert rewriting_credit(named(credit=bach)) == bach
    assert rewriting_credit(named(title="My hymn")).startswith("My hymn; ")


def test_a_melody_without_a_name_is_harmonized_again_and_again() -> None:
    credit = harmonization_credit(named())
    assert credit == "Harmonization by chorale"
    rewritten = rewriting_credit(named(credit=credit))
    assert rewritten == f"{credit}; rewritten in part by chorale"
    assert harmonization_credit(named(credit=rewritten)) == credit
    twice = (
        "Melody: Amazing Grace; harmonization by chorale; rewritten in part by chorale"
    )
    again = harmonization_credit(named(credit=twice))
    assert again == "Melody: Amazing Grace; harmonization by chorale"

"""Guesses of drawings by the model that travels with the package."""

from __future__ import annotations

import json
import math

import pytest

from chorale.errors import DataError
from chorale.studio.sketch_guesses import MOST_POINTS, guess

CORNERS = [math.tau * 2 * corner / 5 - math.pi / 2 for corner in range(6)]
STAR = [[[100 + 80 * math.cos(a), 100 + 80 * math.sin(a)] for a in CORNERS]]


def test_a_star_is_recognized() -> None:
    found = guess({"strokes": STAR})
    assert found["guesses"][0]["word"] == "star"
    assert len(found["guesses"]) == 5
    assert sum(each["probability"] for each in found["guesses"]) <= 1.001
    (stroke,) = found["strokes"]
    assert len(stroke) == 6 and all(
        0 <= each <= 255 for point in stroke for each in point
    )
    json.dumps(found, allow_nan=False)


def test_nothing_drawn_is_nothing_guessed() -> None:
    for strokes in ([], [[]]):
        assert guess({"strokes": strokes})["guesses"] == []
    assert guess({"strokes": [[[5, 5]]]})["strokes"] == [[[0, 0]]]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"strokes": 3}, {"strokes": [3]}, {"strokes": [[3]]}]
    + [{"strokes": [[value]]} for value in ([1], [1, 2, 3], ["1", "2"], [True, 1])]
    + [{"strokes": [[[1, 1e300]]]}, {"strokes": [[[1, float("nan")]]]}]
    + [{"strokes": [[[1, 2]] * (MOST_POINTS + 1)]}],
)
def test_other_bodies_are_refused(body: object) -> None:
    with pytest.raises(DataError, match="stroke"):
        guess(body)

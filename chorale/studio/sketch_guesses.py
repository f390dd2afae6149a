"""What a drawing may show, while it is drawn."""

from __future__ import annotations

import time
from typing import Any

from chorale.errors import DataError
from chorale.sketches import classify, to_ink
from chorale.sketches.preprocessing import from_ink

MOST_POINTS = 50_000  # of a drawing; a finger makes a hundred a second
_WORDS = 5


def guess(body: object) -> dict[str, Any]:
    """Return the five likeliest words, and what the network sees of the strokes.

    Args:
        body: {"strokes": [[[x, y], …], …]}, in the order of drawing, y down.

    Returns:
        `guesses`, best first, none if nothing is drawn; `strokes`, simplified, on a
        grid of 255 units; and how long it took, in `milliseconds`.

    Raises:
        DataError: the body has another form, or too many points.
    """
    begin = time.perf_counter()
    strokes = _strokes(body)
    found = classify(strokes, top=_WORDS) if any(strokes) else []
    seen = from_ink(to_ink(strokes)) if any(strokes) else ()
    return {
        "guesses": [
            {"word": word, "probability": round(probability, 6)}
            for word, probability in found
        ],
        # Whole numbers: what the pipeline rounded.
        "strokes": [[[round(x), round(y)] for x, y in stroke] for stroke in seen],
        "milliseconds": round(1000 * (time.perf_counter() - begin), 1),
    }


def _strokes(body: object) -> list[list[Any]]:
    strokes = body.get("strokes") if isinstance(body, dict) else None
    if not isinstance(strokes, list):
        raise DataError("expected strokes to be a list of lists of points [x, y]")
    points = 0
    for number, stroke in enumerate(strokes):
        name = f"strokes[{number}]"
        if not isinstance(stroke, list):
            raise DataError(f"expected {name} to be a list of points [x, y]")
        points += len(stroke)
        if points > MOST_POINTS:
            raise DataError(f"expected strokes of at most {MOST_POINTS:,} points")
        for point in stroke:
            is_point = isinstance(point, list) and len(point) == 2
            if not is_point or not all(type(each) in (int, float) for each in point):
                raise DataError(f"expected {name} of points [x, y], two numbers each")
    return strokes

"""Drawings in JSON: points and columns distinguished; anything else refused."""

from __future__ import annotations

import json

import pytest
from drawings import sketches, values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.formats.json_strokes import read_strokes
from chorale.sketches.strokes import Sketch

LINE = [[[1, 2], [3, 4], [5, 6]]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        (" [ ] ", []),
        ("[[]]", [[]]),
        ("[[[1,2],[3,4],[5,6]]]", LINE),
        ("[[[1,3,5],[2,4,6]]]", LINE),
        ("[[[1,3,5],[2,4,6],[0,10,20]]]", LINE),
        ('[[{"x":1,"y":2,"t":7},{"x":3,"y":4},{"y":6,"x":5}]]', LINE),
        ('[[[1,2],{"x":3,"y":4},[5,6]]]', LINE),
        ('[[[1,2,9],{"x":3,"y":4},[5,6,9]]]', LINE),
        ("[[[1,2,0.5],[3,4,0.5],[5,6,0.5],[7,8,1]]]", [[*LINE[0], [7, 8]]]),
        ("[[[1,3,5,7],[2,4,6,8]]]", [[*LINE[0], [7, 8]]]),
        ("[[[1,3,5,7],[2,4,6,8],[0,10,20,30]]]", [[*LINE[0], [7, 8]]]),
        ("[[[1,2,0.5]]]", [[[1, 2]]]),
        ('{"drawing":[[[1,3,5],[2,4,6]]]}', LINE),
        ("[[[1.5,-2e1]]]", [[[1.5, -20]]]),
        ("[[[1],[2]]]", [[[1, 2]]]),
        ("[[[],[]]]", [[]]),
    ],
)
def test_both_forms_are_read(text: str, expected: list[object]) -> None:
    assert values_of(read_strokes(text, "stdin")) == (expected, "", True)
    assert values_of(read_strokes(text.encode(), "stdin"))[0] == expected


def test_strokes_of_two_points_are_of_points_unless_another_is_not() -> None:
    two = [[1, 2], [3, 4]]
    as_points, as_columns = [[[1, 2], [3, 4]]], [[[1, 3], [2, 4]]]
    assert values_of(read_strokes(json.dumps([two]), "stdin"))[0] == as_points
    line = json.dumps({"drawing": [two]})
    assert values_of(read_strokes(line, "stdin"))[0] == as_columns
    both = json.dumps([two, [[1, 2, 3], [4, 5, 6]]])
    assert values_of(read_strokes(both, "stdin"))[0][:1] == as_columns


def test_strokes_of_few_points_with_a_third_number_follow_the_others() -> None:
    three = [[1, 2, 9], [3, 4, 9], [5, 6, 9]]  # points, or xs, ys and times
    as_points, as_columns = LINE[0], [[1, 3], [2, 4], [9, 9]]
    many = [[step, step, 9] for step in range(4)]
    columns = [[1, 2, 3, 4], [5, 6, 7, 8], [0, 10, 20, 30]]
    for others, expected in (
        ([], as_columns),
        ([three[:2]], as_columns),
        ([many], as_points),
        ([three[:1]], as_points),
        ([columns], as_columns),
    ):
        text = json.dumps([three, *others])
        assert values_of(read_strokes(text, "stdin"))[0][0] == expected


def test_a_line_of_quick_draw_has_its_word() -> None:
    text = '{"word": "cat", "recognized": false, "drawing": [[[1, 3], [2, 4]]]}'
    assert values_of(read_strokes(text, "stdin")) == ([[[1, 2], [3, 4]]], "cat", False)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "expected JSON"),
        ("M 1 2 L 3 4", "expected JSON"),
        ("[[[1,2],[3,4]]", "expected JSON"),
        ("[[[1,NaN]]]", "NaN is no number"),
        ("[" * 100_000, "expected JSON"),
        ("7", "expected a list of points .* got 7"),
        ('"cat"', "expected a list of points"),
        ("{}", "expected a key 'drawing'"),
        ('{"drawing": [[[1, 2]]]}', "stroke 1: expected lists of x and y"),
        ('{"drawing": [], "word": null}', "expected a word, got None"),
        ("[[1,2],[3,4]]", r"stroke 1: expected a list of points .* got \[1, 2\]"),
        ("[[[1,2],[3,4]],7]", "stroke 2: expected a list of points"),
        ("[[[1,2,3],[3,4],[5,6,7],[7,8,9]]]", "stroke 1: expected lists of x and y"),
        ("[[[1,2,3,4],[3,4,5,6],[5,6,7,8],[7,8,9,10]]]", "stroke 1: expected a list"),
        ('[[["1",2]]]', "stroke 1: expected a list of points"),
        ('[[["1",2],[3,4]]]', "stroke 1: expected numbers, got '1'"),
        ("[[[true,2],[3,4]]]", "stroke 1: expected numbers, got True"),
        ('[[{"x":1}]]', "stroke 1: expected a list of points"),
        ('[[{"x":1,"y":"2"}]]', "stroke 1: expected numbers, got '2'"),
        ("[[[1,2,3],[4,5]]]", "stroke 1: expected as many x as y, got 3 and 2"),
        ("[[[1,2]],[[1,2,3],[4,5,6]]]", "stroke 1: expected lists of x and y"),
        ("[[[1,2e9]]]", r"stroke 1: expected coordinates of at most 1e\+09"),
        ("[[[1,1e999]]]", "stroke 1: .* got inf"),
        (f"[[[1,1{'0' * 400}]]]", "stroke 1: .* hundreds of digits"),
    ],
)
def test_anything_else_is_refused(text: str, what: str) -> None:
    with pytest.raises(DataError, match=f"^stdin: .*{what}") as caught:
        read_strokes(text, "stdin")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@given(sketch=sketches(), form=st.sampled_from(["object", "pair", "triple"]))
def test_points_come_as_they_are(sketch: Sketch, form: str) -> None:
    strokes = values_of(sketch)[0]
    if form == "triple":
        strokes.append([[0, 0], [3, 4], [3, 4], [0, 0]])  # no three lists: points
    forms = {
        "object": lambda x, y: {"x": x, "y": y},
        "pair": lambda x, y: [x, y],
        "triple": lambda x, y: [x, y, 0.5],
    }
    content = [[forms[form](x, y) for x, y in stroke] for stroke in strokes]
    assert values_of(read_strokes(json.dumps(content), "stdin"))[0] == strokes

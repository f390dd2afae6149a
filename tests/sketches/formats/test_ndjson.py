"""Quick, Draw!'s .ndjson files, simplified and raw; errors name the row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drawings import values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches

# Two lines in the form of the published files.
SIMPLIFIED = (
    '{"word":"cat","countrycode":"VE","timestamp":"2017-03-02 23:25:10.07453 UTC",'
    '"recognized":true,"key_id":"5201136883597312","drawing":[[[130,113,99],[72,40,26]],'
    "[[76],[82]]]}\n"
)
RAW = (
    '{"key_id":"5891796615823360","word":"t-shirt","countrycode":"AE",'
    '"timestamp":"2017-03-01 20:41:36.70725 UTC","recognized":false,"drawing":'
    "[[[129.99,130.5],[64.25,-3e1],[0,1003]],[[1,2,3],[4,5,6],[7,8,9]]]}\n"
)


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "drawings.ndjson"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_read_simplified_and_raw(tmp_path: Path) -> None:
    first, second = read_sketches(write(tmp_path, SIMPLIFIED + RAW))
    assert values_of(first) == (
        [[[130, 72], [113, 40], [99, 26]], [[76, 82]]],
        "cat",
        True,
    )
    assert values_of(second) == (
        [[[129.99, 64.25], [130.5, -30]], [[1, 4], [2, 5], [3, 6]]],
        "t-shirt",
        False,
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + SIMPLIFIED.encode(),
        SIMPLIFIED.replace("\n", "\r\n"),
        SIMPLIFIED.rstrip(),
        "\n" + SIMPLIFIED + "\n\n",
        SIMPLIFIED.replace('"recognized":true,', ""),
    ],
    ids=["mark", "windows", "no last line end", "empty lines", "not said"],
)
def test_read_accepts_what_other_programs_write(
    tmp_path: Path, content: str | bytes
) -> None:
    (sketch,) = read_sketches(write(tmp_path, content))
    assert values_of(sketch) == (
        [[[130, 72], [113, 40], [99, 26]], [[76, 82]]],
        "cat",
        True,
    )


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        ("[]", []),
        ("[[]]", [[]]),
        ("[[[],[]]]", [[]]),
        ("[[[],[]],[[7],[8]]]", [[], [[7, 8]]]),
        ("[[[7],[8],[0]]]", [[[7, 8]]]),
    ],
)
def test_nothing_and_points_are_handed_on(
    tmp_path: Path, strokes: str, expected: list[object]
) -> None:
    line = f'{{"word": "cat", "drawing": {strokes}}}'
    (sketch,) = read_sketches(write(tmp_path, line))
    assert values_of(sketch)[0] == expected


def test_an_empty_file_has_no_drawings(tmp_path: Path) -> None:
    assert list(read_sketches(write(tmp_path, ""))) == []


def test_a_drawing_of_100_000_points(tmp_path: Path) -> None:
    xs, ys = list(range(100_000)), [place % 7 for place in range(100_000)]
    line = json.dumps({"word": "cat", "drawing": [[xs, ys]]})
    (sketch,) = read_sketches(write(tmp_path, line))
    assert sketch.strokes[0].shape == (100_000, 2)
    assert sketch.strokes[0][-1].tolist() == [99_999, ys[-1]]


def with_drawing(drawing: str) -> str:
    return f'{{"word": "cat", "drawing": {drawing}}}\n'


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (SIMPLIFIED[:60], "expected JSON"),
        (RAW[:-10], "expected JSON"),
        ("cat\n", "expected JSON"),
        ("[" * 200_000, "expected JSON"),
        ("[[[1, 2]]]\n", "expected an object"),
        ('{"word": "cat"}\n', "expected a key 'drawing'"),
        ('{"word": 7, "drawing": []}\n', "expected a word, got 7"),
        (SIMPLIFIED.replace("true", '"yes"'), "recognized to be true or false"),
        (with_drawing("null"), "expected a list of strokes, got None"),
        (with_drawing("[[[1, 2], [3]]]"), "stroke 1: expected as many x as y, got 2"),
        (with_drawing("[[], [[1], [2, 3]]]"), "stroke 2: expected as many x as y"),
        (with_drawing("[[[1, 2]]]"), "stroke 1: expected lists of x and y"),
        (with_drawing("[[1, 2]]"), "stroke 1: expected lists of x and y"),
        (with_drawing("[7]"), "stroke 1: expected lists of x and y, got 7"),
        (with_drawing("[[[NaN], [1]]]"), "NaN is no number"),
        (with_drawing("[[[1], [-Infinity]]]"), "-Infinity is no number"),
        (with_drawing("[[[1e999], [1]]]"), "got inf"),
        (with_drawing("[[[1], [2e9]]]"), "at most 1e+09"),
        (with_drawing(f"[[[1], [1{'0' * 400}]]]"), "hundreds of digits"),
        (with_drawing(f"[[[1], [1{'0' * 5000}]]]"), "expected JSON"),
        (with_drawing('[[[1, "2"], [1, 2]]]'), "expected numbers, got '2'"),
        (with_drawing("[[[1, true], [1, 2]]]"), "expected numbers, got True"),
        (with_drawing("[[[1, null], [1, 2]]]"), "expected numbers, got None"),
        (with_drawing("[[[1, [2]], [1, 2]]]"), "expected numbers, got [2]"),
        (with_drawing("[[{}, []]]"), "expected lists of x and y"),
    ],
)
def test_broken_lines_are_refused_by_row(tmp_path: Path, line: str, what: str) -> None:
    path = write(tmp_path, SIMPLIFIED + "\n" + line)
    reader = read_sketches(path)
    assert next(reader).word == "cat"
    with pytest.raises(DataError) as caught:
        next(reader)
    assert (caught.value.path, caught.value.row) == (path, 3)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 1: expected JSON"):
        list(read_sketches(write(tmp_path, b'{"word": "\xff\xfe"}')))


def test_what_has_no_line_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chorale.sketches.formats.ndjson._MAX_LINE", 100)
    with pytest.raises(DataError, match="got no end"):
        list(read_sketches(write(tmp_path, SIMPLIFIED)))


def test_reading_is_a_stream(tmp_path: Path) -> None:
    path = write(tmp_path, SIMPLIFIED * 20_000)
    seen = 0

    def on_read(count: int) -> None:
        nonlocal seen
        seen += count

    reader = read_sketches(path, on_read=on_read)
    next(reader)
    assert 0 < seen < path.stat().st_size / 5
    assert sum(1 for _ in reader) == 19_999
    assert seen == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.ndjson", "cannot read it"), ("folder.ndjson", "it is a folder")],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.ndjson").mkdir()
    with pytest.raises(DataError, match=message):
        list(read_sketches(tmp_path / name))


COORDINATES = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6))


@given(drawing=st.lists(st.lists(st.tuples(COORDINATES, COORDINATES))))
def test_all_numbers_come_as_they_are(
    tmp_path_factory: pytest.TempPathFactory,
    drawing: list[list[tuple[float, float]]],
) -> None:
    columns = [[[x for x, _ in stroke], [y for _, y in stroke]] for stroke in drawing]
    line = json.dumps({"word": "cat", "drawing": columns})
    (sketch,) = read_sketches(write(tmp_path_factory.mktemp("lines"), line))
    assert values_of(sketch)[0] == [[[x, y] for x, y in stroke] for stroke in drawing]


def test_a_drawing_needs_no_word(tmp_path: Path) -> None:
    path = tmp_path / "mine.ndjson"
    path.write_text('{"drawing": [[[1, 2], [3, 4]]]}\n')
    (sketch,) = read_sketches(path)
    assert sketch.word == "" and len(sketch.strokes) == 1

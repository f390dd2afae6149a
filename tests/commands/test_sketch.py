"""`chorale sketch` from the command line: output, exit codes, errors."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bucket import Bucket
from command_line import outcome, run_command

from chorale.sketches import Sketch, read_sketches, write_sketches

Run = Callable[..., tuple[int, str, str]]

VALID = Path(__file__).parents[2] / "data" / "sketches" / "valid.npz"
SQUARE = [[[10, 10], [90, 10], [90, 90], [10, 90], [10, 10]]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Run:
    """Return a function that runs the command line in an empty folder.

    It returns exit code, stdout and stderr.
    """
    monkeypatch.chdir(tmp_path)

    return partial(outcome, "sketch")


def square(word: str = "square") -> Sketch:
    return Sketch(
        strokes=tuple(np.array(stroke, float) for stroke in SQUARE), word=word
    )


def guesses(answer: dict[str, Any]) -> dict[str, float]:
    return {guess["word"]: guess["probability"] for guess in answer["guesses"]}


def write_cats(run: Run) -> None:
    """Write two cats and a clock as `some.npz`."""
    sketches = [square("cat"), square("clock"), square("cat")]
    write_sketches("some.npz", sketches, ["cat", "clock"])


# === classify ===


def test_the_standard_input_is_classified_without_tensorflow() -> None:
    code = """
import sys
from chorale.commands import main
sys.argv = ["chorale", "sketch", "classify", "-", "--json"]
try:
    main()
finally:
    loaded = {"tensorflow", "keras", "pandas", "music21"} & {*sys.modules}
    print(*loaded, file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(SQUARE),
        capture_output=True,
        text=True,
        check=True,
    )
    (answer,) = json.loads(result.stdout)
    probabilities = [guess["probability"] for guess in answer["guesses"]]
    assert len(probabilities) == 5
    assert probabilities == sorted(probabilities, reverse=True)
    assert answer["guesses"][0]["word"] == "square"
    assert result.stderr.strip() == ""


def test_every_format_gives_the_same_answer(run: Run) -> None:
    write_sketches("square.npz", [square()], ["square"])
    write_sketches("square.tfrecord", [square()], ["square"])
    Path("square.json").write_text(json.dumps(SQUARE))
    line = {"word": "square", "drawing": [list(zip(*SQUARE[0], strict=True))]}
    Path("square.ndjson").write_text(json.dumps(line) + "\n")
    Path("square.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        '<path fill="none" stroke="black" d="M10 10H90V90H10Z"/></svg>'
    )
    names = sorted(path.name for path in Path().glob("square.*[!s]"))
    code, out, _ = run("classify", *names, "--svg-path", "M1 1h8v8h-8z", "--json")
    assert code == 0
    answers = json.loads(out)
    assert len(answers) == len(names) + 1 == 6
    for answer in answers:
        assert guesses(answer) == pytest.approx(guesses(answers[0]))
        has_word = not answer["file"].endswith((".json", ".svg", "--svg-path"))
        assert answer["word"] == ("square" if has_word else None)


SVG = (
    '<svg viewBox="0 0 100 100"><path fill="none" stroke="red" d="M10 10H90V90H10Z"/>'
    "</svg>"
)
LINE = json.dumps({"word": "square", "drawing": [[*zip(*SQUARE[0], strict=True)]]})


@pytest.mark.parametrize(
    ("text", "options", "answers"),
    [
        (json.dumps(SQUARE), [], 1),
        (SVG, [], 1),
        (f"\ufeff<?xml version='1.0'?>\n{SVG}", [], 1),
        (SVG, ["--from", "svg"], 1),
        (LINE, [], 1),
        (LINE, ["--from", "ndjson"], 1),
        (f"{LINE}\n{LINE}\n{LINE}\n", [], 3),
        (f"{LINE}\n{LINE}\n{LINE}\n", ["--limit", "2"], 2),
        (json.dumps(json.loads(LINE), indent=1), [], 1),
    ],
)
def test_the_standard_input_may_have_any_format_of_text(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    options: list[str],
    answers: int,
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    code, out, err = run("classify", "-", "--top", "1", *options)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == answers
    for number, line in enumerate(lines, 1):
        assert line.startswith(f"standard input:{number}")
        assert ": square 0." in line


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", [], "standard input: expected JSON"),
        (SVG, ["--from", "json"], "standard input: expected JSON"),
        ("<html/>", [], "standard input: expected an SVG file"),
        (f"{LINE}\n{{}}\n", ["--from", "ndjson"], "row 2"),
        (SVG, ["--from", "pdf"], "expected a format to read"),
    ],
)
def test_bad_standard_input_is_named(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    options: list[str],
    says: str,
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    code, _, err = run("classify", "-", *options)
    assert code in (1, 2)
    assert says in err
    assert "/tmp" not in err


def test_what_is_left_out_of_an_svg_is_said(run: Run) -> None:
    lines = "".join(
        f'<line x1="{x}" y1="{y}" x2="{u}" y2="{v}" stroke="black"/>'
        for (x, y), (u, v) in itertools.pairwise(SQUARE[0])
    )
    Path("square.svg").write_text(
        '<svg viewBox="0 0 100 100"><path d="M-9 -9H109V109H-9Z" fill="#fff"/>'
        f'<circle cx="9" cy="9" r="80" fill="none"/>{lines}</svg>'
    )
    code, out, err = run("classify", "square.svg", "--top", "1")
    assert code == 0
    assert out.startswith("square.svg:1: square")
    assert err.splitlines() == [
        "note: square.svg: left out the paper: <path> in line 1",
        "note: square.svg: left out 1 shape without a fill and an outline",
        "note: square.svg: joined 4 pieces end to end into 1 stroke",
    ]


def test_a_line_has_the_file_and_the_word_of_a_drawing(run: Run) -> None:
    write_cats(run)
    code, out, _ = run("classify", "some.npz", "--top", "2", "--limit", "2")
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("some.npz:1 (cat): square 0.")
    assert second.startswith("some.npz:2 (clock): square 0.")
    assert first.count(",") == 1


@pytest.mark.parametrize("text", ["[]", "[[]]"])
def test_nothing_drawn_is_an_answer(run: Run, text: str) -> None:
    Path("empty.json").write_text(text)
    assert run("classify", "empty.json")[:2] == (0, "empty.json:1: nothing drawn\n")
    code, out, _ = run("classify", "empty.json", "--json")
    assert (code, json.loads(out)[0]["guesses"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "--svg-path"),
        (["missing.svg"], 1, "missing.svg"),
        (["broken.json"], 1, "expected JSON"),
        (["nan.json"], 1, "NaN"),
        (["unequal.ndjson"], 1, "row 1"),
        (["song.mid"], 1, "expected drawings in"),
        (["folder"], 1, "it is a folder"),
        (["--svg-path", "hello"], 1, "expected an SVG path"),
        (["--svg-path", "M0 0L1 1", "--top", "0"], 2, "--top"),
        (["nan.json", "--limit", "0"], 2, "limit"),
        (["nan.json", "--model", "nowhere"], 2, "nowhere"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, arguments: list[str], code: int, says: str
) -> None:
    Path("broken.json").write_text("[[[1, 2]")
    Path("nan.json").write_text("[[[1, NaN]]]")
    Path("unequal.ndjson").write_text('{"word": "cat", "drawing": [[[1, 2], [3]]]}\n')
    Path("song.mid").write_bytes(b"MThd")
    Path("folder").mkdir()
    got, out, err = run("classify", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("chorale: ")
    assert err.count("\n") == 1
    assert says in err


def test_a_bad_file_does_not_lose_the_answers_of_others(run: Run) -> None:
    write_cats(run)
    Path("bad.json").write_text("[")
    code, out, err = run("classify", "some.npz", "bad.json", "some.npz")
    assert code == 1
    assert [line.partition(" ")[0] for line in out.splitlines()] == [
        f"some.npz:{number}" for number in (1, 2, 3, 1, 2, 3)
    ]
    assert err.startswith("chorale: bad.json: expected JSON")
    code, out, _ = run("classify", "bad.json", "some.npz", "--json")
    assert code == 1
    assert [answer["drawing"] for answer in json.loads(out)] == [1, 2, 3]


# === evaluate ===


def test_evaluate_prints_the_figures(run: Run) -> None:
    sketches = list(read_sketches(VALID))[::10]
    write_sketches("some.npz", sketches, sorted({each.word for each in sketches}))
    code, out, _ = run("evaluate", "some.npz", "--json", "--threads", "1")
    assert code == 0
    report = json.loads(out)
    assert report["drawings"] == 338
    assert 0.5 < report["top1"] < report["top3"] < report["top5"] < 1
    assert report["top1"] < report["map3"] < report["top3"]
    assert len(report["words"]) == 338
    assert report["drawings_per_second"] > 0


def test_evaluate_leaves_out_words_that_the_model_does_not_know(run: Run) -> None:
    sketches = [square(), square("gizmo"), square()]
    write_sketches("some.npz", sketches, ["gizmo", "square"])
    code, out, err = run("evaluate", "some.npz", "--json")
    assert (code, json.loads(out)["drawings"]) == (0, 2)
    assert err == "note: left out 1 drawing of an unknown word\n"
    write_sketches("odd.npz", [square("gizmo")], ["gizmo"])
    code, out, err = run("evaluate", "odd.npz")
    assert (code, out) == (1, "")
    assert "1 of an unknown word" in err


def test_evaluate_prints_a_table_of_all_words(run: Run) -> None:
    write_cats(run)
    code, out, _ = run("evaluate", "some.npz", "--words")
    assert code == 0
    lines = out.splitlines()
    first = lines.index("all words") + 1
    # Only words with drawings are listed.
    rows = [line.split() for line in lines[first + 1 : first + 3]]
    assert {row[0] for row in rows} == {"cat", "clock"}
    cat = next(row for row in rows if row[0] == "cat")
    assert cat[1:5] == ["2", "0.000", "0.000", "-"]
    assert len(cat) > 5  # what they are taken for
    assert lines[first + 3] == "most frequent mistakes"


def test_two_forms_of_the_same_drawings_are_compared(run: Run) -> None:
    write_cats(run)
    worse = [square("cat"), square("clock"), square("cat")]
    write_sketches("same.npz", worse, ["cat", "clock"])
    code, out, _ = run("evaluate", "some.npz", "--against", "same.npz", "--json")
    against = json.loads(out)["against"]
    assert code == 0
    assert against["difference"] == 0
    assert against["low"] < 0 < against["high"]
    write_sketches("other.npz", worse[::2], ["cat", "clock"])
    code, _, err = run("evaluate", "some.npz", "--against", "other.npz")
    assert code == 1
    assert "the same drawings" in err


def test_pictures_of_the_mistakes(run: Run) -> None:
    write_cats(run)
    code, out, _ = run("evaluate", "some.npz", "--pictures", "pictures")
    assert code == 0
    written = sorted(path.name for path in Path("pictures").iterdir())
    assert written == ["calibration.png", "confusions.png", "mistakes.png"]
    for name in written:
        assert f"pictures/{name}" in out
        assert (Path("pictures") / name).read_bytes().startswith(b"\x89PNG")


# === convert, download, train ===


def test_convert_counts_the_drawings(run: Run) -> None:
    write_cats(run)
    code, out, _ = run("convert", "some.npz", "one.tfrecord", "--limit", "1")
    assert (code, out) == (0, "one.tfrecord: 2 drawings of 2 words, 1 left out\n")
    assert [sketch.word for sketch in read_sketches("one.tfrecord")] == ["cat", "clock"]
    Path("words.txt").write_text("clock\ncat\n")
    code, _, _ = run("convert", "some.npz", "two.npz", "--words", "words.txt")
    assert code == 0
    with np.load("two.npz") as stored:
        assert stored["classes"].tolist() == ["clock", "cat"]
        assert stored["label"].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("option", "value"), [("--limit", "0"), ("--random-state", "-1")]
)
def test_numbers_that_make_no_sense_are_refused(
    run: Run, option: str, value: str
) -> None:
    write_cats(run)
    code, out, err = run("convert", "some.npz", "other.npz", option, value)
    assert (code, out) == (2, "")
    assert option.strip("-") in err
    assert not Path("other.npz").exists()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_download_names_what_it_fetched(run: Run, bucket: Bucket) -> None:
    words = ["cat", "The Eiffel Tower"]
    code, out, _ = run("download", *words, "--base", bucket.address)
    assert code == 0
    assert out.splitlines() == [f"quickdraw-simplified/{word}.ndjson" for word in words]
    assert all(Path(line).is_file() for line in out.splitlines())
    code, out, err = run("download", "gizmo", "--base", bucket.address)
    assert (code, out) == (2, "")
    assert "gizmo" in err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--data", "some.npz"], 2, "--output"),
        (["--data", "missing.npz", "--output", "run"], 1, "missing.npz"),
        (["--data", "some.npz", "--output", "run", "--network", "cnn"], 2, "conv-lstm"),
        (["--data", "some.npz", "--output", "run", "--epochs", "0"], 2, "epochs"),
        (["--data", "some.npz", "--output", "run", "--resume"], 2, "no run to resume"),
        (["--data", "some.npz", "--output", "run", "--finish"], 2, "add --resume"),
        (
            ["--data=some.npz", "--output=run", "--network=book", "--units=9"],
            2,
            "leave out --units",
        ),
    ],
)
def test_bad_training_is_one_line(
    run: Run, arguments: list[str], code: int, says: str
) -> None:
    write_cats(run)
    got, out, err = run("train", *arguments)
    assert (got, out) == (code, "")
    assert err.count("\n") == 1
    assert says in err
    assert not Path("run").exists()


def test_a_resumed_training_refuses_other_options(run: Run) -> None:
    write_cats(run)
    Path("run").mkdir()
    options = {"network": {"network": "book"}, "training": {"epochs": 3}}
    Path("run/options.json").write_text(json.dumps(options))
    code, _, err = run(
        "train", "--data", "some.npz", "--output", "run", "--resume", "--epochs", "4"
    )
    assert code == 2
    assert "begun with epochs 3, not 4" in err


def test_converted_drawings_are_not_overwritten(shapes: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.npz"
    output.write_text("mine")
    done = run_command("sketch", "convert", shapes, output)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "out.npz: there is such a file already" in done.stderr
    assert output.read_text() == "mine"
    done = run_command("sketch", "convert", shapes, output, "--force")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["out.npz"]

"""Pictures: their content and layout, equal bytes for equal drawings."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chorale.errors import DataError, MissingExtraError, OutputError, UsageError
from chorale.sketches.evaluation import Report, measure
from chorale.sketches.pictures import (
    MAX_BARS,
    MAX_COLUMNS,
    MAX_DRAWINGS,
    draw_sketch,
    write_calibration,
    write_confusions,
    write_sheet,
)
from chorale.sketches.strokes import Sketch
from chorale.utils import extras

PNG = b"\x89PNG\r\n\x1a\n"
ROOF = np.array([[0.0, 100], [50, 40], [100, 100]])
WALLS = np.array([[0.0, 100], [0, 180], [100, 180], [100, 100]])
HOUSE = Sketch(strokes=(ROOF, WALLS), word="house")


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Return the figures saved during the test."""
    kept: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: object, **options: object) -> None:
        kept.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return kept


def report_on(drawings: int, classes: int = 40) -> Report:
    """Return a report on predictions with an accuracy above one half."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, drawings)
    logits = random.normal(size=(drawings, classes))
    logits[np.arange(drawings), labels] += 3
    rows = np.exp(logits)
    names = [f"The Great Wall of $No {number}" for number in range(classes)]
    return measure(rows / rows.sum(axis=1, keepdims=True), labels, names)


def assert_apart(figure: Figure) -> None:
    """Assert that texts do not overlap and are inside the figure."""
    texts = [*figure.texts]
    for legend in figure.legends:
        texts += legend.get_texts()
    for axes in figure.axes:
        if axes.axison:
            texts += [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
            # Tick labels outside the limits of an axis are not drawn.
            for side, axis in enumerate((axes.xaxis, axes.yaxis)):
                low, high = sorted(axis.get_view_interval())
                for label in axis.get_ticklabels():
                    if low <= label.get_position()[side] <= high:
                        texts.append(label)
    boxes = [
        text.get_window_extent()
        for text in texts
        if text.get_text() and text.get_visible()
    ]
    assert len(boxes) > 2
    whole = figure.bbox
    for box in boxes:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1
    for a, b in combinations(boxes, 2):
        assert not a.overlaps(b)


# === One drawing ===


def test_a_drawing_is_drawn_as_it_was(axes: Axes) -> None:
    draw_sketch(axes, HOUSE.strokes)
    drawn = [np.asarray(line.get_xydata()) for line in axes.lines]
    assert len(drawn) == 2
    assert np.array_equal(drawn[0], ROOF) and np.array_equal(drawn[1], WALLS)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 0 and right > 100
    assert top < 40 and bottom > 180  # y goes down
    assert right - left == pytest.approx(bottom - top)
    assert axes.get_aspect() == 1
    assert not axes.axison


def test_empty_strokes_and_points_are_drawn(axes: Axes) -> None:
    point = np.array([[3.0, 4.0]])
    draw_sketch(axes, [np.zeros((0, 2)), point, np.repeat(point, 5, axis=0)])
    for line in axes.lines:  # without a mark, a line of one point cannot be seen
        assert np.array_equal(line.get_xydata(), point)
        assert line.get_marker() == "."
    assert len(axes.lines) == 2
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 3 < right and top < 4 < bottom

    blank = Figure().subplots()
    draw_sketch(blank, [])
    assert not blank.lines and not blank.axison


def test_a_drawing_of_no_numbers_is_refused(axes: Axes) -> None:
    with pytest.raises(DataError, match=r"shape \(points, 2\)"):
        draw_sketch(axes, [np.zeros((2, 3))])
    with pytest.raises(DataError, match="coordinates"):
        draw_sketch(axes, [np.array([[0.0, np.nan]])])


# === Sheets ===


def test_a_sheet_has_a_caption_below_each_drawing(
    tmp_path: Path, figures: list[Figure]
) -> None:
    captions = [
        f"The Great Wall of China\ntaken for aircraft carrier {n} %" for n in range(11)
    ]
    write_sheet(
        tmp_path / "new" / "sheet.png",
        [HOUSE] * 11,
        captions,
        columns=4,
        title="Mistakes, and a title that is longer than four drawings are wide, " * 2,
    )
    assert (tmp_path / "new" / "sheet.png").read_bytes().startswith(PNG)
    (figure,) = figures
    assert_apart(figure)
    places = [axes.get_position() for axes in figure.axes]
    assert len(places) == 11 and all(len(axes.lines) == 2 for axes in figure.axes)
    assert len({round(place.y0, 6) for place in places}) == 3
    assert len({round(place.x0, 6) for place in places}) == 4
    *texts, title = figure.texts
    assert title.get_text().startswith("Mistakes") and "\n" in title.get_text()
    for number, (place, text) in enumerate(zip(places, texts, strict=True)):
        x, y = text.get_position()
        assert x == pytest.approx((place.x0 + place.x1) / 2)
        assert place.y0 - 0.05 < y < place.y0
        shown = text.get_text().replace("\N{NO-BREAK SPACE}", " ")
        assert (
            shown == f"The Great Wall of China\ntaken for aircraft carrier\n{number} %"
        )


def test_few_drawings_make_a_narrow_sheet(
    tmp_path: Path, figures: list[Figure]
) -> None:
    # A dollar sign starts no formula; long words are broken.
    captions = ["$x_1$", "taken for " + "a" * 60]
    write_sheet(tmp_path / "sheet.png", [HOUSE, Sketch(strokes=())], captions)
    (figure,) = figures
    assert figure.get_figwidth() < 4
    assert len({axes.get_position().y0 for axes in figure.axes}) == 1
    assert [text.get_parse_math() for text in figure.texts] == [False, False]
    write_sheet(tmp_path / "one.png", [HOUSE], [""])


def test_equal_pictures_are_equal_bytes(tmp_path: Path) -> None:
    report = report_on(300)
    for name in ("first", "second"):
        write_sheet(tmp_path / f"{name}.png", [HOUSE], ["house"], title="One")
        write_confusions(tmp_path / f"{name}-confusions.png", report)
        write_calibration(tmp_path / f"{name}-calibration.png", report)
    for kind in ("", "-confusions", "-calibration"):
        first = (tmp_path / f"first{kind}.png").read_bytes()
        assert first == (tmp_path / f"second{kind}.png").read_bytes()
        assert first.startswith(PNG)
        # No date or version, which would differ between machines.
        assert b"tEXt" not in first and b"tIME" not in first


@pytest.mark.parametrize(
    ("drawings", "captions", "columns", "what"),
    [
        (0, 0, 8, "got 0"),
        (MAX_DRAWINGS + 1, MAX_DRAWINGS + 1, 8, f"1 to {MAX_DRAWINGS} drawings"),
        (2, 1, 8, "a caption for each of 2 drawings, got 1"),
        (1, 1, 0, f"1 to {MAX_COLUMNS} columns, got 0"),
        (1, 1, MAX_COLUMNS + 1, "columns, got 41"),
    ],
)
def test_invalid_sheets_are_refused(
    tmp_path: Path, drawings: int, captions: int, columns: int, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        write_sheet(
            tmp_path / "sheet.png",
            [HOUSE] * drawings,
            ["?"] * captions,
            columns=columns,
        )
    assert not list(tmp_path.iterdir())


def test_a_sheet_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(b"before")
    bad = Sketch(strokes=(np.zeros((2, 3)),))
    with pytest.raises(DataError):
        write_sheet(path, [HOUSE, bad], ["house", "bad"])
    assert path.read_bytes() == b"before"
    with pytest.raises(OutputError, match="cannot write it"):
        write_sheet(path / "below.png", [HOUSE], ["house"])


# === Reports ===


def test_confusions_are_bars(tmp_path: Path, figures: list[Figure]) -> None:
    report = report_on(2000)
    write_confusions(tmp_path / "confusions.png", report)
    (figure,) = figures
    assert_apart(figure)
    (axes,) = figure.axes
    shown = report.confusions[:MAX_BARS]
    assert len(report.confusions) > MAX_BARS
    assert [bar.get_width() for bar in axes.patches] == [pair.count for pair in shown]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [f"{pair.word} taken for {pair.taken_for}" for pair in shown]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the commonest above
    shares = [text.get_text() for text in axes.texts]
    assert shares == [f"{100 * pair.share:.0f} % of the word" for pair in shown]


@pytest.mark.parametrize("answers", [[0, 1], [1, 1]])
def test_hardly_any_mistakes_are_drawn(
    tmp_path: Path, figures: list[Figure], answers: list[int]
) -> None:
    report = measure(np.eye(2)[answers], np.array([0, 1]), ["ant", "bee"])
    write_confusions(tmp_path / "confusions.png", report)
    write_calibration(tmp_path / "calibration.png", report)
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert texts == (["no mistakes"] if answers == [0, 1] else ["100 % of the word"])


def test_calibration_is_drawn_by_bins(tmp_path: Path, figures: list[Figure]) -> None:
    report = report_on(2000)
    write_calibration(tmp_path / "calibration.png", report)
    (figure,) = figures
    assert_apart(figure)
    upper, lower = figure.axes
    filled = [bin_ for bin_ in report.calibration if bin_.count]
    assert 3 < len(filled) < len(report.calibration)
    assert [(bar.get_x(), bar.get_height()) for bar in upper.patches] == [
        (bin_.low, bin_.accuracy) for bin_ in filled
    ]
    points = np.asarray(upper.lines[0].get_xydata()).tolist()
    assert points == [[bin_.confidence, bin_.accuracy] for bin_ in filled]
    counts = [bar.get_height() for bar in lower.patches]
    assert counts == [bin_.count for bin_ in report.calibration]
    assert f"{report.calibration_error:.3f}" in upper.get_title()


# === Imports ===


def test_importing_loads_no_matplotlib_and_drawing_no_pyplot(tmp_path: Path) -> None:
    code = f"""
import sys
from chorale.sketches.pictures import write_sheet
from chorale.sketches.strokes import Sketch
assert "matplotlib" not in sys.modules
write_sheet({str(tmp_path / "sheet.png")!r}, [Sketch(strokes=())], ["nothing"])
assert not {{"matplotlib.pyplot", "tensorflow", "pandas"}} & {{*sys.modules}}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    report = report_on(10)
    for write in (
        lambda path: write_sheet(path, [HOUSE], ["house"]),
        lambda path: write_confusions(path, report),
        lambda path: write_calibration(path, report),
    ):
        with pytest.raises(MissingExtraError, match=r"pictures needs .* \[plot\]"):
            write(tmp_path / "picture.png")

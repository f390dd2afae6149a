"""PNG pictures of drawings, confusions and calibration.

Written without TensorFlow or pyplot; equal pictures are equal bytes.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chorale.errors import UsageError
from chorale.sketches.evaluation import Report
from chorale.sketches.examples import Examples
from chorale.sketches.strokes import Sketch, Strokes, check_stroke
from chorale.utils.arrays import FloatArray
from chorale.utils.extras import require
from chorale.utils.files import replacing
from chorale.utils.palette import BLUE, DARK_GRAY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_DRAWINGS = 800  # on a sheet; more would take minutes
MAX_COLUMNS = 40
MAX_BARS = 25  # of confusions

_DPI = 100
_MISTAKES = 64  # drawings on the sheet of mistakes
# In inches: side of a drawing, gap between two, height of a line of a caption.
_CELL, _GAP, _LINE = 1.5, 0.15, 0.125
_CAPTION_SIZE = 7  # points
_CAPTION_WIDTH = 26  # characters of a line, at most as wide as a drawing
_PADDING = 0.06  # around a drawing, in lengths of its longer side


# === Drawings ===


def draw_sketch(axes: Axes, strokes: Strokes, *, linewidth: float = 1.2) -> None:
    """Draw strokes on matplotlib axes, y down, with equal aspect.

    Ticks and frame are removed. A stroke is a float array (points, 2), in any unit. No
    strokes leave the axes blank; a single point is a dot. The line width is in points.

    Raises:
        DataError: a stroke is not an array of numbers of that shape.
    """
    drawn = [stroke for stroke in map(check_stroke, strokes) if len(stroke)]
    for stroke in drawn:
        is_dot = len(np.unique(stroke, axis=0)) == 1
        axes.plot(
            *stroke[: 1 if is_dot else None].T,
            color="black",
            linewidth=linewidth,
            marker="." if is_dot else "",
            markersize=2.5 * linewidth,
            solid_capstyle="round",
            solid_joinstyle="round",
        )
    axes.set_axis_off()
    axes.set_aspect("equal")
    if drawn:
        points = np.concatenate(drawn)
        low, high = points.min(axis=0), points.max(axis=0)
        middle, side = (low + high) / 2, float((high - low).max()) or 1.0
        half = side * (0.5 + _PADDING)
        axes.set_xlim(middle[0] - half, middle[0] + half)
        axes.set_ylim(middle[1] + half, middle[1] - half)


def write_sheet(
    path: Path | str,
    sketches: Sequence[Sketch],
    captions: Sequence[str],
    *,
    columns: int = 8,
    title: str = "",
) -> None:
    """Write a PNG sheet of drawings, from left to right and from top to bottom.

    Each has a caption below it; long lines are wrapped.

    Raises:
        UsageError: the number of drawings, captions or columns is not allowed.
        DataError: a stroke is not an array of numbers (points, 2).
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    for what, count, limit in (
        ("drawings for a sheet", len(sketches), MAX_DRAWINGS),
        ("columns", columns, MAX_COLUMNS),
    ):
        if not 1 <= count <= limit:
            raise UsageError(f"expected 1 to {limit} {what}, got {count}")
    if len(captions) != len(sketches):
        raise UsageError(
            f"expected a caption for each of {len(sketches)} drawings, "
            f"got {len(captions)}"
        )
    from matplotlib.figure import Figure

    columns = min(columns, len(sketches))
    rows = math.ceil(len(sketches) / columns)
    wrapped = [_wrap(caption, _CAPTION_WIDTH) for caption in captions]
    lines = max(caption.count("\n") + 1 for caption in wrapped)
    # All in inches, from the lower left corner.
    width = columns * (_CELL + _GAP) + _GAP
    # A title has larger letters than a caption.
    heading = _wrap(title, int(0.7 * _CAPTION_WIDTH * width / _CELL)) if title else ""
    top = _GAP + (0.2 * (heading.count("\n") + 1) if heading else 0)
    row_height = _CELL + lines * _LINE + 2 * _GAP
    height = top + rows * row_height

    figure = Figure(figsize=(width, height))
    text_style: dict[str, Any] = {"ha": "center", "va": "top", "parse_math": False}
    for index, (sketch, caption) in enumerate(zip(sketches, wrapped, strict=True)):
        row, column = divmod(index, columns)
        left = _GAP + column * (_CELL + _GAP)
        bottom = height - top - row * row_height - _CELL
        axes = figure.add_axes(
            (left / width, bottom / height, _CELL / width, _CELL / height)
        )
        draw_sketch(axes, sketch.strokes)
        x, y = (left + _CELL / 2) / width, (bottom - 0.04) / height
        figure.text(x, y, caption, fontsize=_CAPTION_SIZE, **text_style)
    if heading:
        figure.text(0.5, 1 - 0.5 * _GAP / height, heading, fontsize=10, **text_style)
    _save(figure, path)


def _wrap(text: str, width: int) -> str:
    """Wrap the lines of a text, but not between a number and its %."""
    lines = text.replace(" %", "\N{NO-BREAK SPACE}%").split("\n")
    return "\n".join(
        part for line in lines for part in textwrap.wrap(line, width) or [""]
    )


# === Reports ===


def write_confusions(path: Path | str, report: Report) -> None:
    """Write a PNG bar chart of the most frequent confusions.

    Raises:
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = report.confusions[:MAX_BARS]
    figure = Figure(figsize=(7, 1.1 + 0.24 * max(len(shown), 2)), layout="constrained")
    axes = figure.subplots()
    rows = range(len(shown))
    bars = axes.barh(rows, [pair.count for pair in shown], color=BLUE, height=0.7)
    shares = [f"{100 * pair.share:.0f} % of the word" for pair in shown]
    axes.bar_label(bars, shares, padding=3, fontsize=7)
    labels = [f"{pair.word} taken for {pair.taken_for}" for pair in shown]
    axes.set_yticks(rows, labels, fontsize=8, parse_math=False)
    axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    axes.margins(x=0.22)  # space for the labels
    axes.set_xlabel("drawings")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Most frequent mistakes on {report.drawings:,} drawings", size=10)
    if not shown:
        axes.set_xlim(0, 1)
        axes.text(0.5, 0.5, "no mistakes", transform=axes.transAxes, ha="center")
    _save(figure, path)


def write_calibration(path: Path | str, report: Report) -> None:
    """Write a PNG reliability diagram: accuracy against confidence.

    See Niculescu-Mizil & Caruana (2005), "Predicting good probabilities with supervised
    learning". Bars on the diagonal are well calibrated, bars below it overconfident.
    The lower panel counts the drawings of each bin.

    Raises:
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = [astuple(bin_) for bin_ in report.calibration]
    low, high, count, confidence, accuracy = np.array(bins, np.float64).T
    filled = count > 0
    bars: dict[str, Any] = {"align": "edge", "edgecolor": "white"}
    upper.bar(
        low[filled],
        accuracy[filled],
        (high - low)[filled],
        color=BLUE,
        label="right",
        **bars,
    )
    upper.plot(
        confidence[filled],
        accuracy[filled],
        "o",
        color=ORANGE,
        markeredgecolor="black",
        label="at the mean probability",
    )
    upper.plot([0, 1], [0, 1], "--", color=DARK_GRAY, label="well calibrated")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share of drawings that is right")
    upper.set_title(
        f"{report.drawings:,} drawings, expected calibration error "
        f"{report.calibration_error:.3f}",
        size=10,
    )
    lower.bar(low, count, high - low, color=DARK_GRAY, **bars)
    lower.set(xlabel="probability of the first answer", ylabel="drawings")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    _save(figure, path)


def write_pictures(
    folder: Path | str,
    examples: Examples,
    probabilities: FloatArray,
    report: Report,
) -> list[Path]:
    """Write the calibration, the most confident mistakes and the confusions as PNGs.

    The probabilities (drawings, words) are of the examples, and the report is that of
    `chorale.sketches.evaluation.measure` on both. Return the paths of the pictures;
    without mistakes, only that of the calibration.
    """
    folder = Path(folder)
    paths = [folder / "calibration.png"]
    write_calibration(paths[0], report)
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != examples.labels)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:_MISTAKES]
    if len(wrong):
        captions = [
            f"{examples.words[examples.labels[index]]}\ntaken for "
            f"{examples.words[predicted[index]]}, {confidence[index]:.0%}"
            for index in wrong
        ]
        sketches = [examples.sketch(int(index)) for index in wrong]
        paths += [folder / "mistakes.png", folder / "confusions.png"]
        write_sheet(paths[1], sketches, captions, title="The surest mistakes")
        write_confusions(paths[2], report)
    return paths


def _save(figure: Figure, path: Path | str) -> None:
    with replacing(path) as temporary:
        # Without the version of matplotlib, so that equal pictures are equal bytes.
        metadata = {"Software": None}
        figure.savefig(temporary, format="png", dpi=_DPI, metadata=metadata)

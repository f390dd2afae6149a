"""Pictures of drawings, of what they are mistaken for, and of how sure a network is.

They are drawn to PNG files, without TensorFlow; equal pictures are equal bytes.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chorale.errors import UsageError
from chorale.sketches.evaluation import Report
from chorale.sketches.examples import Examples
from chorale.sketches.strokes import Floats32, Sketch, Strokes, check_stroke
from chorale.utils.extras import require
from chorale.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DRAWINGS = 800  # on a sheet: beyond, it takes minutes and no one looks at it
MOST_COLUMNS = 40
MOST_BARS = 25  # of confusions

# Told apart by the colour-blind too (Okabe & Ito, "Color Universal Design", 2008).
_BLUE, _ORANGE, _GREY = "#0072B2", "#E69F00", "#777777"
_DOTS = 100  # an inch
_MISTAKES = 64  # on a sheet of them
# Inches: of the square around a drawing, between two of them, of a line of a caption.
_CELL, _GAP, _LINE = 1.5, 0.15, 0.125
_CAPTION_SIZE = 7  # points
# So many letters of that size are at most as wide as a drawing and half the gaps.
_LETTERS = 26
_PADDING = 0.06  # around a drawing, in lengths of its longer side


def draw_sketch(axes: Axes, strokes: Strokes, *, linewidth: float = 1.2) -> None:
    """Draw strokes on matplotlib axes, as they were drawn: y down, both sides alike.

    Args:
        axes: to draw on; their ticks and frame are taken away.
        strokes: a float array (points, 2) each, any unit. Without any the axes are
            left blank; one point is a dot.
        linewidth: of the strokes, in points.

    Raises:
        DataError: a stroke is no such array.
    """
    drawn = [stroke for stroke in map(check_stroke, strokes) if len(stroke)]
    for stroke in drawn:
        x, y = stroke.T
        is_dot = len(np.unique(stroke, axis=0)) == 1
        axes.plot(
            x[:1] if is_dot else x,
            y[:1] if is_dot else y,
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
    """Write a PNG sheet of drawings, each with its caption below it.

    Args:
        path: of the picture.
        sketches: the drawings, from left to right and from top to bottom.
        captions: of each; may have several lines, and long ones are broken.
        columns: drawings side by side.
        title: of the sheet.

    Raises:
        UsageError: there are no drawings, too many, not a caption for each, or no such
            number of columns.
        DataError: a drawing is of other than strokes.
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    if not 1 <= len(sketches) <= MOST_DRAWINGS:
        raise UsageError(
            f"expected 1 to {MOST_DRAWINGS} drawings for a sheet, got {len(sketches)}"
        )
    if len(captions) != len(sketches):
        raise UsageError(
            f"expected a caption for each of {len(sketches)} drawings, "
            f"got {len(captions)}"
        )
    if not 1 <= columns <= MOST_COLUMNS:
        raise UsageError(f"expected 1 to {MOST_COLUMNS} columns, got {columns}")
    from matplotlib.figure import Figure

    columns = min(columns, len(sketches))
    rows = math.ceil(len(sketches) / columns)
    broken = [_break(caption, _LETTERS) for caption in captions]
    lines = max(caption.count("\n") + 1 for caption in broken)
    width = columns * (_CELL + _GAP) + _GAP
    # Letters of a title are larger than those of a caption.
    heading = _break(title, int(0.7 * _LETTERS * width / _CELL)) if title else ""
    top = _GAP + (0.2 * (heading.count("\n") + 1) if heading else 0)
    line = _CELL + lines * _LINE + 2 * _GAP  # of drawings
    height = top + rows * line

    figure = Figure(figsize=(width, height))
    for index, (sketch, caption) in enumerate(zip(sketches, broken, strict=True)):
        row, column = divmod(index, columns)
        left = _GAP + column * (_CELL + _GAP)
        bottom = height - top - row * line - _CELL
        axes = figure.add_axes(
            (left / width, bottom / height, _CELL / width, _CELL / height)
        )
        draw_sketch(axes, sketch.strokes)
        figure.text(
            (left + _CELL / 2) / width,
            (bottom - 0.04) / height,
            caption,
            fontsize=_CAPTION_SIZE,
            ha="center",
            va="top",
            parse_math=False,
        )
    if heading:
        figure.text(
            0.5,
            1 - 0.5 * _GAP / height,
            heading,
            fontsize=10,
            ha="center",
            va="top",
            parse_math=False,
        )
    _save(figure, path)


def _break(text: str, letters: int) -> str:
    """Return a text with its long lines broken, but not between a number and its %."""
    text = text.replace(" %", "\N{NO-BREAK SPACE}%")
    return "\n".join(
        part
        for line in text.split("\n")
        for part in textwrap.wrap(line, letters) or [""]
    )


def write_confusions(path: Path | str, report: Report) -> None:
    """Write a PNG of bars: what is most often taken for what.

    Raises:
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = report.confusions[:MOST_BARS]
    figure = Figure(figsize=(7, 1.1 + 0.24 * max(len(shown), 2)), layout="constrained")
    axes = figure.subplots()
    places = range(len(shown))
    bars = axes.barh(places, [one.count for one in shown], color=_BLUE, height=0.7)
    axes.bar_label(
        bars,
        [f"{100 * one.share:.0f} % of the word" for one in shown],
        padding=3,
        fontsize=7,
    )
    axes.set_yticks(
        places,
        [f"{one.word} taken for {one.taken_for}" for one in shown],
        fontsize=8,
        parse_math=False,
    )
    axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    axes.margins(x=0.22)  # room for the labels
    axes.set_xlabel("drawings")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Most frequent mistakes on {report.drawings:,} drawings", size=10)
    if not shown:
        axes.set_xlim(0, 1)
        axes.text(0.5, 0.5, "no mistakes", transform=axes.transAxes, ha="center")
    _save(figure, path)


def write_calibration(path: Path | str, report: Report) -> None:
    """Write a PNG of how often a network is right where it is how sure.

    A reliability diagram (Niculescu-Mizil & Caruana, 2005, "Predicting good
    probabilities with supervised learning"): a bar on the diagonal is as often right as
    its probability says, one below it is too sure of itself. Under it, the drawings of
    each bar.

    Raises:
        OutputError: the file cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [one for one in report.calibration if one.count]
    upper.bar(
        [one.low for one in filled],
        [one.accuracy or 0 for one in filled],
        width=[one.high - one.low for one in filled],
        align="edge",
        color=_BLUE,
        edgecolor="white",
        label="right",
    )
    upper.plot(
        [one.confidence or 0 for one in filled],
        [one.accuracy or 0 for one in filled],
        linestyle="none",
        marker="o",
        color=_ORANGE,
        markeredgecolor="black",
        label="at the mean probability",
    )
    upper.plot([0, 1], [0, 1], color=_GREY, linestyle="--", label="well calibrated")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share of drawings that is right")
    upper.set_title(
        f"{report.drawings:,} drawings, expected calibration error "
        f"{report.calibration_error:.3f}",
        size=10,
    )
    lower.bar(
        [one.low for one in report.calibration],
        [one.count for one in report.calibration],
        width=[one.high - one.low for one in report.calibration],
        align="edge",
        color=_GREY,
        edgecolor="white",
    )
    lower.set(xlabel="probability of the first answer", ylabel="drawings")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    _save(figure, path)


def write_pictures(
    folder: Path | str,
    examples: Examples,
    probabilities: Floats32,
    report: Report,
) -> list[Path]:
    """Write the surest mistakes, the most frequent ones, and the calibration, as PNGs.

    Args:
        folder: is made if need be.
        examples: that were classified.
        probabilities: float array (drawings, words), of the words of the examples.
        report: what `chorale.sketches.evaluation.measure` makes of both.

    Returns:
        The paths of the pictures; without mistakes, that of the calibration alone.
    """
    folder = Path(folder)
    paths = [folder / "calibration.png"]
    write_calibration(paths[0], report)
    answers = probabilities.argmax(axis=1)
    surest = probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != examples.labels)
    wrong = wrong[np.argsort(-surest[wrong], kind="stable")][:_MISTAKES]
    if len(wrong):
        captions = [
            f"{examples.words[examples.labels[place]]}\ntaken for "
            f"{examples.words[answers[place]]}, {surest[place]:.0%}"
            for place in wrong
        ]
        sketches = [examples.sketch(int(place)) for place in wrong]
        paths += [folder / "mistakes.png", folder / "confusions.png"]
        write_sheet(paths[1], sketches, captions, title="The surest mistakes")
        write_confusions(paths[2], report)
    return paths


def _save(figure: Figure, path: Path | str) -> None:
    with replacing(path) as temporary:
        # Without the version of matplotlib, equal pictures are equal bytes.
        figure.savefig(temporary, format="png", dpi=_DOTS, metadata={"Software": None})

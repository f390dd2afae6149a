"""One picture of a suite on synthetic series: errors relative to the oracle's.

It is plotted from the saved forecasts, without TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import ORACLE
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.saved_forecasts import read_forecasts, read_series
from chorale.utils import palette
from chorale.utils.extras import require
from chorale.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.21  # inches
_WIDTH = 4.6  # of a column, inches
_PIXELS = 80  # per inch


@dataclass(frozen=True)
class RelativeError:
    """The mean squared error of a forecaster divided by the oracle's."""

    name: str
    value: float  # the median over trainings
    book: float | None = None  # the book's error divided by the same
    is_network: bool = True  # otherwise a baseline


def relative_errors(folder: Path | str) -> dict[str, list[RelativeError]]:
    """Return the errors of all forecasters but the oracle, the best first, by task.

    Tasks without forecasts of the oracle are left out.

    Raises:
        UsageError: the folder holds no suite.
        ModelError: a file is damaged.
    """
    folder = Path(folder)
    found = {}
    for task, series in read_series(folder).items():
        if not (folder / task / f"{ORACLE}.npz").exists():
            continue
        saved = read_forecasts(folder, series)
        oracle = float(saved.errors(ORACLE).mean())
        errors = [
            RelativeError(
                name,
                float(saved.errors(name).mean()) / oracle,
                None if (book := _book(name, task)) is None else book / oracle,
                is_network=name in RECIPES,
            )
            for name in saved.forecasts
            if name != ORACLE
        ]
        found[task] = sorted(errors, key=lambda error: error.value)
    return found


def plot_relative_errors(
    axes: Axes, errors: Sequence[RelativeError], title: str
) -> None:
    """Plot a row for each forecaster on a logarithmic scale, the best on top."""
    axes.axvline(1, color=palette.BLACK, linestyle=":", linewidth=1, label="oracle")
    for label, is_network, color in (
        ("network", True, palette.BLUE),
        ("without training, or linear", False, palette.DARK_GRAY),
    ):
        rows = {
            row: error.value
            for row, error in enumerate(errors)
            if error.is_network == is_network
        }
        axes.plot(
            [*rows.values()], [*rows], "o", color=color, markersize=5, label=label
        )
    books = {
        row: error.book for row, error in enumerate(errors) if error.book is not None
    }
    axes.plot(
        [*books.values()],
        [*books],
        linestyle="none",
        color=palette.VERMILION,
        marker="D",
        markersize=5,
        markerfacecolor="none",
        label="the book's figure",
    )
    axes.set_yticks(range(len(errors)), [error.name for error in errors], fontsize=8)
    axes.set(ylim=(len(errors) - 0.4, -0.6), xscale="log")
    axes.set_title(title, fontsize=9, loc="left")
    axes.grid(color=palette.GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def plot_suite_chart(folder: Path | str, output: Path | str) -> list[Path]:
    """Plot the errors of all tasks of a suite on synthetic series to a PNG file.

    Args:
        folder: of the suite.
        output: folder of the PNG file.

    Returns:
        The path of `suite.png`, or nothing for series without an oracle.

    Raises:
        UsageError: the folder holds no suite.
        ModelError: a file is damaged.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    errors = relative_errors(folder)
    if not errors:
        return []
    figure = _figure(errors)
    path = Path(output) / "suite.png"
    with replacing(path) as temporary:
        # Without matplotlib's version in it, equal figures are equal bytes.
        figure.savefig(temporary, dpi=_PIXELS, metadata={"Software": None})
    return [path]


def _book(name: str, task: str) -> float | None:
    """Return the book's error of a forecaster in a task, if it is there."""
    if name in BASELINES:
        return BASELINES[name].book.get(task)
    recipe = RECIPES.get(name)
    return recipe.book if recipe is not None and recipe.task == task else None


def _figure(errors: Mapping[str, Sequence[RelativeError]]) -> Figure:
    """Return a figure: the task with the most rows on the right, others on the left."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    longest = max(errors, key=lambda task: len(errors[task]))
    left = [task for task in errors if task != longest]
    columns = [column for column in (left, [longest]) if column]
    rows = max(sum(len(errors[task]) + 3 for task in column) for column in columns)
    figure = Figure(
        figsize=(_WIDTH * len(columns), _ROW * rows + 0.8), layout="constrained"
    )
    for column, part in zip(
        columns, figure.subfigures(1, len(columns), squeeze=False)[0], strict=True
    ):
        heights = [len(errors[task]) + 1 for task in column]
        grid = part.subplots(
            len(column), squeeze=False, sharex=True, height_ratios=heights
        )
        for task, (axes,) in zip(column, grid, strict=True):
            plot_relative_errors(axes, errors[task], task)
        axes.set_xlabel("mean squared error / the oracle's", fontsize=9)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    return figure

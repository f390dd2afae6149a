"""PNG files of a suite: series, forecasts, learning curves and errors.

They are plotted from the saved files, without TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import ORACLE
from chorale.forecasting.plots import (
    plot_errors,
    plot_forecasts,
    plot_learning_curves,
    plot_series,
)
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.saved_forecasts import (
    SavedForecasts,
    SavedSeries,
    read_forecasts,
    read_series,
)
from chorale.forecasting.series import NOISE_VARIANCE, Array, Floats
from chorale.forecasting.table_baselines import TABLE_BASELINES
from chorale.utils.checks import check_choice
from chorale.utils.extras import require
from chorale.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SERIES = 8  # columns
MOST_VARIABLES = 8  # rows


def plot_suite(
    folder: Path | str,
    *,
    task: str | None = None,
    networks: Sequence[str] = (),
    count: int = 3,
    output: Path | str | None = None,
) -> list[Path]:
    """Plot the results of `run_suite` to PNG files.

    With several trainings of a network, the forecasts are those of the first, the
    errors the medians.

    Args:
        folder: of the suite.
        task: whose forecasts, learning curves and errors are plotted; by default
            `ten-steps` or, if it was not run, the first that was.
        networks: or baselines, or the oracle, by name. By default the oracle, the
            forecasters with a spread, the best baseline and the best network, and the
            learning curves of all networks.
        count: test series to plot, 1 to MOST_SERIES.
        output: folder of the PNG files, by default that of the suite.

    Returns:
        The paths of `series.png`, `forecasts-<task>.png`, `curves-<task>.png` (if a
        network was trained) and `errors-<task>.png`.

    Raises:
        UsageError: the folder holds no suite or no forecasts yet, or has no such task
            or network, or the count is out of range.
        ModelError: a file is damaged.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    if not 1 <= count <= MOST_SERIES:
        raise UsageError(f"expected a count from 1 to {MOST_SERIES}, got {count}")
    folder = Path(folder)
    tasks = read_series(folder)
    name = task or ("ten-steps" if "ten-steps" in tasks else next(iter(tasks)))
    check_choice(f"a task that {folder} has,", name, tasks)
    saved = read_forecasts(folder, tasks[name])
    chosen = _choose(folder, saved, networks)
    trained = [
        network
        for network in (chosen if networks else saved.forecasts)
        if network in saved.histories
    ]
    figures = {
        "series": _series_figure(list(tasks.values()), count),
        f"forecasts-{name}": _forecasts_figure(saved, chosen, count),
        f"errors-{name}": _errors_figure(saved, chosen),
    }
    if trained:
        figures[f"curves-{name}"] = _curves_figure(saved, trained)
    paths = []
    for title, figure in figures.items():
        path = Path(folder if output is None else output) / f"{title}.png"
        with replacing(path) as temporary:
            # Without matplotlib's version in it, equal figures are equal bytes.
            figure.savefig(temporary, dpi=120, metadata={"Software": None})
        paths.append(path)
    return paths


def _choose(folder: Path, saved: SavedForecasts, names: Sequence[str]) -> list[str]:
    """Return the names without duplicates, or the default choice of forecasters."""
    known = saved.forecasts
    for name in names:
        task = saved.series.task.name
        check_choice(f"forecasters that {folder} has for {task},", name, known)
    if names:
        return list(dict.fromkeys(names))
    chosen = {ORACLE, *saved.spreads}
    for group in ({*BASELINES, *TABLE_BASELINES}, RECIPES):
        errors = {
            name: saved.errors(name).mean()
            for name in known
            if name in group and name not in chosen
        }
        if errors:
            chosen.add(min(errors, key=lambda name: errors[name]))
    return [name for name in known if name in chosen]


# === Figures ===


def _series_figure(saved: Sequence[SavedSeries], count: int) -> Figure:
    """Return a grid of axes: a row per task and variable, a column per series."""
    rows = [
        (series, variable, label)
        for series in saved
        for variable, label in enumerate(_labels(series))
    ]
    columns = max(len(_indices(series, count)) for series in saved)
    figure, grid = _grid(len(rows), columns, height=1.9, share_y="row")
    for (series, variable, label), line in zip(rows, grid, strict=True):
        indices = _indices(series, count)
        _hide_unused(line, len(indices))
        for axes, index in zip(line, indices, strict=False):
            plot_series(axes, series.values[index, :, variable], series.task)
            axes.set_title(_title(series, index))
        line[0].set_ylabel(label)
    _finish(figure, grid)
    return figure


def _forecasts_figure(
    saved: SavedForecasts, names: Sequence[str], count: int
) -> Figure:
    """Return a grid of axes: a row per variable, a column per series."""
    series = saved.series
    labels, indices = _labels(series), _indices(series, count)
    figure, grid = _grid(len(labels), len(indices), height=3.2, share_y="row")
    forecasts = {name: saved.forecasts[name][0] for name in names}
    bars = {
        name: _deviation(name, saved.spreads[name])
        for name in names
        if name in saved.spreads
    }
    for variable, (label, line) in enumerate(zip(labels, grid, strict=True)):
        for axes, index in zip(line, indices, strict=True):
            plot_forecasts(
                axes,
                series.values[index, :, variable],
                series.task,
                {name: array[index, :, variable] for name, array in forecasts.items()},
                {name: array[index, :, variable] for name, array in bars.items()},
            )
            axes.set_title(_title(series, index))
        line[0].set_ylabel(label)
    notes = [
        f"bars of {name}: ± 1 standard deviation of "
        + ("the hidden value, noise included" if name == ORACLE else "its draws")
        for name in bars
    ]
    _finish(figure, grid, "\n".join(notes))
    return figure


def _curves_figure(saved: SavedForecasts, names: Sequence[str]) -> Figure:
    """Return axes with the learning curves of all seeds for each network."""
    columns = min(5, len(names))
    rows = math.ceil(len(names) / columns)
    figure, grid = _grid(rows, columns, height=2.1, width=2.6, share_y="all")
    oracle = None
    if ORACLE in saved.forecasts:
        oracle = float(saved.errors(ORACLE).mean())
    for axes, name in zip(grid.flat, names, strict=False):
        for history in saved.histories[name]:
            plot_learning_curves(axes, history, oracle=oracle)
        axes.set_title(name)
    _hide_unused(grid.flat, len(names))
    for line in grid:
        line[0].set_ylabel("mean squared error")
    _finish(figure, grid)
    return figure


def _errors_figure(saved: SavedForecasts, names: Sequence[str]) -> Figure:
    errors = {name: saved.errors(name) for name in saved.forecasts}
    figure, grid = _grid(1, 1, height=4.2, width=5.5)
    axes = grid[0, 0]
    plot_errors(
        axes,
        {name: errors[name] for name in names},
        others={name: curve for name, curve in errors.items() if name not in names},
        noise=NOISE_VARIANCE if saved.series.is_synthetic else None,
    )
    axes.set_title(f"{saved.series.task.name}, {len(saved.series.values)} test series")
    _finish(figure, grid)
    return figure


# === Parts of figures ===


def _indices(series: SavedSeries, count: int) -> list[int]:
    """Return indices of series to plot, evenly spaced, since windows overlap."""
    count = min(count, len(series.values))
    return [index * len(series.values) // count for index in range(count)]


def _title(series: SavedSeries, index: int) -> str:
    if series.is_synthetic:
        return f"{series.task.name}, test series {index}"
    return f"test window {index}"


def _labels(series: SavedSeries) -> list[str]:
    """Return the label of the vertical axis for each variable that is plotted."""
    if series.is_synthetic:
        return ["value"] * series.values.shape[2]
    # Matplotlib would parse a formula from a dollar sign on.
    labels = [
        name.replace("$", r"\$") + "\n(standard deviations)"
        for name in series.names[:MOST_VARIABLES]
    ]
    if len(series.names) > MOST_VARIABLES:
        labels[-1] += f"\n{MOST_VARIABLES} of {len(series.names)} variables"
    return labels


def _deviation(name: str, spread: Array) -> Floats:
    """Return the standard deviation of a forecast; the oracle's includes the noise."""
    if name != ORACLE:
        return spread
    deviation: Floats = np.sqrt(spread.astype(np.float64) ** 2 + NOISE_VARIANCE)
    return deviation


def _grid(
    rows: int,
    columns: int,
    *,
    height: float,
    width: float = 3.2,
    share_y: Literal["all", "row", "none"] = "none",
) -> tuple[Figure, Any]:
    """Return a figure and its axes (rows, columns), each of a size in inches."""
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(max(7.0, width * columns), height * rows + 1), layout="constrained"
    )
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=share_y)


def _hide_unused(grid: Any, used: int) -> None:
    for axes in list(grid)[used:]:
        axes.set_visible(False)


def _finish(figure: Figure, grid: Any, notes: str = "") -> None:
    """Add one legend for all axes, below them."""
    handles: dict[str, Any] = {}
    for axes in grid.flat:
        axes.title.set_size(9)
        axes.spines[["top", "right"]].set_visible(False)
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        widest = 0.08 * max(map(len, handles)) + 0.6  # inches
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=min(len(handles), max(1, int(figure.get_figwidth() / widest))),
            frameon=False,
            fontsize=9,
            title=notes or None,
            title_fontsize=8,
        )

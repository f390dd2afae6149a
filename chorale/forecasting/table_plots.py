"""A chart of the last rows of a table: values, forecasts and prediction intervals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chorale.forecasting.csv_series import CsvSeries
from chorale.forecasting.intervals import half_widths
from chorale.forecasting.jobs import Measurement
from chorale.forecasting.table_results import part_errors
from chorale.utils import palette
from chorale.utils.extras import require
from chorale.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_TARGETS = 8  # rows of axes


def plot_table(
    path: Path | str,
    series: CsvSeries,
    measurements: Sequence[Measurement],
    level: float,
) -> None:
    """Plot the last stretch of each target, its last test forecast, and the future.

    Args:
        path: of the PNG file.
        series: the table.
        measurements: of the forecasters to plot; intervals are those of the first.
        level: of the prediction intervals.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    figure = table_figure(series, measurements, level)
    with replacing(Path(path)) as temporary:
        # Without matplotlib's version in it, equal figures are equal bytes.
        figure.savefig(temporary, dpi=100, metadata={"Software": None})


def table_figure(
    series: CsvSeries, measurements: Sequence[Measurement], level: float
) -> Figure:
    """Return the figure of `plot_table`."""
    from matplotlib.figure import Figure

    names = series.names[:MOST_TARGETS]
    figure = Figure(figsize=(9, 2.6 * len(names) + 0.8), layout="constrained")
    grid = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
    for target, (name, axes) in enumerate(zip(names, grid, strict=True)):
        _plot_target(axes, series, measurements, target, level)
        # Matplotlib would parse a formula from a dollar sign on.
        axes.set_ylabel(name.replace("$", r"\$"))
        axes.spines[["top", "right"]].set_visible(False)
    grid[0].legend(
        *grid[0].get_legend_handles_labels(),
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    if series.dates is None:
        grid[-1].set_xlabel("row")
    else:
        figure.autofmt_xdate()
    return figure


def _plot_target(
    axes: Axes,
    series: CsvSeries,
    measurements: Sequence[Measurement],
    target: int,
    level: float,
) -> None:
    table, ahead = series.table, series.data.task.ahead
    rows = len(table.values)
    first = max(0, rows - max(series.data.task.first_hidden, 3 * ahead) - ahead)
    times: Any = np.arange(rows + ahead) if series.dates is None else series.dates
    observed = table.observed[first:, target]
    scaled = np.where(observed[:, None], table.values[first:], np.nan)
    axes.plot(
        times[first:rows],
        series.unscale(scaled)[:, target],
        color=palette.BLACK,
        marker=".",
        markersize=4,
        linewidth=1,
        label="table",
    )
    axes.axvline(times[rows - 1], color=palette.GRAY, linestyle=":", linewidth=1)
    last = int(table.origins["test"][-1])
    for number, measurement in enumerate(measurements):
        assert measurement.forecasts is not None and measurement.future is not None
        widths = half_widths(part_errors(measurement, series, "valid"), level)
        color = palette.HUES[number % len(palette.HUES)]
        for origin, scaled in (
            (last, measurement.forecasts[-1]),
            (rows, measurement.future),
        ):
            forecast = series.unscale(scaled)[:, target]
            when = times[origin : origin + ahead]
            label = measurement.name if origin == rows else None
            axes.plot(
                when, forecast, color=color, marker="o", markersize=3, label=label
            )
            if number == 0:
                axes.fill_between(
                    when,
                    forecast - widths[:, target],
                    forecast + widths[:, target],
                    color=color,
                    alpha=0.2,
                    linewidth=0,
                    label=f"{level:.0%} interval" if label else None,
                )

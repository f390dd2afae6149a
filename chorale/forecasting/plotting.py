"""Pictures of series, of forecasts and of trainings, from what the suite has kept.

They are drawn to PNG files, without TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.drawing import (
    draw_curves,
    draw_errors,
    draw_forecasts,
    draw_series,
)
from chorale.forecasting.jobs import ORACLE
from chorale.forecasting.kept import (
    KeptForecasts,
    KeptSeries,
    read_forecasts,
    read_series,
)
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import NOISE_VARIANCE, Array, Floats
from chorale.utils.extras import require
from chorale.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SERIES = 8  # side by side
MOST_VARIABLES = 8  # one below the other


def plot_suite(
    folder: Path | str,
    *,
    task: str | None = None,
    networks: Sequence[str] = (),
    count: int = 3,
    output: Path | str | None = None,
) -> list[Path]:
    """Draw what `run_suite` has left in a folder to PNG files.

    Of several trainings of a network, the forecasts are those of the first, the errors
    the medians.

    Args:
        folder: of the suite.
        task: whose forecasts, learning curves and errors are drawn; by default the one
            of ten steps or, if that was not run, the first that was.
        networks: or baselines, or the oracle, by name. By default the oracle, what has
            a spread, and of the others the best baseline and the best network; the
            learning curves are those of all networks then.
        count: test series to draw.
        output: another folder for the pictures.

    Returns:
        The paths of `series.png`, `forecasts-<task>.png`, `curves-<task>.png` (if a
        network was trained) and `errors-<task>.png`.

    Raises:
        UsageError: there is no suite, no such task, network or count, or nothing is
            measured yet.
        ModelError: a file is damaged.
        MissingExtraError: matplotlib is not installed.
    """
    require("plot", "drawing pictures")
    if not 1 <= count <= MOST_SERIES:
        raise UsageError(f"expected a count from 1 to {MOST_SERIES}, got {count}")
    folder = Path(folder)
    tasks = read_series(folder)
    name = task or ("ten-steps" if "ten-steps" in tasks else next(iter(tasks)))
    if name not in tasks:
        raise UsageError(
            f"expected a task that {folder} has, out of {', '.join(tasks)}, "
            f"got {name!r}"
        )
    kept = read_forecasts(folder, tasks[name])
    chosen = _choose(folder, kept, networks)
    trained = [
        network
        for network in (chosen if networks else kept.forecasts)
        if network in kept.histories
    ]
    pictures = {
        "series": _series_figure(list(tasks.values()), count),
        f"forecasts-{name}": _forecasts_figure(kept, chosen, count),
        f"errors-{name}": _errors_figure(kept, chosen),
    }
    if trained:
        pictures[f"curves-{name}"] = _curves_figure(kept, trained)
    paths = []
    for picture, figure in pictures.items():
        path = Path(folder if output is None else output) / f"{picture}.png"
        with replacing(path) as temporary:
            # Without the version of matplotlib, equal pictures are equal bytes.
            figure.savefig(temporary, dpi=120, metadata={"Software": None})
        paths.append(path)
    return paths


def _choose(folder: Path, kept: KeptForecasts, names: Sequence[str]) -> list[str]:
    """Return the forecasters to draw: those asked for, or a handful."""
    known = kept.forecasts
    for name in names:
        if name not in known:
            raise UsageError(
                f"expected forecasters that {folder} has for {kept.series.task.name}, "
                f"out of {', '.join(known)}, got {name!r}"
            )
    if names:
        return list(dict.fromkeys(names))
    chosen = {ORACLE, *kept.spreads}
    for group in (BASELINES, RECIPES):
        errors = {
            name: kept.errors(name).mean()
            for name in known
            if name in group and name not in chosen
        }
        if errors:
            chosen.add(min(errors, key=lambda name: errors[name]))
    return [name for name in known if name in chosen]


# === Figures ===


def _series_figure(kept: Sequence[KeptSeries], count: int) -> Figure:
    """Return a row of panels for each task and variable, a column for each series."""
    rows = [
        (series, variable, label)
        for series in kept
        for variable, label in enumerate(_labels(series))
    ]
    columns = max(len(_indices(series, count)) for series in kept)
    figure, panels = _panels(len(rows), columns, height=1.9, share_y="row")
    for (series, variable, label), line in zip(rows, panels, strict=True):
        indices = _indices(series, count)
        _hide_unused(line, len(indices))
        for axes, index in zip(line, indices, strict=False):
            draw_series(axes, series.values[index, :, variable], series.task)
            axes.set_title(_title(series, index))
        line[0].set_ylabel(label)
    _finish(figure, panels)
    return figure


def _forecasts_figure(kept: KeptForecasts, names: Sequence[str], count: int) -> Figure:
    """Return a row of panels for each variable, a column for each series."""
    series = kept.series
    labels, indices = _labels(series), _indices(series, count)
    figure, panels = _panels(len(labels), len(indices), height=3.2, share_y="row")
    forecasts = {name: kept.forecasts[name][0] for name in names}
    heights = {
        name: _heights(name, kept.spreads[name])
        for name in names
        if name in kept.spreads
    }
    for variable, (label, line) in enumerate(zip(labels, panels, strict=True)):
        for axes, index in zip(line, indices, strict=True):
            draw_forecasts(
                axes,
                series.values[index, :, variable],
                series.task,
                {name: one[index, :, variable] for name, one in forecasts.items()},
                {name: one[index, :, variable] for name, one in heights.items()},
            )
            axes.set_title(_title(series, index))
        line[0].set_ylabel(label)
    explained = [
        f"bars of {name}: ± 1 standard deviation of "
        + ("the hidden value, noise included" if name == ORACLE else "its draws")
        for name in heights
    ]
    _finish(figure, panels, "\n".join(explained))
    return figure


def _indices(series: KeptSeries, count: int) -> list[int]:
    """Return the indices of series to draw, evenly spread: windows overlap."""
    count = min(count, len(series.values))
    return [index * len(series.values) // count for index in range(count)]


def _title(series: KeptSeries, index: int) -> str:
    if series.is_drawn:
        return f"{series.task.name}, test series {index}"
    return f"test window {index}"


def _labels(series: KeptSeries) -> list[str]:
    """Return what to call the values of each variable, as far as they are drawn."""
    if series.is_drawn:
        return ["value"] * series.values.shape[2]
    labels = []
    for name in series.names[:MOST_VARIABLES]:
        # A dollar sign would begin a formula.
        labels.append(name.replace("$", r"\$") + "\n(standard deviations)")
    if len(series.names) > MOST_VARIABLES:
        labels[-1] += f"\n{MOST_VARIABLES} of {len(series.names)} variables"
    return labels


def _heights(name: str, spread: Array) -> Floats:
    """Return half the height of error bars; only the oracle knows the noise."""
    if name != ORACLE:
        return spread
    heights: Floats = np.sqrt(spread.astype(np.float64) ** 2 + NOISE_VARIANCE)
    return heights


def _curves_figure(kept: KeptForecasts, names: Sequence[str]) -> Figure:
    """Return a panel for each network, with the curves of all its seeds."""
    columns = min(5, len(names))
    rows = math.ceil(len(names) / columns)
    figure, panels = _panels(rows, columns, height=2.1, width=2.6, share_y="all")
    floor = None
    if ORACLE in kept.forecasts:
        floor = float(kept.errors(ORACLE).mean())
    for axes, name in zip(panels.flat, names, strict=False):
        for history in kept.histories[name]:
            draw_curves(axes, history, floor=floor)
        axes.set_title(name)
    _hide_unused(panels.flat, len(names))
    for line in panels:
        line[0].set_ylabel("mean squared error")
    _finish(figure, panels)
    return figure


def _errors_figure(kept: KeptForecasts, names: Sequence[str]) -> Figure:
    errors = {name: kept.errors(name) for name in kept.forecasts}
    figure, panels = _panels(1, 1, height=4.2, width=5.5)
    axes = panels[0, 0]
    draw_errors(
        axes,
        {name: errors[name] for name in names},
        others={name: one for name, one in errors.items() if name not in names},
        noise=NOISE_VARIANCE if kept.series.is_drawn else None,
    )
    axes.set_title(f"{kept.series.task.name}, {len(kept.series.values)} test series")
    _finish(figure, panels)
    return figure


def _panels(
    rows: int,
    columns: int,
    *,
    height: float,
    width: float = 3.2,
    share_y: Literal["all", "row", "none"] = "none",
) -> tuple[Figure, Any]:
    """Return a figure and its axes (rows, columns); sizes of a panel in inches."""
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(max(7.0, width * columns), height * rows + 1), layout="constrained"
    )
    panels = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    return figure, panels


def _hide_unused(panels: Any, used: int) -> None:
    for axes in list(panels)[used:]:
        axes.set_visible(False)


def _finish(figure: Figure, panels: Any, explained: str = "") -> None:
    """Add one legend for all panels, below them."""
    handles: dict[str, Any] = {}
    for axes in panels.flat:
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
            title=explained or None,
            title_fontsize=8,
        )

"""Pictures of series, of forecasts and of trainings, from what the suite has kept.

The functions named `draw_…` draw on matplotlib axes from plain arrays, for a notebook
as well; a legend is left to the caller. `plot_suite` draws a whole folder to PNG files.
Neither needs TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count as counting
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from chorale.errors import UsageError
from chorale.extras import require
from chorale.files import replacing
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.kept import (
    CURVES,
    KeptForecasts,
    KeptSeries,
    read_forecasts,
    read_series,
)
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import NOISE_VARIANCE, Array, Floats, Task
from chorale.forecasting.suite import ORACLE
from chorale.runs import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SERIES = 8  # side by side
MOST_VARIABLES = 8  # one below the other

# Told apart by the colour-blind too (Okabe & Ito, "Color Universal Design", 2008).
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # as many again, no two cycles alike
_SEEN, _TRUTH, _OTHERS, _LIMIT = "#777777", "#000000", "#CCCCCC", "#000000"
_MOST_MARKS = 12  # on a curve of forecasts, bars included
_APART = 0.16  # steps, from one forecaster's bars to the next's


# === On axes ===


def draw_series(axes: Axes, values: Floats, task: Task) -> None:
    """Draw one variable of a series: what a forecaster may see, and what is hidden.

    Args:
        axes: to draw on.
        values: float (task.length,).
        task: which steps are hidden.
    """
    steps = np.arange(task.length)
    _draw_seen(axes, values, task, steps)
    axes.plot(
        steps[task.hidden],
        values[task.hidden],
        color=_COLOURS[3],
        marker="o",
        markersize=3,
        linewidth=1,
        label="hidden",
    )
    axes.set(xlabel="step")
    _number_wholes(axes)


def draw_forecasts(
    axes: Axes,
    values: Floats,
    task: Task,
    forecasts: Mapping[str, Floats],
    bars: Mapping[str, Floats] | None = None,
) -> None:
    """Draw forecasts of one variable of a series, the truth, and what is seen nearby.

    Args:
        axes: to draw on.
        values: float (task.length,), the hidden ones included.
        task: which steps are hidden.
        forecasts: float (task.ahead,), by what the legend is to call them.
        bars: half the height of the error bars of some of these, float (task.ahead,).
            Over many steps not each has its bar; those of several forecasters stand a
            little apart.
    """
    bars = bars or {}
    steps = np.arange(task.length)
    hidden = steps[task.hidden]
    every = math.ceil(task.ahead / _MOST_MARKS)
    nearby = max(10, task.ahead)
    begin, end = hidden[0] - nearby, hidden[-1] + nearby
    _draw_seen(axes, values, task, steps[(steps >= begin) & (steps <= end)])
    axes.plot(
        hidden,
        values[task.hidden],
        color=_TRUTH,
        marker="o",
        markersize=8,
        markerfacecolor="none",
        markevery=every,
        linewidth=1,
        label="truth",
    )
    shift = -_APART * (len(bars) - 1) / 2
    for (name, forecast), style in zip(forecasts.items(), _styles(), strict=False):
        if name not in bars:
            axes.plot(hidden, forecast, markevery=every, label=name, **style)
            continue
        axes.errorbar(
            hidden + shift,
            forecast,
            yerr=bars[name],
            errorevery=every,
            markevery=every,
            elinewidth=1,
            capsize=3,
            label=name,
            **style,
        )
        shift += _APART
    axes.set(xlabel="step")
    _number_wholes(axes)


def draw_curves(
    axes: Axes, history: Sequence[Row], *, floor: float | None = None
) -> None:
    """Draw the learning curves of one training, on a logarithmic scale.

    Args:
        axes: to draw on.
        history: a row an epoch, with `epoch`, `train_loss` and `valid_mse`.
        floor: the oracle's mean squared error, where it is known.
    """
    epochs = [row["epoch"] for row in history]
    train, valid = ([row[name] for row in history] for name in CURVES)
    axes.plot(epochs, train, color=_COLOURS[1], linestyle="--", label="train loss")
    axes.plot(epochs, valid, color=_COLOURS[0], marker=".", label="valid MSE")
    if floor is not None:
        axes.axhline(floor, color=_LIMIT, linestyle=":", linewidth=1, label="oracle")
    axes.set(xlabel="epoch", yscale=_scale([train, valid]))
    _number_wholes(axes)


def draw_errors(
    axes: Axes,
    errors: Mapping[str, Floats],
    *,
    others: Mapping[str, Floats] | None = None,
    noise: float | None = None,
) -> None:
    """Draw mean squared errors by hidden step, on a logarithmic scale.

    Where a single step is hidden, each forecaster has a row instead, the best on top.

    Args:
        axes: to draw on.
        errors: float (ahead,), by the forecaster's name.
        others: the same of forecasters that are drawn in grey, as a background.
        noise: variance of the noise, a limit to all forecasts, where it is known.
    """
    others = others or {}
    limit: dict[str, Any] = {
        "color": _LIMIT,
        "linestyle": ":",
        "linewidth": 1,
        "label": "variance of the noise",
    }
    if all(len(figures) == 1 for figures in errors.values()):
        _draw_single_errors(axes, errors, others)
        if noise is not None:
            axes.axvline(noise, **limit)
        return
    for (name, figures), style in zip(errors.items(), _styles(), strict=False):
        axes.plot(np.arange(1, len(figures) + 1), figures, label=name, **style)
    if noise is not None:
        axes.axhline(noise, **limit)
    for number, figures in enumerate(others.values()):
        axes.plot(
            np.arange(1, len(figures) + 1),
            figures,
            color=_OTHERS,
            linewidth=1,
            zorder=1,  # below the others, and last in a legend
            label="others" if number == 0 else "_",
        )
    axes.set(xlabel="hidden step", ylabel="mean squared error")
    axes.set_yscale(_scale([*errors.values(), *others.values()]))
    _number_wholes(axes)


def _draw_single_errors(
    axes: Axes, errors: Mapping[str, Floats], others: Mapping[str, Floats]
) -> None:
    styles = dict(zip(errors, _styles(), strict=False))
    ranked = sorted(
        ((float(figures[0]), name) for name, figures in {**others, **errors}.items()),
        reverse=True,
    )
    for row, (figure, name) in enumerate(ranked):
        style = styles.get(name, {"color": "#999999", "marker": "o", "markersize": 4})
        axes.plot([figure], [row], **style)
    axes.set_yticks(range(len(ranked)), [name for _, name in ranked])
    axes.grid(axis="y", color="#EEEEEE")
    axes.set(xlabel="mean squared error")
    axes.set_xscale(_scale([*errors.values(), *others.values()]))


def _draw_seen(
    axes: Axes, values: Floats, task: Task, steps: npt.NDArray[np.int_]
) -> None:
    """Draw the values of some steps that are seen, and shade the hidden ones."""
    axes.axvspan(
        task.hidden.start - 0.5, task.hidden.stop - 0.5, color="#F2F2F2", zorder=0
    )
    axes.plot(
        steps,
        np.where(task.seen(), values, np.nan)[steps],
        color=_SEEN,
        marker=".",
        markersize=4,
        linewidth=1,
        label="seen",
    )


def _scale(figures: Sequence[npt.ArrayLike]) -> str:
    """Return the scale of errors: logarithmic, unless all are zero."""
    return "log" if any((np.asarray(one) > 0).any() for one in figures) else "linear"


def _number_wholes(axes: Axes) -> None:
    """Number steps and epochs, which have no halves."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10])
    )


def _styles() -> Iterator[dict[str, Any]]:
    """Yield how the first forecaster is drawn, the second, and so on."""
    for number in counting():
        yield {
            "color": _COLOURS[number % len(_COLOURS)],
            "marker": _MARKERS[number % len(_MARKERS)],
            "markersize": 3.5,
            "linewidth": 1,
        }


# === A whole folder ===


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

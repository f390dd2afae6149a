"""Plots of series, forecasts, learning curves and errors on matplotlib axes.

They take plain arrays, for use in notebooks too; the caller adds the legend.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chorale.forecasting.saved_forecasts import CURVES
from chorale.forecasting.series import Floats, Task
from chorale.nn.runs import Row
from chorale.utils import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # one more than hues, for 42 pairs
_MOST_MARKERS = 12  # on the curve of a forecast, error bars included
_BAR_SHIFT = 0.16  # steps between the error bars of two forecasters
_LIMIT: dict[str, Any] = {"color": palette.BLACK, "linestyle": ":", "linewidth": 1}


def plot_series(axes: Axes, values: Floats, task: Task) -> None:
    """Plot a variable of a series, (task.length,), the hidden steps highlighted."""
    steps = np.arange(task.length)
    _plot_visible(axes, values, task, steps)
    axes.plot(
        steps[task.hidden],
        values[task.hidden],
        color=palette.VERMILION,
        marker="o",
        markersize=3,
        linewidth=1,
        label="hidden",
    )
    axes.set(xlabel="step")
    _integer_ticks(axes)


def plot_forecasts(
    axes: Axes,
    values: Floats,
    task: Task,
    forecasts: Mapping[str, Floats],
    bars: Mapping[str, Floats] | None = None,
) -> None:
    """Plot forecasts of one variable, the true values, and visible values near them.

    Args:
        axes: to plot on.
        values: float (task.length,), the hidden ones included.
        task: which steps are hidden.
        forecasts: float (task.ahead,), by their label in the legend.
        bars: half the height of error bars, float (task.ahead,), for some of the
            forecasts. Over a long horizon only some steps have bars; those of several
            forecasters are shifted against each other.
    """
    bars = bars or {}
    steps = np.arange(task.length)
    hidden = steps[task.hidden]
    every = math.ceil(task.ahead / _MOST_MARKERS)
    nearby = max(10, task.ahead)
    begin, end = hidden[0] - nearby, hidden[-1] + nearby
    _plot_visible(axes, values, task, steps[(steps >= begin) & (steps <= end)])
    axes.plot(
        hidden,
        values[task.hidden],
        color=palette.BLACK,
        marker="o",
        markersize=8,
        markerfacecolor="none",
        markevery=every,
        linewidth=1,
        label="truth",
    )
    shift = -_BAR_SHIFT * (len(bars) - 1) / 2
    for number, (name, forecast) in enumerate(forecasts.items()):
        style = {**_style(number), "markevery": every, "label": name}
        if name not in bars:
            axes.plot(hidden, forecast, **style)
            continue
        axes.errorbar(
            hidden + shift,
            forecast,
            yerr=bars[name],
            errorevery=every,
            elinewidth=1,
            capsize=3,
            **style,
        )
        shift += _BAR_SHIFT
    axes.set(xlabel="step")
    _integer_ticks(axes)


def plot_learning_curves(
    axes: Axes, history: Sequence[Row], *, oracle: float | None = None
) -> None:
    """Plot the learning curves of one training on a logarithmic scale.

    A row of the history has `epoch`, `train_loss` and `valid_mse`; `oracle` is the
    oracle's mean squared error, if known.
    """
    epochs = [row["epoch"] for row in history]
    train, valid = ([row[name] for row in history] for name in CURVES)
    axes.plot(epochs, train, color=palette.ORANGE, linestyle="--", label="train loss")
    axes.plot(epochs, valid, color=palette.BLUE, marker=".", label="valid MSE")
    if oracle is not None:
        axes.axhline(oracle, label="oracle", **_LIMIT)
    axes.set(xlabel="epoch", yscale=_scale([train, valid]))
    _integer_ticks(axes)


def plot_errors(
    axes: Axes,
    errors: Mapping[str, Floats],
    *,
    others: Mapping[str, Floats] | None = None,
    noise: float | None = None,
) -> None:
    """Plot mean squared errors by hidden step on a logarithmic scale.

    For a single hidden step, plot one row per forecaster instead, the best on top.

    Args:
        axes: to plot on.
        errors: float (ahead,), by forecaster.
        others: the same for forecasters in gray, in the background.
        noise: noise variance, the lower bound of all errors, if known.
    """
    others = others or {}
    limit = {"label": "variance of the noise", **_LIMIT}
    if all(len(curve) == 1 for curve in errors.values()):
        _plot_single_errors(axes, errors, others)
        if noise is not None:
            axes.axvline(noise, **limit)
        return
    for number, (name, curve) in enumerate(errors.items()):
        axes.plot(np.arange(1, len(curve) + 1), curve, label=name, **_style(number))
    if noise is not None:
        axes.axhline(noise, **limit)
    for number, curve in enumerate(others.values()):
        axes.plot(
            np.arange(1, len(curve) + 1),
            curve,
            color=palette.LIGHT_GRAY,
            linewidth=1,
            zorder=1,  # below the other curves, and last in a legend
            label="_" if number else "others",
        )
    axes.set(xlabel="hidden step", ylabel="mean squared error")
    axes.set_yscale(_scale([*errors.values(), *others.values()]))
    _integer_ticks(axes)


def _plot_single_errors(
    axes: Axes, errors: Mapping[str, Floats], others: Mapping[str, Floats]
) -> None:
    gray: dict[str, Any] = {"color": palette.GRAY, "marker": "o", "markersize": 4}
    styles = dict.fromkeys(others, gray)
    styles |= {name: _style(number) for number, name in enumerate(errors)}
    ranked = sorted(
        ((float(curve[0]), name) for name, curve in {**others, **errors}.items()),
        reverse=True,
    )
    for row, (error, name) in enumerate(ranked):
        axes.plot([error], [row], **styles[name])
    axes.set_yticks(range(len(ranked)), [name for _, name in ranked])
    axes.grid(axis="y", color=palette.GRID)
    axes.set(xlabel="mean squared error")
    axes.set_xscale(_scale([*errors.values(), *others.values()]))


def _plot_visible(
    axes: Axes, values: Floats, task: Task, steps: npt.NDArray[np.int_]
) -> None:
    """Plot the visible values of some steps, and shade the hidden steps."""
    axes.axvspan(
        task.hidden.start - 0.5, task.hidden.stop - 0.5, color=palette.SHADE, zorder=0
    )
    axes.plot(
        steps,
        np.where(task.seen(), values, np.nan)[steps],
        color=palette.DARK_GRAY,
        marker=".",
        markersize=4,
        linewidth=1,
        label="seen",
    )


def _scale(curves: Sequence[npt.ArrayLike]) -> str:
    """Return the scale of errors: logarithmic, unless all are zero."""
    return "log" if any(np.any(np.asarray(curve) > 0) for curve in curves) else "linear"


def _integer_ticks(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins=10, integer=True, steps=[1, 2, 5, 10])
    axes.xaxis.set_major_locator(locator)


def _style(number: int) -> dict[str, Any]:
    """Return the line style of the forecaster with a number from 0."""
    return {
        "color": palette.HUES[number % len(palette.HUES)],
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 3.5,
        "linewidth": 1,
    }

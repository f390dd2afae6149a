"""Drawing of series, forecasts, learning curves and errors on matplotlib axes.

From plain arrays, for a notebook as well; a legend is left to the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count as counting
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chorale.forecasting.kept import CURVES
from chorale.forecasting.series import Floats, Task
from chorale.nn.runs import Row
from chorale.utils import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # one more than hues
_MOST_MARKS = 12  # on a curve of forecasts, bars included
_APART = 0.16  # steps, from one forecaster's bars to the next's


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
        color=palette.VERMILION,
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
        color=palette.BLACK,
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
    axes.plot(epochs, train, color=palette.ORANGE, linestyle="--", label="train loss")
    axes.plot(epochs, valid, color=palette.BLUE, marker=".", label="valid MSE")
    if floor is not None:
        axes.axhline(
            floor, color=palette.BLACK, linestyle=":", linewidth=1, label="oracle"
        )
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
        "color": palette.BLACK,
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
            color=palette.LIGHT_GRAY,
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
        style = styles.get(
            name, {"color": palette.GRAY, "marker": "o", "markersize": 4}
        )
        axes.plot([figure], [row], **style)
    axes.set_yticks(range(len(ranked)), [name for _, name in ranked])
    axes.grid(axis="y", color=palette.GRID)
    axes.set(xlabel="mean squared error")
    axes.set_xscale(_scale([*errors.values(), *others.values()]))


def _draw_seen(
    axes: Axes, values: Floats, task: Task, steps: npt.NDArray[np.int_]
) -> None:
    """Draw the values of some steps that are seen, and shade the hidden ones."""
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
            "color": palette.HUES[number % len(palette.HUES)],
            "marker": _MARKERS[number % len(_MARKERS)],
            "markersize": 3.5,
            "linewidth": 1,
        }

"""Data of matplotlib axes, to compare with the arrays that were plotted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.container import ErrorbarContainer

from chorale.forecasting.series import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lines_of(axes: Axes) -> dict[str, tuple[Floats, Floats]]:
    """Return the data of each curve by its label in the legend."""
    curves = {str(line.get_label()): line for line in axes.lines}
    for bars in axes.containers:
        assert isinstance(bars, ErrorbarContainer)
        curves[str(bars.get_label())] = bars.lines[0]
    return {
        name: (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
        for name, line in curves.items()
        if not name.startswith("_")
    }


def heights_of(axes: Axes) -> dict[str, Floats]:
    """Return half the height of all error bars by label."""
    heights = {}
    for container in axes.containers:
        (bars,) = container.lines[2]
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        heights[str(container.get_label())] = (ends[:, 1] - ends[:, 0]) / 2
    return heights

"""Results as a picture: time per note by batch and by length, and cold starts."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chorale.benchmarks.measures import LENGTHS, Measure
from chorale.benchmarks.results import Results, Series
from chorale.utils.palette import BLACK, DARK_GRAY, GRAY, GRID, HUES, LIGHT_GRAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 100
_OTHERS = {"notes/torch-loop": "PyTorch loop", "notes/book-loop": "Keras model.predict"}
_TENSORFLOW = "cold/import-tensorflow"
_STYLES = ("-", "--")


def results_picture(results: Results, machine: Mapping[str, Any]) -> bytes:
    """Plot results as the bytes of a PNG file.

    Args:
        results: what was measured; panels without any figures are left out.
        machine: see `chorale.benchmarks.machine.describe_machine`.
    """
    from matplotlib.figure import Figure

    panels = [
        (draw, chosen)
        for section, draw in _PANELS.items()
        if (chosen := _section(results, section))
        and any(is_drawn(series.measure) for series in chosen)
    ]
    figure = Figure(figsize=(5 * max(len(panels), 1), 4), layout="constrained")
    for index, (draw, chosen) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), index)
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, results, chosen)
    version = machine["versions"]["chorale"]
    figure.suptitle(
        f"chorale {version} on {machine['processor']}, {machine['usable_cores']} cores",
        fontsize=10,
    )
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def is_drawn(measure: Measure) -> bool:
    """Return whether a measure has a place of its own in the picture."""
    return measure.section in _PANELS and measure.name not in _OTHERS


def _section(results: Results, section: str) -> list[Series]:
    rows = results.series.values()
    return [series for series in rows if series.measure.section == section]


def _draw_batches(axes: Axes, results: Results, chosen: list[Series]) -> None:
    """Plot the time per note by batch, with quartiles; floors are dashes."""
    lines: dict[str, list[Series]] = {}
    for series in chosen:
        name, _, pieces = series.measure.name.partition("/")[2].rpartition("/")
        if pieces.isdigit():
            lines.setdefault(name.replace("/", ", "), []).append(series)
        elif series.measure.of_one:
            label = f"{name.replace('/', ', ')}, best of {series.measure.pieces}"
            median = series.summary("ms_per_note").median
            axes.plot(1, median, "*", color=BLACK, markersize=9, label=label)
    for (label, line), color in zip(lines.items(), HUES, strict=False):
        batches = [series.measure.pieces for series in line]
        summaries = [series.summary("ms_per_note") for series in line]
        medians = [summary.median for summary in summaries]
        spread = [
            [summary.median - summary.lower for summary in summaries],
            [summary.upper - summary.median for summary in summaries],
        ]
        axes.errorbar(
            batches, medians, yerr=spread, marker="o", color=color, label=label
        )
        for series in line:
            floor = results.floor(series.measure.name)
            if floor:
                axes.plot(series.measure.pieces, floor, "_", color=color, markersize=14)
    for (name, label), style in zip(_OTHERS.items(), _STYLES, strict=True):
        if name in results.series:
            median = results.series[name].summary("ms_per_note").median
            axes.axhline(median, color=DARK_GRAY, linestyle=style, label=label)
    axes.set(xscale="log", yscale="log", xlabel="pieces in a batch (dashes: floors)")
    batches = sorted(
        {series.measure.pieces for line in lines.values() for series in line}
    )
    axes.set_xticks(batches, [str(pieces) for pieces in batches], minor=False)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title("ms per note", fontsize=10)
    axes.legend(frameon=False, fontsize=8, loc="center right")


def _draw_commands(axes: Axes, results: Results, chosen: list[Series]) -> None:
    """Plot the seconds of commands as bars; what is imported is gray."""
    summaries = [series.summary("seconds") for series in chosen]
    medians = [summary.median for summary in summaries]
    is_import = ["/import-" in series.measure.name for series in chosen]
    bars = axes.barh(
        range(len(chosen)),
        medians,
        xerr=[
            [summary.median - summary.lower for summary in summaries],
            [summary.upper - summary.median for summary in summaries],
        ],
        color=[GRAY if gray else HUES[0] for gray in is_import],
        ecolor=DARK_GRAY,
    )
    axes.bar_label(bars, [f" {median:.2f}" for median in medians], fontsize=8)
    labels = [series.measure.title.removeprefix("chorale ") for series in chosen]
    axes.set_yticks(range(len(chosen)), labels, fontsize=8)
    axes.invert_yaxis()
    if _TENSORFLOW in results.series:
        median = results.series[_TENSORFLOW].summary("seconds").median
        axes.axvline(median, color=LIGHT_GRAY, zorder=0)
    axes.set_title("seconds in a fresh process", fontsize=10)


def _draw_lengths(axes: Axes, results: Results, chosen: list[Series]) -> None:
    """Plot the time per note as a piece grows, relative to that at step 256."""
    for index, series in enumerate(chosen):
        medians = [
            series.summary(f"ms_per_note_at_{length}").median for length in LENGTHS
        ]
        usual = medians[LENGTHS.index(256)]
        axes.plot(
            LENGTHS,
            [median / usual for median in medians],
            marker=".",
            color=HUES[index % len(HUES)],
            linestyle=_STYLES[index // len(HUES) % len(_STYLES)],
            label=series.measure.title,
        )
    axes.set(xscale="log", xlabel="step", ylim=(0, None))
    axes.set_xticks(LENGTHS, [f"{length:,}" for length in LENGTHS], minor=False)
    axes.minorticks_off()
    axes.grid(axis="y", color=GRID)
    axes.set_title("time per note, relative to step 256", fontsize=10)
    axes.legend(frameon=False, fontsize=7, ncols=2)


_PANELS: dict[str, Callable[[Axes, Results, list[Series]], None]] = {
    "notes": _draw_batches,
    "cold": _draw_commands,
    "length": _draw_lengths,
}

"""Results as tables: a row for each quantity, and one for each goal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chorale.benchmarks.goals import Goal, reached
from chorale.benchmarks.measures import TITLES
from chorale.benchmarks.results import Results, Series, Summary
from chorale.utils.reports import Block, Heading, Paragraph, Table
from chorale.utils.text import counted

_SECTIONS = {
    "notes": "Time per note",
    "bodies": "Time per note of untrained networks of the default size",
    "length": "Time per note as a piece grows",
    "cold": "Commands in fresh processes",
    "training": "Training",
    "drawings": "Drawings",
    "floor": "What the processor allows",
}

_EXPLANATION = (
    "A note is one voice at one sixteenth. Defaults: with rules, guidance and critic, "
    "as generate draws; plain: without. Batch: pieces written side by side; the time "
    "is per note of all of them. Floor: the least time in which this processor could "
    "read all weights once a step, or multiply by them. Times are by the clock, CPU "
    "times those of all cores together."
)


def result_blocks(results: Results, machine: Mapping[str, Any]) -> list[Block]:
    """Return the blocks of a report.

    Args:
        results: what was measured.
        machine: see `chorale.benchmarks.machine.describe_machine`.
    """
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items())
    blocks: list[Block] = [
        Heading("Benchmark", 1),
        Paragraph(
            f"{machine['processor']}, {counted(machine['usable_cores'], 'core')}; "
            f"{counted(results.rounds, 'round')} of interleaved trials, medians and "
            f"quartiles. {versions}."
        ),
        Paragraph(_EXPLANATION),
    ]
    for section, title in _SECTIONS.items():
        chosen = [
            series
            for series in results.series.values()
            if series.measure.section == section
        ]
        if chosen:
            blocks += [Heading(title), _table(results, chosen)]
    if results.megabytes:
        memory = ", ".join(
            f"{name} {megabytes:.0f}" for name, megabytes in results.megabytes.items()
        )
        blocks.append(
            Paragraph(f"Peak memory of the processes that ran trials, in MB: {memory}.")
        )
    if goals := reached(results):
        rows = tuple(
            (
                goal.title,
                _figures(value),
                f"{'>=' if isinstance(goal, Goal) and goal.at_least else '<='} "
                f"{_number(goal.bound)}",
                "yes" if goal.is_met(value) else "no",
            )
            for goal, value in goals
        )
        header = ("figure or ratio", "measured", "goal", "met")
        blocks += [Heading("Goals"), Table(header, rows)]
    return blocks


def _table(results: Results, chosen: list[Series]) -> Table:
    """Return the table of a section, with floors if there are any."""
    found = {quantity for series in chosen for quantity in series.quantities}
    quantities = [quantity for quantity in TITLES if quantity in found]
    floors = [results.floor(series.measure.name) for series in chosen]
    header = ["", *(TITLES[quantity] for quantity in quantities)]
    header += ["floor, ms", "times floor"] if any(floors) else []
    rows = []
    for series, floor in zip(chosen, floors, strict=True):
        row = [series.measure.title]
        for quantity in quantities:
            known = quantity in series.quantities
            row.append(_figures(series.summary(quantity)) if known else "")
        if any(floors):
            median = series.summary(quantities[0]).median
            row += [_number(floor), f"{median / floor:.1f}"] if floor else ["", ""]
        rows.append(tuple(row))
    return Table(tuple(header), tuple(rows))


def _figures(summary: Summary) -> str:
    """Return a median and its quartiles, if they are not the same."""
    median, lower, upper = map(_number, summary)
    return median if lower == upper else f"{median} ({lower}-{upper})"


def _number(value: float) -> str:
    """Return a number with three significant digits."""
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"

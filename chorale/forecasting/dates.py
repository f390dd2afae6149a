"""Dates of a table: formats, the time step and its season, gaps, calendar inputs.

Dates are datetime64[s] arrays without a time zone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.utils.arrays import IntArray

Dates = npt.NDArray[np.datetime64]

ISO = "ISO8601"
FORMATS = (  # as of `pandas.to_datetime`, the first that reads all cells
    *(ISO, "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S"),
    *("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y", "%m.%Y"),
    *("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%y", "%m/%Y"),
    *("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%y", "%d-%m-%Y"),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y"),
    *("%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%d/%b/%Y"),
)
NAMES = (
    *("date", "datetime", "time", "timestamp", "ds"),
    *("year", "month", "week", "day", "hour"),
)

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400  # seconds
_MONTHS = {1: (28, 31), 3: (89, 92), 12: (365, 366)}  # their lengths in days
_MOST_GAPS = 3  # rows that are missing, for each row that is there


@dataclass(frozen=True)
class Step:
    """The time from one row to the next."""

    name: str  # such as `day` or `15 minutes`
    season: int  # rows of the usual season: a week of days, a year of months; 1: none
    seconds: int = 0  # 0 for months and business days
    months: int = 0
    business: bool = False  # Monday to Friday

    def positions(self, dates: Dates) -> IntArray:
        """Return the number of each date, counted in steps from the first.

        Raises:
            ValueError: with the index of the first date that lies between two steps.
        """
        if self.business:
            days = dates.astype("datetime64[D]")
            off = ~np.is_busday(days) | (days != dates)
            numbers = np.busday_count(days[0], days)
        elif self.months:
            months = dates.astype("datetime64[M]")
            numbers = (months - months[0]).astype(int) // self.months
            off = (months - months[0]).astype(int) % self.months != 0
            off |= np.abs((dates - self.dates(dates, numbers)).astype(int)) > 3 * _DAY
        else:
            elapsed = (dates - dates[0]).astype(int)
            numbers, off = elapsed // self.seconds, elapsed % self.seconds != 0
        if off.any():
            raise ValueError(int(np.argmax(off)))
        return np.asarray(numbers, np.int64)

    def dates(self, known: Dates, positions: IntArray) -> Dates:
        """Return the dates of positions, counted from the first of the known dates."""
        if self.business:
            days = known[0].astype("datetime64[D]")
            return np.busday_offset(days, positions).astype("datetime64[s]")
        if not self.months:
            return np.asarray(known[0] + positions * np.timedelta64(self.seconds, "s"))
        month = known[0].astype("datetime64[M]") + positions * self.months
        # The day of the month is the latest of those known: 31 means the last.
        days = known - known.astype("datetime64[M]").astype("datetime64[s]")
        last = (month + 1).astype("datetime64[s]") - np.timedelta64(_DAY, "s")
        dates: Dates = np.minimum(month.astype("datetime64[s]") + days.max(), last)
        return dates


# === Reading ===


def looks_like_date(cell: str) -> bool:
    """Return whether a cell is a date in one of the formats."""
    return any(not np.isnat(_parse([cell], form)[0]) for form in FORMATS)


def parse_dates(
    cells: Sequence[str], path: Path | str, lines: Sequence[int], column: str
) -> tuple[Dates, list[str]]:
    """Return the dates in a column, and remarks on how they were read.

    Raises:
        DataError: a cell is no date, or has another format than the others.
    """
    parsed = {form: _parse(cells, form) for form in FORMATS}
    read = {form: int((~np.isnat(dates)).sum()) for form, dates in parsed.items()}
    whole = [form for form in FORMATS if read[form] == len(cells)]
    if not whole:
        form = max(FORMATS, key=lambda form: read[form])
        missing = np.isnat(parsed[form])
        index = int(np.argmax(missing))
        example = cells[int(np.argmin(missing))].strip()
        expected = f"a date as {example!r} elsewhere: one format for all rows"
        if 2 * read[form] < len(cells):
            expected = "a date such as 2024-01-31 or 2024-01-31 13:00"
        got = cells[index].strip()[:40]
        raise DataError(f"expected {expected}, got {got!r}", path, lines[index], column)
    remarks = []
    if any(cell.strip()[-6:-5] in "+-" and ":" in cell for cell in cells if cell):
        remarks.append(f"{column}: times are converted to UTC")
    if len(whole) > 1 and {form[:5] for form in whole} >= {"%m/%d", "%d/%m"}:
        whole.sort(key=lambda form: -_regularity(parsed[form]))
        first, second = (_regularity(parsed[form]) for form in whole[:2])
        words = "month/day" if whole[0].startswith("%m") else "day/month"
        if first == second:
            remarks.append(
                f"{column}: dates are read as {words}; write 2024-01-31 to be certain"
            )
    return parsed[whole[0]], remarks


def _parse(cells: Sequence[str], form: str) -> Dates:
    """Return the dates in a format, NaT where a cell has another."""
    import pandas

    # pandas reads `now` too, in every format, and numbers of any length as ISO 8601.
    begin = r"\d{4}(-|\d{4}$|$)" if form == ISO else r"(?=.*\d)"
    stripped = [
        cell if cell.isascii() and re.match(begin, cell) else ""
        for cell in map(str.strip, cells)
    ]
    dates = pandas.to_datetime(stripped, format=form, errors="coerce", utc=True)
    values: Dates = dates.tz_localize(None).to_numpy().astype("datetime64[s]")
    return values


def _regularity(dates: Dates) -> float:
    """Return the share of the most frequent difference between neighbours."""
    if len(dates) < 2:
        return 1.0
    counts = np.unique(np.diff(dates).astype(int), return_counts=True)[1]
    return float(counts.max() / counts.sum())


# === The time step ===


def infer_step(dates: Dates) -> Step | None:
    """Return the time step of sorted, distinct dates; None if there is none.

    It is the most frequent difference of two neighbours, if at least half have it.
    """
    differences = np.diff(dates).astype(int)
    if not len(differences):
        return None
    values, counts = np.unique(differences, return_counts=True)
    seconds, share = int(values[np.argmax(counts)]), counts.max() / counts.sum()
    days = differences / _DAY
    for months, (least, most) in _MONTHS.items():
        is_inside = (days >= least) & (days <= most)
        # Months differ in length; steps of always 28 days are four weeks.
        differ = months == 12 or len(np.unique(days[is_inside])) > 1
        if share < 1 and differ and np.mean(is_inside) > 0.5:
            name = {1: "month", 3: "quarter", 12: "year"}[months]
            return Step(name, 12 // months, months=months)
    if share < 0.5 or seconds <= 0:
        return None
    if seconds == _DAY and len(dates) > 10 and np.is_busday(_days(dates)).all():
        return Step("business day", 5, business=True)
    return Step(_name(seconds), _season(seconds), seconds=seconds)


def _name(seconds: int) -> str:
    """Return the name of a time step."""
    units = {"week": 7 * _DAY, "day": _DAY, "hour": _HOUR, "minute": _MINUTE}
    for name, length in units.items():
        if seconds % length == 0:
            number = seconds // length
            return name if number == 1 else f"{number} {name}s"
    return f"{seconds} seconds"


def _season(seconds: int) -> int:
    """Return the usual season in rows: an hour, a day, a week or a year."""
    if seconds % (7 * _DAY) == 0:
        return max(1, round(365.25 * _DAY / seconds))
    for length, longest in ((_HOUR, 5 * _MINUTE), (_DAY, 12 * _HOUR), (7 * _DAY, _DAY)):
        if seconds <= longest and length % seconds == 0:
            return length // seconds
    return 1


def place_rows(
    dates: Dates, path: Path | str, lines: Sequence[int], column: str
) -> tuple[Step, IntArray]:
    """Return the time step of sorted dates and the position of each row.

    Raises:
        DataError: a date occurs twice, the dates have no common step, or most rows
            are missing.
    """
    same = np.flatnonzero(np.diff(dates).astype(int) == 0)
    if len(same):
        first = int(same[0])
        raise DataError(
            f"expected every date once, got {format_date(dates[first])} in row "
            f"{lines[first]} and again: combine these rows",
            path,
            lines[first + 1],
            column,
        )
    step = infer_step(dates)
    if step is None:
        raise DataError(
            "expected dates at equal steps, got different steps: resample the table "
            "first, by the mean of each day for instance",
            path,
            column=column,
        )
    try:
        positions = step.positions(dates)
    except ValueError as error:
        index = error.args[0]
        raise DataError(
            f"expected a date every {step.name} from {format_date(dates[0])} on, got "
            f"{format_date(dates[index])}: resample the table first",
            path,
            lines[index],
            column,
        ) from None
    if positions[-1] + 1 > (1 + _MOST_GAPS) * len(dates):
        raise DataError(
            f"expected a date every {step.name}, but {positions[-1] + 1 - len(dates):,}"
            f" rows are missing between {len(dates):,}: resample the table first",
            path,
            column=column,
        )
    return step, positions


def format_date(date: np.datetime64) -> str:
    """Return a date as ISO 8601, without a time of 00:00 and without seconds of 0."""
    text = str(date.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(" 00:00:00").removesuffix(":00")


# === Calendar inputs ===


def calendar_inputs(dates: Dates, step: Step, years: float) -> dict[str, Any]:
    """Return inputs that follow from dates, float (rows, …) by name.

    One-hot codes of the hour (steps up to 6 hours), the day of the week (up to a day)
    and the month or quarter (steps of such); with at least two years in the train rows,
    sine and cosine of the day of the year (days and weeks).
    """
    inputs: dict[str, Any] = {}
    if step.months in (1, 3):
        month = dates.astype("datetime64[M]").astype(int) % 12
        name = "month" if step.months == 1 else "quarter"
        inputs[name] = np.eye(12 // step.months)[month // step.months]
    if step.months:
        return inputs
    if 0 < step.seconds <= 6 * _HOUR:
        hours = dates.astype("datetime64[h]").astype(int) % 24
        inputs["hour"] = np.eye(24)[hours]
    if step.business or step.seconds <= _DAY:
        weekdays = (_days(dates).astype(int) + 3) % 7  # 1970-01-01 was a Thursday
        inputs["day of the week"] = np.eye(7)[weekdays]
    if years >= 2 and (step.business or step.seconds >= _DAY):
        begin = dates.astype("datetime64[Y]").astype("datetime64[s]")
        angles = (dates - begin).astype(int) / (365.25 * _DAY) * 2 * np.pi
        inputs["day of the year"] = np.column_stack([np.sin(angles), np.cos(angles)])
    return inputs


def _days(dates: Dates) -> Dates:
    return dates.astype("datetime64[D]")

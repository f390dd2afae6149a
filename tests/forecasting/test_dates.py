"""Dates of a table: formats, time steps, seasons, gaps, calendar inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.forecasting.dates import (
    Dates,
    calendar_inputs,
    format_date,
    infer_step,
    looks_like_date,
    parse_dates,
    place_rows,
)

PATH = Path("a.csv")
DAY = np.timedelta64(1, "D")


def dates(*texts: str) -> Dates:
    return np.array(texts, "datetime64[s]")


def every(first: str, step: np.timedelta64, count: int) -> Dates:
    return np.datetime64(first, "s") + step * np.arange(count)


def parse(cells: list[str]) -> tuple[list[str], list[str]]:
    """Return the dates of cells as text, and the remarks."""
    found, remarks = parse_dates(cells, PATH, range(2, len(cells) + 2), "date")
    return [format_date(date) for date in found], remarks


# === Formats ===


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2024-01-31", "2024-02-01"], ["2024-01-31", "2024-02-01"]),
        (["2024-01-31 13:00", "2024-01-31 14:00"], None),
        (["2024-01-31", "2024-01-31 12:00"], None),  # midnight without a time
        (["2024-01", "2024-02"], ["2024-01-01", "2024-02-01"]),
        (["31.01.2024", "01.02.2024"], ["2024-01-31", "2024-02-01"]),
        (["31.01.2024 05:30", "31.01.2024 06:00"], None),
        (["01/31/2024", "02/01/2024"], ["2024-01-31", "2024-02-01"]),
        (["31/01/2024", "01/02/2024"], ["2024-01-31", "2024-02-01"]),
        (["1/31/24", "2/1/24"], ["2024-01-31", "2024-02-01"]),
        (["Jan 2024", "Feb 2024"], ["2024-01-01", "2024-02-01"]),
        (["31 January 2024", "1 February 2024"], ["2024-01-31", "2024-02-01"]),
        ([" 2024/01/31 ", "2024/02/01"], ["2024-01-31", "2024-02-01"]),
        (["20240131", "20240201"], ["2024-01-31", "2024-02-01"]),
    ],
)
def test_common_formats_are_read(cells: list[str], expected: list[str] | None) -> None:
    found, remarks = parse(cells)
    if expected is not None:
        assert found == expected
    assert all(date.startswith("2024-0") for date in found) and not remarks
    assert looks_like_date(cells[0])


def test_days_and_months_are_told_by_all_rows() -> None:
    # Days 1 to 12 fit either order; only one of them has a row every day.
    found, _ = parse([f"{day:02}/03/2024" for day in range(1, 13)])
    assert found[:2] == ["2024-03-01", "2024-03-02"]
    found, _ = parse([f"03/{day:02}/2024" for day in range(1, 13)])
    assert found[:2] == ["2024-03-01", "2024-03-02"]
    _, remarks = parse(["01/02/2024", "03/02/2024", "05/02/2024"])
    assert remarks == []
    _, remarks = parse(["01/02/2024", "03/04/2024"])
    assert "write 2024-01-31 to be certain" in remarks[0]


def test_times_with_an_offset_are_converted_and_it_is_said() -> None:
    found, remarks = parse(["2024-01-31T01:00+01:00", "2024-01-31T02:00+01:00"])
    assert found == ["2024-01-31", "2024-01-31 01:00"]
    assert remarks == ["date: times are converted to UTC"]


@pytest.mark.parametrize(
    ("cells", "row", "match"),
    [
        (["2024-01-01", "soon", "2024-01-03"], 3, "as '2024-01-01' elsewhere"),
        (["2024-01-01", "2024-01-02", "03.01.2024"], 4, "one format for all rows"),
        (["2024-01-01", "2024-01-02", "2024-13-03"], 4, "got '2024-13-03'"),
        (["2024-01-01", "", "2024-01-03"], 3, "got ''"),
        (["Monday", "Tuesday", "2024-01-03"], 2, "a date such as 2024-01-31"),
        (["31.02.2024", "01.03.2024", "02.03.2024"], 2, "got '31.02.2024'"),
    ],
)
def test_what_is_no_date_is_named(cells: list[str], row: int, match: str) -> None:
    with pytest.raises(DataError, match=rf"a\.csv, row {row}, column date: .*{match}"):
        parse(cells)


@pytest.mark.parametrize("text", ["now", "12", "3.5", "rail", "", "today", "1,5"])
def test_numbers_and_words_are_no_dates(text: str) -> None:
    assert not looks_like_date(text)


# === Time steps ===


@pytest.mark.parametrize(
    ("rows", "name", "season"),
    [
        (every("2024-01-01", DAY, 30), "day", 7),
        (every("2024-01-01", np.timedelta64(1, "h"), 30), "hour", 24),
        (every("2024-01-01", np.timedelta64(15, "m"), 30), "15 minutes", 96),
        (every("2024-01-01", np.timedelta64(1, "m"), 30), "minute", 60),
        (every("2024-01-01", np.timedelta64(7, "D"), 30), "week", 52),
        (every("2024-01-01", np.timedelta64(10, "s"), 30), "10 seconds", 360),
        (np.arange("2020-01", "2024-01", dtype="datetime64[M]"), "month", 12),
        (np.arange("2020-01", "2024-01", 3, dtype="datetime64[M]"), "quarter", 4),
        (np.arange("2000", "2024", dtype="datetime64[Y]"), "year", 1),
    ],
)
def test_the_step_and_its_season_follow_from_the_dates(
    rows: Dates, name: str, season: int
) -> None:
    rows = rows.astype("datetime64[s]")
    step = infer_step(rows)
    assert step is not None and (step.name, step.season) == (name, season)
    assert step.positions(rows).tolist() == list(range(len(rows)))
    assert (step.dates(rows, np.arange(len(rows))) == rows).all()


def test_business_days_have_no_weekends() -> None:
    rows = every("2024-01-01", DAY, 28)
    rows = rows[np.is_busday(rows.astype("datetime64[D]"))]
    step = infer_step(rows)
    assert step is not None and (step.name, step.season) == ("business day", 5)
    after = step.dates(rows, np.array([20]))
    assert format_date(after[0]) == "2024-01-29"  # a Monday


def test_ends_of_months_stay_ends_of_months() -> None:
    rows = dates("2023-10-31", "2023-11-30", "2023-12-31", "2024-01-31")
    step = infer_step(rows)
    assert step is not None
    ahead = step.dates(rows, np.arange(4, 7))
    assert [format_date(date) for date in ahead] == [
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
    ]


@given(st.integers(1, 90_000), st.lists(st.booleans(), min_size=20, max_size=60))
def test_gaps_keep_their_place(seconds: int, present: list[bool]) -> None:
    rows = every("2024-03-01", np.timedelta64(seconds, "s"), len(present) + 8)
    kept = np.array([True] * 8 + present)  # the step shows in the first rows
    step, positions = place_rows(rows[kept][:9], PATH, range(2, 99), "date")
    assert positions[:8].tolist() == list(range(8))
    assert (step.dates(rows, np.arange(len(rows))) == rows).all()


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-02"], "row 4.*once, got 2024-01-02 in"),
        (["2024-01-01", "2024-01-02", "2024-01-03 12:00"], "row 4.* every day from"),
        (["2024-01-01", "2024-01-02", "2024-01-07", "2024-01-09"], "equal steps"),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2025-01-03"], "rows are missing"),
        (["2024-01-01"], "equal steps"),
    ],
)
def test_dates_without_a_common_step_are_refused(rows: list[str], match: str) -> None:
    if "equal steps" in match and len(rows) > 1:
        rows = ["2024-01-01", "2024-01-02", "2024-01-07", "2024-01-16"]
    with pytest.raises(DataError, match=match):
        place_rows(dates(*rows), PATH, range(2, 9), "date")


# === Calendar ===


def test_the_calendar_of_days_is_the_day_of_the_week() -> None:
    rows = every("2024-01-01", DAY, 10)  # from a Monday on
    step = infer_step(rows)
    assert step is not None
    inputs = calendar_inputs(rows, step, years=1)
    assert list(inputs) == ["day of the week"]
    codes = inputs["day of the week"].argmax(axis=1)
    assert codes.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    assert list(calendar_inputs(rows, step, 2)) == [*inputs, "day of the year"]


def test_the_calendar_follows_the_time_step() -> None:
    hours = every("2024-01-01 22:00", np.timedelta64(1, "h"), 5)
    step = infer_step(hours)
    assert step is not None
    inputs = calendar_inputs(hours, step, 0)
    assert inputs["hour"].argmax(axis=1).tolist() == [22, 23, 0, 1, 2]
    assert inputs["day of the week"].argmax(axis=1).tolist() == [0, 0, 1, 1, 1]
    months = np.arange("2023-11", "2024-03", dtype="datetime64[M]")
    step = infer_step(months.astype("datetime64[s]"))
    assert step is not None
    inputs = calendar_inputs(months.astype("datetime64[s]"), step, 3)
    assert list(inputs) == ["month"]
    assert inputs["month"].argmax(axis=1).tolist() == [10, 11, 0, 1]

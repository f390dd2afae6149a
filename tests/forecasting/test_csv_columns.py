"""Columns of tables: which has the dates, which is an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.forecasting.covariates import find_roles
from chorale.forecasting.csv_columns import read_columns


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def test_an_index_beside_dates_is_left_out(tmp_path: Path) -> None:
    """As `DataFrame.to_csv` writes a frame with a column of dates."""
    rows = [f"{day},2024-01-0{day + 1},{day * 2}" for day in range(5)]
    columns = read_columns(table(tmp_path / "a.csv", ",date,value", *rows))
    assert list(columns.cells) == ["value"]
    assert columns.dates is not None and str(columns.dates[0])[:10] == "2024-01-01"
    assert any("without a name is left out" in remark for remark in columns.remarks)


def test_dates_are_found_behind_names_of_days(tmp_path: Path) -> None:
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    rows = [f"{name},2024-01-0{i + 1},{i}" for i, name in enumerate(names)]
    columns = read_columns(table(tmp_path / "a.csv", "day,date,sales", *rows))
    assert list(columns.cells) == ["day", "sales"]
    assert columns.dates is not None and len(columns.dates) == 7


def test_a_column_of_years_has_the_dates(tmp_path: Path) -> None:
    rows = [f"{year},{year / 5}" for year in range(1990, 2020)]
    columns = read_columns(table(tmp_path / "a.csv", "year,co2", *rows))
    assert list(columns.cells) == ["co2"]
    assert columns.step is not None and columns.step.name == "year"


@pytest.mark.parametrize("name", ["year", "hour", "week"])
def test_small_numbers_of_such_a_name_are_no_dates(tmp_path: Path, name: str) -> None:
    rows = [f"{row % 7},{row}" for row in range(20)]
    columns = read_columns(table(tmp_path / "a.csv", f"{name},a", *rows))
    assert list(columns.cells) == [name, "a"] and columns.dates is None


def test_an_empty_line_of_a_single_column_is_a_missing_value(tmp_path: Path) -> None:
    columns = read_columns(table(tmp_path / "a.csv", "a", "1", "", "3"))
    assert columns.cells["a"] == ["1", "", "3"]


def test_a_known_column_without_values_is_no_input(tmp_path: Path) -> None:
    rows = [f"{row},,{row % 2}" for row in range(20)]
    columns = read_columns(table(tmp_path / "a.csv", "a,promo,b", *rows))
    remarks: list[str] = []
    roles = find_roles(columns, ["a"], ["promo", "b"], remarks)
    assert roles.known == ("b",)
    assert "promo is left out: all cells are empty" in remarks


def test_four_weeks_with_a_gap_are_no_months(tmp_path: Path) -> None:
    import numpy as np

    days = np.datetime64("2024-01-01") + 28 * np.array([0, 1, 2, 4, 5, 6, 7, 8])
    rows = [f"{day},{row}" for row, day in enumerate(days)]
    columns = read_columns(table(tmp_path / "a.csv", "date,a", *rows))
    assert columns.step is not None and columns.step.seconds == 28 * 86_400


def test_a_word_in_a_column_of_dates_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column day"):
        read_columns(table(tmp_path / "a.csv", "day,a", "Mon,1", "Tue,2"))

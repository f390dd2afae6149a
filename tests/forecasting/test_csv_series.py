"""Time series from a CSV file: windows, scaling, parsing, refused files."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError, UsageError
from chorale.forecasting import csv_series
from chorale.forecasting.csv_series import CsvSeries, read_csv_series, write_forecasts
from chorale.forecasting.series import Array


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def counting(path: Path, rows: int) -> Path:
    """Write a table of two variables: the row's number, and its square."""
    lines = [f"{row},{row * row}" for row in range(rows)]
    return table(path, "\n".join(["number,square", *lines]) + "\n")


def row_numbers(series: CsvSeries, windows: Array) -> list[list[int]]:
    """Return the row numbers of each window of a table of `counting`."""
    numbers = series.unscale(windows)[:, :, 0]
    assert np.allclose(numbers, numbers.round(), atol=1e-3)
    return [[int(number) for number in window] for window in numbers.round()]


# === Windows ===


def test_each_part_has_all_its_windows(tmp_path: Path) -> None:
    series = read_csv_series(counting(tmp_path / "a.csv", 100), steps=5, ahead=3)
    task = series.data.task
    assert (task.length, task.first_hidden, task.ahead) == (8, 5, 3)
    for windows, first, last in (
        (series.data.train, 0, 69),  # of the rows
        (series.data.valid, 70 - 5, 84),  # inputs reach back, targets do not
        (series.data.test, 85 - 5, 99),
    ):
        expected = [list(range(row, row + 8)) for row in range(first, last - 6)]
        assert row_numbers(series, windows) == expected
        assert windows.dtype == np.float32 and windows.shape[2] == 2
    assert min(min(row) for row in row_numbers(series, series.data.valid[:, 5:])) == 70
    assert min(min(row) for row in row_numbers(series, series.data.test[:, 5:])) == 85
    assert series.latest.shape == (1, 5, 2) and series.latest.dtype == np.float32
    assert row_numbers(series, series.latest) == [[95, 96, 97, 98, 99]]
    assert series.names == ("number", "square") and series.remarks == ()


def test_scale_is_that_of_the_rows_learned_from(tmp_path: Path) -> None:
    series = read_csv_series(counting(tmp_path / "a.csv", 100), steps=5, ahead=3)
    numbers = np.arange(70.0)
    for variable, train in enumerate((numbers, numbers**2)):
        assert series.means[variable] == pytest.approx(train.mean())
        assert series.deviations[variable] == pytest.approx(train.std())
    first = (np.arange(8) - numbers.mean()) / numbers.std()
    assert series.data.train[0, :, 0] == pytest.approx(first, abs=1e-5)
    assert series.unscale(series.latest)[0, :, 1] == pytest.approx(
        np.arange(95, 100) ** 2, rel=1e-5
    )


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 30))
def test_whatever_is_long_enough_has_windows(
    tmp_path_factory: pytest.TempPathFactory, steps: int, ahead: int, more: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    with pytest.raises(DataError, match="expected at least") as refused:
        read_csv_series(counting(path, 1), steps=steps, ahead=ahead)
    needed = int(str(refused.value).split("at least ")[1].split()[0])
    with pytest.raises(DataError, match=f"at least {needed} rows .* got {needed - 1}:"):
        read_csv_series(counting(path, needed - 1), steps=steps, ahead=ahead)
    series = read_csv_series(counting(path, needed + more), steps=steps, ahead=ahead)
    for windows in (series.data.train, series.data.valid, series.data.test):
        assert len(windows) >= 1 and windows.shape[1:] == (steps + ahead, 2)
    targets = series.data.task.targets
    trained, chosen, tested = (
        {row for window in row_numbers(series, targets(part)) for row in window}
        for part in (series.data.train, series.data.valid, series.data.test)
    )
    assert max(trained) < min(chosen) <= max(chosen) < min(tested)
    assert max(tested) == needed + more - 1


def test_many_windows_are_thinned_evenly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(csv_series.MOST_WINDOWS, "train", 4)
    series = read_csv_series(counting(tmp_path / "a.csv", 100), steps=2, ahead=1)
    firsts = [window[0] for window in row_numbers(series, series.data.train)]
    assert firsts == [0, 22, 45, 67]  # of 0 … 67
    assert series.remarks == ("of 68 train windows, 4 are used, evenly spaced",)


def test_a_constant_is_nothing_but_zeros(tmp_path: Path) -> None:
    lines = "".join(f"0.1,{row},{5 if row < 35 else 9}\n" for row in range(40))
    path = table(tmp_path / "a.csv", "same,other,later\n" + lines)
    series = read_csv_series(path, steps=3, ahead=2)
    assert not series.data.train[:, :, 0].round(6).any()
    assert series.deviations[[0, 2]].tolist() == [1, 1]
    assert series.unscale(series.latest)[0, :, 0] == pytest.approx([0.1] * 3)
    assert series.latest[0, :, 2].tolist() == [4, 4, 4]
    assert series.remarks == (
        "same is constant in the train rows",
        "later is constant in the train rows",
    )


def test_numbers_too_near_to_have_a_deviation_are_constant(tmp_path: Path) -> None:
    lines = "".join(f"{row % 2}e-200\n" for row in range(40))
    series = read_csv_series(table(tmp_path / "a.csv", "x\n" + lines), steps=3, ahead=2)
    assert series.deviations.tolist() == [1]


# === Reading ===

ROWS = 20


def lines(cell: str, at: int, *, dates: bool = False) -> str:
    """Return rows of two variables, with `cell` in the first variable at row `at`."""
    return "".join(
        (f"2024-01-{row + 1:02}," if dates else "")
        + f"{cell if row == at else row},{row * 2}\n"
        for row in range(ROWS)
    )


@pytest.mark.parametrize("name", ["date", ""])
def test_dates_are_set_aside(tmp_path: Path, name: str) -> None:
    text = f"{name},a,b\n" + lines("0", 0, dates=True)
    series = read_csv_series(table(tmp_path / "a.csv", text), steps=3, ahead=2)
    assert series.names == ("a", "b")
    assert series.unscale(series.latest)[0] == pytest.approx(
        np.array([[17, 34], [18, 36], [19, 38]]), rel=1e-5
    )
    (remark,) = series.remarks
    assert "left out" in remark and (name or "without a name") in remark


def test_numbers_without_a_name_in_front_are_an_index(tmp_path: Path) -> None:
    text = ",a\n" + lines("0", 0)  # as pandas writes a frame
    series = read_csv_series(table(tmp_path / "a.csv", text), steps=3, ahead=2)
    assert series.names == ("a",) and "without a name" in series.remarks[0]


def test_numbers_in_front_are_a_variable(tmp_path: Path) -> None:
    series = read_csv_series(counting(tmp_path / "a.csv", 30), steps=3, ahead=2)
    assert series.names[0] == "number"


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = "a , b\n" + lines("-1.5e0", 4)
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    series = read_csv_series(path, steps=3, ahead=2)
    assert series.names == ("a", "b")
    values = series.unscale(series.data.train)[0, :, 0]
    assert values == pytest.approx([0, 1, 2, 3, -1.5], abs=1e-4)


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "inf", "-Infinity"])
@pytest.mark.parametrize("dates", [False, True])
def test_a_gap_is_refused_with_its_place(
    tmp_path: Path, cell: str, dates: bool
) -> None:
    header = "date,a,b\n" if dates else "a,b\n"
    path = table(tmp_path / "a.csv", header + lines(cell, 4, dates=dates))
    match = r"a\.csv, row 6, column a: expected a number, got .* by interpolation"
    with pytest.raises(DataError, match=match):
        read_csv_series(path, steps=3, ahead=2)


@pytest.mark.parametrize("cell", ["high", "1_000", "\u0661", "1.2.3", "0x10"])
def test_text_among_numbers_is_refused_with_its_place(
    tmp_path: Path, cell: str
) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines(cell, 0))
    match = f"row 2, column a: expected a number, with a point .* got '{cell}'"
    with pytest.raises(DataError, match=match):
        read_csv_series(path, steps=3, ahead=2)


def test_numbers_without_measure_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines("-1e16", 4))
    with pytest.raises(DataError, match=r"row 6, column a: .* at most 1e\+15, got -1"):
        read_csv_series(path, steps=3, ahead=2)
    rows = "".join(f"{row % 2}e-30\n" for row in range(ROWS - 1)) + "1e14\n"
    path = table(tmp_path / "a.csv", "a\n" + rows)
    with pytest.raises(DataError, match=r"column a: .* overflow when they are stand"):
        read_csv_series(path, steps=3, ahead=2)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "expected a header of names, it is empty"),
        ("a,b\n", "expected rows below the header"),
        ("1,2\n3,4\n", "row 1: expected a header of names, got numbers"),
        ("a,b\n1,2\n1,2,3\n", "row 3: expected 2 cells, got 3"),
        ("a,b\n1,2\n1\n", "row 3: expected 2 cells, got 1"),
        ("a,b,a\n1,2,3\n", "row 1: expected distinct column names, got 'a' twice"),
        ("a,,b\n1,2,3\n", "row 1: expected a name for each column, column 2 has none"),
        ("date\n2024-01-01\n", "expected a column of numbers, got none: .* commas"),
        ("a;b\n1,5;2\n", "row 2: expected 1 cell, got 2"),
        ("a;b\n1;2\n", "expected a column of numbers, got none: .* commas"),
        (" a\n1\n2\n", r"expected at least 14 rows .* see 3 and forecast 2, got 2"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, match: str) -> None:
    path = table(tmp_path / "a.csv", text)
    with pytest.raises(DataError, match=rf"a\.csv.*{match}") as refused:
        read_csv_series(path, steps=3, ahead=2)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot read it"):
        read_csv_series(tmp_path / "none.csv", steps=3, ahead=2)
    with pytest.raises(DataError, match="cannot read it"):
        read_csv_series(tmp_path, steps=3, ahead=2)
    path = tmp_path / "a.csv"
    path.write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.csv: expected a CSV file of text"):
        read_csv_series(path, steps=3, ahead=2)


@pytest.mark.parametrize(("steps", "ahead"), [(0, 2), (3, 0), (-1, 2), (3, -1)])
def test_sizes_are_positive(tmp_path: Path, steps: int, ahead: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        read_csv_series(counting(tmp_path / "a.csv", 50), steps=steps, ahead=ahead)


# === Writing ===


def test_forecasts_are_written_in_the_units_of_the_table(tmp_path: Path) -> None:
    series = read_csv_series(counting(tmp_path / "a.csv", 100), steps=5, ahead=2)
    forecast = np.array([[[0.0, 0.0], [1.0, -1.0]]], np.float32)
    path = tmp_path / "forecasts.csv"
    write_forecasts(path, series, {"gru": forecast, "linear": 2 * forecast})
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["network", "step", "number", "square"]
    assert [row[:2] for row in rows] == [
        ["gru", "1"],
        ["gru", "2"],
        ["linear", "1"],
        ["linear", "2"],
    ]
    values = np.array([row[2:] for row in rows], float)
    assert values[0] == pytest.approx(series.means)
    assert values[1] == pytest.approx(series.means + series.deviations * [1, -1])
    assert values[3] == pytest.approx(series.means + 2 * series.deviations * [1, -1])

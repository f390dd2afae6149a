"""Time series from a CSV file: windows, scaling, parsing, refused files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError, UsageError
from chorale.forecasting import csv_columns, csv_series
from chorale.forecasting.csv_series import CsvSeries, TableOptions, read_csv_series
from chorale.forecasting.series import Array

SMALL = TableOptions(steps=3, ahead=2)


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


def latest(series: CsvSeries) -> Array:
    """Return the inputs of the forecast beyond the end, (1, steps, targets)."""
    origins, steps = series.table.origins["latest"], series.data.task.first_hidden
    return series.table.seen(origins, steps)


# === Windows ===


def test_each_part_has_all_its_windows(tmp_path: Path) -> None:
    series = read_csv_series(
        counting(tmp_path / "a.csv", 100), TableOptions(steps=5, ahead=3)
    )
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
    assert series.table.origins["latest"].tolist() == [100]
    assert row_numbers(series, latest(series)) == [[95, 96, 97, 98, 99]]
    assert series.names == ("number", "square") and series.remarks == ()


def test_scale_is_that_of_the_rows_learned_from(tmp_path: Path) -> None:
    series = read_csv_series(
        counting(tmp_path / "a.csv", 100), TableOptions(steps=5, ahead=3)
    )
    numbers = np.arange(70.0)
    for variable, train in enumerate((numbers, numbers**2)):
        assert series.means[variable] == pytest.approx(train.mean())
        assert series.deviations[variable] == pytest.approx(train.std())
    first = (np.arange(8) - numbers.mean()) / numbers.std()
    assert series.data.train[0, :, 0] == pytest.approx(first, abs=1e-5)
    assert series.unscale(latest(series))[0, :, 1] == pytest.approx(
        np.arange(95, 100) ** 2, rel=1e-5
    )


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 30))
def test_whatever_is_long_enough_has_windows(
    tmp_path_factory: pytest.TempPathFactory, steps: int, ahead: int, more: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    with pytest.raises(DataError, match="expected at least") as refused:
        read_csv_series(counting(path, 1), TableOptions(steps=steps, ahead=ahead))
    needed = int(str(refused.value).split("at least ")[1].split()[0])
    with pytest.raises(DataError, match=f"at least {needed} rows .* got {needed - 1}:"):
        read_csv_series(
            counting(path, needed - 1), TableOptions(steps=steps, ahead=ahead)
        )
    series = read_csv_series(
        counting(path, needed + more), TableOptions(steps=steps, ahead=ahead)
    )
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
    series = read_csv_series(
        counting(tmp_path / "a.csv", 100), TableOptions(steps=2, ahead=1)
    )
    firsts = [window[0] for window in row_numbers(series, series.data.train)]
    assert firsts == [0, 22, 45, 67]  # of 0 … 67
    assert series.remarks == ("of 68 train windows, 4 are used, evenly spaced",)


def test_a_constant_is_nothing_but_zeros(tmp_path: Path) -> None:
    lines = "".join(f"0.1,{row},{5 if row < 35 else 9}\n" for row in range(40))
    path = table(tmp_path / "a.csv", "same,other,later\n" + lines)
    series = read_csv_series(path, SMALL)
    assert not series.data.train[:, :, 0].round(6).any()
    assert series.deviations[[0, 2]].tolist() == [1, 1]
    assert series.unscale(latest(series))[0, :, 0] == pytest.approx([0.1] * 3)
    assert latest(series)[0, :, 2].tolist() == [4, 4, 4]
    assert series.remarks == (
        "same is constant in the train rows",
        "later is constant in the train rows",
    )


def test_numbers_too_near_to_have_a_deviation_are_constant(tmp_path: Path) -> None:
    lines = "".join(f"{row % 2}e-200\n" for row in range(40))
    series = read_csv_series(table(tmp_path / "a.csv", "x\n" + lines), SMALL)
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
def test_dates_are_the_time_of_the_rows(tmp_path: Path, name: str) -> None:
    text = f"{name},a,b\n" + lines("0", 0, dates=True)
    series = read_csv_series(
        table(tmp_path / "a.csv", text), TableOptions(steps=3, ahead=2, calendar=False)
    )
    assert series.names == ("a", "b")
    assert series.unscale(latest(series))[0] == pytest.approx(
        np.array([[17, 34], [18, 36], [19, 38]]), rel=1e-5
    )
    assert series.step is not None and series.step.name == "day"
    assert series.dates is not None and len(series.dates) == ROWS + 2
    assert str(series.dates[-1]) == "2024-01-22T00:00:00"
    assert series.table.season == 7 and series.remarks == ()


def test_numbers_without_a_name_in_front_are_an_index(tmp_path: Path) -> None:
    text = ",a\n" + lines("0", 0)  # as pandas writes a frame
    series = read_csv_series(table(tmp_path / "a.csv", text), SMALL)
    assert series.names == ("a",) and "without a name" in series.remarks[0]


def test_numbers_in_front_are_a_variable(tmp_path: Path) -> None:
    series = read_csv_series(counting(tmp_path / "a.csv", 30), SMALL)
    assert series.names[0] == "number"


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = "a , b\n" + lines("-1.5e0", 4)
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    series = read_csv_series(path, SMALL)
    assert series.names == ("a", "b")
    values = series.unscale(series.data.train)[0, :, 0]
    assert values == pytest.approx([0, 1, 2, 3, -1.5], abs=1e-4)


@pytest.mark.parametrize("cell", ["inf", "-Infinity"])
def test_infinity_is_refused_with_its_place(tmp_path: Path, cell: str) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines(cell, 4))
    match = r"a\.csv, row 6, column a: expected a number, .* empty cell .*, got"
    with pytest.raises(DataError, match=match):
        read_csv_series(path, SMALL)


@pytest.mark.parametrize("cell", ["high", "1_000", "\u0661", "1.2.3", "0x10"])
def test_text_among_numbers_is_refused_with_its_place(
    tmp_path: Path, cell: str
) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines(cell, 0))
    match = f"row 2, column a: expected a number, with a point .* got '{cell}'"
    with pytest.raises(DataError, match=match):
        read_csv_series(path, SMALL)


def test_numbers_without_measure_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines("-1e16", 4))
    with pytest.raises(DataError, match=r"row 6, column a: .* at most 1e\+15, got -1"):
        read_csv_series(path, SMALL)
    rows = "".join(f"{row % 2}e-30\n" for row in range(ROWS - 1)) + "1e14\n"
    path = table(tmp_path / "a.csv", "a\n" + rows)
    with pytest.raises(DataError, match=r"column a: .* overflow when they are stand"):
        read_csv_series(path, SMALL)


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
        read_csv_series(path, SMALL)
    assert "\n" not in str(refused.value)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot read it"):
        read_csv_series(tmp_path / "none.csv", SMALL)
    with pytest.raises(DataError, match="cannot read it"):
        read_csv_series(tmp_path, SMALL)
    path = tmp_path / "a.csv"
    path.write_bytes("größe\n1\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"a\.csv: expected a CSV file of text"):
        read_csv_series(path, SMALL)


@pytest.mark.parametrize(("steps", "ahead"), [(0, 2), (3, 0), (-1, 2), (3, -1)])
def test_sizes_are_positive(tmp_path: Path, steps: int, ahead: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        read_csv_series(
            counting(tmp_path / "a.csv", 50), TableOptions(steps=steps, ahead=ahead)
        )


# === Missing values ===


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "NA", "null"])
def test_missing_values_are_filled_and_masked_and_said(
    tmp_path: Path, cell: str
) -> None:
    path = table(tmp_path / "a.csv", "a,b\n" + lines(cell, 4))
    series = read_csv_series(path, TableOptions(steps=3, ahead=2, season=2))
    assert series.unscale(series.table.values)[:6, 0] == pytest.approx(
        [0, 1, 2, 3, 2, 5], abs=1e-4
    )
    assert np.flatnonzero(~series.table.observed[:, 0]).tolist() == [4]
    truth = series.table.truth(np.array([3]), 2)[0]
    assert np.isnan(truth[1, 0]) and np.isfinite(truth[:, 1]).all()
    assert series.table.past.shape[1] == 2  # the masks are inputs
    (remark,) = series.remarks
    assert remark.startswith("a: 1 value missing, row 6: as inputs they are filled")


def test_missing_rows_are_inserted_and_said(tmp_path: Path) -> None:
    rows = lines("0", 0, dates=True).splitlines()
    del rows[7:9]
    text = "\n".join(["date,a,b", *rows])
    series = read_csv_series(table(tmp_path / "a.csv", text), SMALL)
    assert len(series.table.values) == ROWS
    assert np.flatnonzero(~series.table.observed[:, 0]).tolist() == [7, 8]
    # A week before: rows 0 and 1.
    assert series.unscale(series.table.values)[7:9, 0] == pytest.approx(
        [0, 1], abs=1e-4
    )
    assert series.remarks[0] == (
        "date: a row every day; the table lacks 2 rows: 2024-01-08 to 2024-01-09"
    )
    assert series.remarks[1].startswith("a: 2 values missing, 2024-01-08 to 2024-01-09")


def test_nothing_is_filled_from_later_rows(tmp_path: Path) -> None:
    first = read_csv_series(table(tmp_path / "a.csv", "a,b\n" + lines("", 4)), SMALL)
    rows = lines("", 4).splitlines()
    rows[5:] = [f"{900 + row},{row}" for row in range(5, ROWS)]
    other = read_csv_series(table(tmp_path / "b.csv", "a,b\n" + "\n".join(rows)), SMALL)
    filled = first.unscale(first.table.values)[4, 0]
    assert other.unscale(other.table.values)[4, 0] == pytest.approx(filled, abs=1e-2)


def test_unsorted_rows_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    rows = lines("0", 0, dates=True).splitlines()
    rows[3], rows[4] = rows[4], rows[3]
    text = "\n".join(["date,a,b", *rows])
    series = read_csv_series(table(tmp_path / "a.csv", text), SMALL)
    assert series.unscale(series.table.values)[:, 0] == pytest.approx(
        np.arange(ROWS), abs=1e-4
    )
    assert "rows are sorted by date; row 6 (2024-01-04) is earlier" in series.remarks[0]


def test_a_column_without_values_is_refused(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f"{row},\n" for row in range(ROWS))
    path = table(tmp_path / "a.csv", text)
    with pytest.raises(DataError, match=r"a\.csv, column b: .* all cells are empty"):
        read_csv_series(path, SMALL)
    series = read_csv_series(path, TableOptions(steps=3, ahead=2, targets=("a",)))
    assert "b is left out: all cells are empty" in series.remarks
    late = "a\n" + "".join(f"{row if row > 16 else 'NA'}\n" for row in range(ROWS))
    with pytest.raises(DataError, match=r"column a: .* in the first 70 % of rows"):
        read_csv_series(table(tmp_path / "b.csv", late), SMALL)
    early = "a,b\n" + "".join(f"{row if row < 16 else ''},1\n" for row in range(ROWS))
    with pytest.raises(DataError, match=r"column a: .*all test cells are empty"):
        read_csv_series(table(tmp_path / "c.csv", early), SMALL)


# === Covariates ===

KINDS = "WWWWWAU"  # of days: working day, Saturday, Sunday


def days(path: Path, *, future: int = 0, extra: str = "") -> Path:
    """Write 60 days from a Monday on, two numbers and the kind of day."""
    rows = ["date,kind,rides,rain"]
    for row in range(60 + future):
        date = np.datetime64("2024-01-01") + row
        rides = row * 10 if row < 60 else ""
        kind = "H" if row in (8, 20, 61) else KINDS[row % 7]
        rows.append(f"{date},{kind}{extra},{rides},{row % 3 if row < 60 else ''}")
    return table(path, "\n".join(rows))


WITH_KINDS = TableOptions(targets=("rides",), known=("kind",), steps=14, ahead=3)


def test_columns_have_the_roles_asked_for(tmp_path: Path) -> None:
    series = read_csv_series(days(tmp_path / "a.csv"), WITH_KINDS)
    assert series.names == ("rides",) and series.past == ("rain",)
    assert series.known == ("kind", "day of the week")
    assert series.table.past.shape == (60, 1)
    assert series.table.known.shape == (63, 4 + 7)
    kinds = series.table.known[:, :4].argmax(axis=1)  # A H U W
    assert kinds[:9].tolist() == [3, 3, 3, 3, 3, 0, 2, 3, 1]
    past, known = series.table.covariates(np.array([20]), 14, 3)
    assert past.shape == (1, 14, 1) and known.shape == (1, 17, 11)
    assert (known[0] == series.table.known[6:23]).all()
    # Without a future in the file, the days ahead are as those of the week before.
    assert (kinds[60:] == kinds[53:56]).all()
    assert any("kind is given for 0 of the 3 rows" in r for r in series.remarks)


def test_rows_at_the_end_without_targets_are_the_known_future(tmp_path: Path) -> None:
    series = read_csv_series(days(tmp_path / "a.csv", future=3), WITH_KINDS)
    assert len(series.table.values) == 60
    kinds = series.table.known[:, :4].argmax(axis=1)
    assert kinds[60:].tolist() == [3, 1, 2]  # Friday, a holiday, Sunday
    assert any(r.startswith("3 rows at the end, from row 62") for r in series.remarks)
    assert not any("is given for" in remark for remark in series.remarks)
    assert series.dates is not None and str(series.dates[60])[:10] == "2024-03-01"


def test_categories_come_from_the_train_rows(tmp_path: Path) -> None:
    path = days(tmp_path / "a.csv")
    text = path.read_text().replace("2024-02-28,W", "2024-02-28,X")
    series = read_csv_series(table(path, text), WITH_KINDS)
    assert not series.table.known[58, :4].any()
    assert any("kind: X does not occur in the train rows" in r for r in series.remarks)


def test_text_without_a_role_is_an_input_of_the_past(tmp_path: Path) -> None:
    options = TableOptions(steps=14, ahead=3, calendar=False)
    series = read_csv_series(days(tmp_path / "a.csv"), options)
    assert series.names == ("rides", "rain")
    assert (series.past, series.known) == (("kind",), ())
    assert series.table.known.shape == (63, 0)
    assert "--known" in " ".join(series.remarks)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (
            {"targets": ("riders",)},
            "--target out of the columns kind, rides, rain .*'ri",
        ),
        ({"known": ("kinds",)}, "--known out of the columns kind, .* got 'kinds'"),
        (
            {"targets": ("rain",), "known": ("rain",)},
            "not forecast .* got 'rain', a --t",
        ),
        ({"targets": ("rain", "rain")}, "--target without 'rain' twice"),
        ({"season": 0}, "a season of at least 1 row, got 0"),
        ({"season": 30}, "at most half of the 42 train rows, got 30"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    tmp_path: Path, options: dict[str, Any], match: str
) -> None:
    path = days(tmp_path / "a.csv")
    with pytest.raises(UsageError, match=match):
        read_csv_series(path, TableOptions(steps=14, ahead=3, **options))


def test_text_as_a_target_is_refused_with_its_place(tmp_path: Path) -> None:
    path = days(tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"row 2, column kind: expected a number"):
        read_csv_series(path, TableOptions(targets=("kind",)))


def test_text_with_many_values_is_no_category(tmp_path: Path) -> None:
    rows = "".join(f"{row},w{row % 55}\n" for row in range(120))
    path = table(tmp_path / "a.csv", "a,b\n" + rows)
    series = read_csv_series(path, SMALL)
    assert series.past == () and "b is left out: 55 different" in series.remarks[0]
    with pytest.raises(DataError, match=r"column b: expected few categories, got 55"):
        read_csv_series(path, TableOptions(known=("b",)))


# === Seasons, lengths, bounds ===


def test_a_season_is_found_without_dates(tmp_path: Path) -> None:
    text = "a\n" + "".join(f"{row % 6 * 3}\n" for row in range(90))
    series = read_csv_series(
        table(tmp_path / "a.csv", text), TableOptions(steps=15, ahead=4)
    )
    assert series.table.season == 6
    assert series.remarks == (
        "a season of 6 rows, which forecasts the train rows best; --season sets "
        "another",
    )


@pytest.mark.parametrize(
    ("step", "name", "steps", "ahead"),
    [("D", "day", 56, 14), ("h", "hour", 72, 24), ("M", "month", 24, 12)],
)
def test_lengths_are_usual_for_the_time_step(
    tmp_path: Path, step: str, name: str, steps: int, ahead: int
) -> None:
    times = np.datetime64("2010-01") + np.arange(200).astype(f"timedelta64[{step}]")
    rows = [f"{time},{row % 12}" for row, time in enumerate(times)]
    path = table(tmp_path / "a.csv", "\n".join(["month,a", *rows]))
    series = read_csv_series(path)
    assert series.step is not None and series.step.name == name
    assert (series.data.task.first_hidden, series.data.task.ahead) == (steps, ahead)


def test_huge_tables_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = counting(tmp_path / "a.csv", 100)
    for name, value, match in (
        ("MOST_ROWS", 50, "at most 50 rows, got 100"),
        ("MOST_COLUMNS", 1, "at most 1 columns, got 2"),
        ("MOST_BYTES", 99, "at most 0 MiB"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(csv_columns, name, value)
            with pytest.raises(DataError, match=match):
                read_csv_series(path, SMALL)

"""Medians, ratios by rounds, floors, goals, JSON and tables."""

from __future__ import annotations

import json

import pytest
from measured import MACHINE, results, series

from chorale.benchmarks.floor import BANDWIDTH, RATE, floor_ms_per_note
from chorale.benchmarks.goals import GOALS, reached, to_json
from chorale.benchmarks.measures import LENGTHS
from chorale.benchmarks.registry import MEASURES
from chorale.benchmarks.results import Results, Summary
from chorale.benchmarks.tables import result_blocks
from chorale.utils.reports import to_text


def test_a_summary_is_the_median_with_quartiles() -> None:
    assert Summary.of([5, 1, 2, 3, 4]) == (3, 2, 4)
    assert Summary.of([7]) == (7, 7, 7)


def test_ratios_are_those_of_each_round() -> None:
    # Everything is slower in the second round: the ratio does not see it.
    found = results(
        series("a", {"seconds": 1}, {"seconds": 10}, {"seconds": 1}),
        series("b", {"seconds": 2}, {"seconds": 20}),
    )
    assert found.ratio(("a", "seconds"), ("b", "seconds")) == (0.5, 0.5, 0.5)
    assert found.ratio(("a", "seconds"), ("none", "seconds")) is None
    assert found.ratio(("a", "seconds"), ("b", "megabytes")) is None


def test_the_floor_is_reading_for_few_pieces_and_computing_for_many() -> None:
    # A million weights: 4 MB at 4 GB/s are 1 ms a step, a quarter of it per note.
    assert floor_ms_per_note(10**6, 1, bandwidth=4, rate=100) == pytest.approx(0.25)
    # 100 pieces: 200 million operations at 100 GFLOP/s are 2 ms, for 400 notes.
    assert floor_ms_per_note(10**6, 100, 4, 100) == pytest.approx(2 / 400)


@pytest.mark.parametrize(("of_one", "expected"), [(False, 0.25 / 2), (True, 0.25)])
def test_a_floor_is_that_of_all_notes_or_of_one_piece(
    of_one: bool, expected: float
) -> None:
    found = results(
        series("a", {"ms_per_note": 1}, weights=10**6, pieces=2, of_one=of_one),
        series("b", {"ms_per_note": 1}),
        series(BANDWIDTH, {"gigabytes_per_second": 4}),
        series(RATE, {"gigaflops": 100}),
    )
    assert found.floor("a") == pytest.approx(expected)
    assert found.floor("b") is None
    assert found.floor("none") is None


def test_without_bandwidth_there_is_no_floor() -> None:
    found = results(series("a", {"ms_per_note": 1}, weights=10**6))
    assert found.floor("a") is None
    assert "floor" not in to_text(result_blocks(found, MACHINE))


def fast() -> Results:
    """Return results that reach two goals and miss one."""
    many = "notes/bach/defaults/64"
    return results(
        series("notes/bach/defaults/best-of-3", {"ms_per_note": 0.2}),
        series(many, {"ms_per_note": 0.09}, weights=4 * 10**6, pieces=64),
        series("notes/torch-loop", {"ms_per_note": 0.8}),
        series("notes/book-loop", {"ms_per_note": 100}),
        series(BANDWIDTH, {"gigabytes_per_second": 20}),
        series(RATE, {"gigaflops": 50}),
    )


def test_goals_are_ratios_that_are_reached_or_not() -> None:
    found = {goal.title: (value, goal.is_met(value)) for goal, value in reached(fast())}
    value, is_met = found["bach, best of 3, drawing only / PyTorch loop"]
    assert value.median == pytest.approx(0.25)
    assert is_met
    value, is_met = found["Keras model.predict / bach, best of 3"]
    assert value.median == pytest.approx(500)
    assert is_met
    value, is_met = found["bach, batch 64, ms per note"]
    assert value.median == 0.09
    assert not is_met
    # 8 * 64 million operations a step at 50 GFLOP/s, for 256 notes: 0.04 ms.
    value, is_met = found["bach, batch 64 / floor"]
    assert value.median == pytest.approx(2.25)
    assert is_met
    assert "evaluate, seconds" not in found  # it was not measured


def test_goals_are_about_measures_that_exist() -> None:
    for goal in GOALS:
        for name, quantity in (goal.figure, getattr(goal, "over", None) or goal.figure):
            assert name in MEASURES, goal.title
            assert not quantity.startswith("ms_per_note_at") or quantity in {
                f"ms_per_note_at_{length}" for length in LENGTHS
            }


def test_json_has_every_figure() -> None:
    report = json.loads(json.dumps({**fast().to_json(), "goals": to_json(fast())}))
    row = report["measures"]["notes/bach/defaults/64"]
    assert row["quantities"]["ms_per_note"] == {
        "median": 0.09,
        "lower": 0.09,
        "upper": 0.09,
        "values": [0.09],
    }
    assert row["floor_ms_per_note"] == pytest.approx(0.04)
    assert {goal["met"] for goal in report["goals"]} == {True, False}


def test_tables_name_processor_floors_and_goals() -> None:
    lines = to_text(result_blocks(fast(), MACHINE)).splitlines()
    assert any("Abacus 3, 2 cores; 3 rounds" in line for line in lines)
    rows = {line.split("  ")[0]: line.split() for line in lines if "  " in line}
    many = rows["notes/bach/defaults/64"]
    assert many[1:] == ["0.090", "0.040", "2.2"]
    torch = rows["notes/torch-loop"]  # it has no floor
    assert torch[1:] == ["0.800"]
    goal = rows["bach, batch 64, ms per note"]
    assert goal[-4:] == ["0.090", "<=", "0.080", "no"]
    assert rows["Keras model.predict / bach, best of 3"][-3:] == [">=", "250", "yes"]


def test_a_row_has_nothing_where_a_quantity_was_not_measured() -> None:
    found = results(
        series("cold/a", {"seconds": 2, "megabytes": 30}, {"seconds": 4}),
        series("cold/b", {"seconds": 1}),
    )
    lines = to_text(result_blocks(found, MACHINE)).splitlines()
    (header,) = [line for line in lines if "peak MB" in line]
    assert header.split() == ["s", "peak", "MB"]
    (row,) = [line for line in lines if line.startswith("cold/a")]
    assert row.split()[1:] == ["3.00", "(2.50-3.50)", "30.0"]
    (row,) = [line for line in lines if line.startswith("cold/b")]
    assert row.split()[1:] == ["1.00"]

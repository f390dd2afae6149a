"""The picture of results: a PNG, whatever was measured."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from measured import MACHINE, results, series

from chorale.benchmarks.floor import BANDWIDTH, RATE
from chorale.benchmarks.measures import LENGTHS
from chorale.benchmarks.pictures import results_picture

pytest.importorskip("matplotlib")

ROWS: dict[str, Any] = {
    "notes": [
        *(
            series(
                f"notes/bach/plain/{pieces}",
                {"ms_per_note": 1 / pieces},
                {"ms_per_note": 2 / pieces},
                weights=10**6,
                pieces=pieces,
            )
            for pieces in (1, 8)
        ),
        series(
            "notes/bach/defaults/best-of-3", {"ms_per_note": 3}, pieces=3, of_one=True
        ),
        series("notes/torch-loop", {"ms_per_note": 1}),
    ],
    "floor": [
        series(BANDWIDTH, {"gigabytes_per_second": 4}),
        series(RATE, {"gigaflops": 100}),
    ],
    "cold": [
        series("cold/import-tensorflow", {"seconds": 5}),
        series("cold/help", {"seconds": 0.2}),
    ],
    "length": [
        series("length/gru", {f"ms_per_note_at_{length}": 1 for length in LENGTHS})
    ],
}


def width(png: bytes) -> int:
    """Return the width of a PNG file in pixels."""
    assert png.startswith(b"\x89PNG")
    pixels: int = struct.unpack(">I", png[16:20])[0]
    return pixels


def test_there_is_a_panel_for_each_section() -> None:
    rows = [row for chosen in ROWS.values() for row in chosen]
    assert width(results_picture(results(*rows), MACHINE)) == 1500


@pytest.mark.parametrize("section", ROWS)
def test_other_panels_are_left_out(section: str) -> None:
    png = results_picture(results(*ROWS[section]), MACHINE)
    assert width(png) == 500


def test_others_alone_are_no_panel() -> None:
    found = results(series("notes/torch-loop", {"ms_per_note": 1}), *ROWS["length"])
    assert width(results_picture(found, MACHINE)) == 500


def test_equal_results_are_equal_pictures() -> None:
    found = results(*ROWS["cold"])
    assert results_picture(found, MACHINE) == results_picture(found, MACHINE)

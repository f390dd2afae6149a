"""Names of measures, their choice, and what is left out."""

from __future__ import annotations

import pytest

from chorale.benchmarks import registry
from chorale.benchmarks.registry import MEASURES, choose, missing_modules
from chorale.benchmarks.tables import _SECTIONS
from chorale.errors import UsageError


def test_names_and_titles_are_unique_and_sections_have_headings() -> None:
    titles = {(measure.section, measure.title) for measure in MEASURES.values()}
    assert len(titles) == len(MEASURES)
    assert {measure.section for measure in MEASURES.values()} <= {*_SECTIONS}


def test_measures_are_chosen_by_the_beginning_of_their_names() -> None:
    assert choose() == list(MEASURES.values())
    quick = choose(quick=True)
    assert all(measure.quick for measure in quick)
    assert 0 < len(quick) < len(MEASURES)
    (one,) = choose(["cold/judge"], quick=True)  # asked for by name
    assert one.name == "cold/judge"
    names = [measure.name for measure in choose(["notes/bach/plain", "floor/"])]
    assert names == [
        *(f"notes/bach/plain/{pieces}" for pieces in (1, 8, 64)),
        "floor/bandwidth",
        "floor/products",
    ]


@pytest.mark.parametrize("name", ["col", "notes/bach/defaults/6", "", "None"])
def test_a_name_that_no_measure_begins_with_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"no measure .*notes/bach/plain, .*cold"):
        choose([name])


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    assert missing_modules(MEASURES["notes/torch-loop"]) == (
        "torch is not installed: pip install torch"
    )
    assert "extra [train]" in missing_modules(MEASURES["cold/import-tensorflow"])
    assert missing_modules(MEASURES["cold/import-numpy"]) == ""

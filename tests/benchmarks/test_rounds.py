"""The order of trials, what ends the rounds, and measures that fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chorale.benchmarks.measures import Measure, Prepared
from chorale.benchmarks.rounds import run_rounds


class Machine:
    """A fake clock, and trials that take a known time."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.now = seconds, 0.0
        self.asked: list[str] = []
        self.ready: set[str] = set()
        self.broken: set[str] = set()

    def clock(self) -> float:
        return self.now

    def ask(self, measure: Measure) -> Mapping[str, Any]:
        self.asked.append(measure.name)
        if measure.name in self.broken:
            return {"error": "out of paper"}
        if measure.name not in self.ready:
            self.ready.add(measure.name)
            return {"weights": 7}
        self.now += self.seconds[measure.name]
        return {"figures": {"seconds": self.seconds[measure.name]}}


def measure(name: str, **changes: Any) -> Measure:
    """Return a measure that is never prepared here."""

    def prepare(_: Path) -> Prepared:
        raise AssertionError

    return Measure(name=name, title=name, prepare=prepare, process="p", **changes)


def test_trials_take_turns_after_all_is_prepared() -> None:
    machine = Machine({"a": 1, "b": 2})
    calls: list[tuple[int, int]] = []
    results = run_rounds(
        [measure("a"), measure("b")],
        machine.ask,
        3,
        clock=machine.clock,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert machine.asked == ["a", "b"] * 4
    assert calls == [(done, 8) for done in range(1, 9)]
    assert results.rounds == 3
    assert results.values("b", "seconds") == {0: 2, 1: 2, 2: 2}
    assert results.series["a"].weights == 7


def test_a_measure_may_have_fewer_rounds_than_others() -> None:
    machine = Machine({"a": 1, "b": 2})
    results = run_rounds([measure("a"), measure("b", rounds=1)], machine.ask, 3)
    assert machine.asked == ["a", "b", "a", "b", "a", "a"]
    assert results.values("b", "seconds") == {0: 2}


@pytest.mark.parametrize(
    ("limit", "rounds"), [(None, 4), (1, 1), (5.9, 1), (6, 2), (100, 4)]
)
def test_no_round_begins_that_would_end_too_late(
    limit: float | None, rounds: int
) -> None:
    machine = Machine({"a": 1, "b": 2})
    results = run_rounds(
        [measure("a"), measure("b")], machine.ask, 4, limit=limit, clock=machine.clock
    )
    assert results.rounds == rounds
    assert machine.now == 3 * rounds


def test_the_longest_round_counts_for_the_limit() -> None:
    machine = Machine({"a": 1, "b": 5})
    results = run_rounds(
        [measure("a"), measure("b", rounds=1)],
        machine.ask,
        4,
        limit=11,
        clock=machine.clock,
    )
    assert results.rounds == 1  # a second one might take six seconds again


def test_what_fails_is_named_and_the_rest_goes_on() -> None:
    machine = Machine({"a": 1, "b": 2})
    machine.broken = {"b"}
    results = run_rounds([measure("a"), measure("b")], machine.ask, 2)
    assert machine.asked == ["a", "b", "a", "a"]
    assert results.failed == {"b": "out of paper"}
    assert list(results.series) == ["a"]


def test_a_trial_that_fails_keeps_the_figures_before_it() -> None:
    machine = Machine({"a": 1})

    def ask(row: Measure) -> Mapping[str, Any]:
        if len(machine.asked) == 2:
            machine.broken = {"a"}
        return machine.ask(row)

    results = run_rounds([measure("a")], ask, 5)
    assert results.values("a", "seconds") == {0: 1}
    assert results.failed == {"a": "out of paper"}


def test_a_process_that_was_started_again_is_prepared_again() -> None:
    machine = Machine({"a": 1})

    def ask(row: Measure) -> Mapping[str, Any]:
        if len(machine.asked) == 2:
            machine.ready.clear()
        return machine.ask(row)

    results = run_rounds([measure("a")], ask, 2)
    assert machine.asked == ["a"] * 4
    assert results.values("a", "seconds") == {0: 1, 1: 1}

"""Processes that run trials, and fresh ones that are measured."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chorale.benchmarks.commands import CommandError, run_fresh
from chorale.benchmarks.measures import Measure, Prepared
from chorale.benchmarks.registry import MEASURES
from chorale.benchmarks.worker import answers
from chorale.benchmarks.workers import Workers


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with Workers(tmp_path) as started:
        yield started


def test_a_process_prepares_a_measure_and_then_runs_trials(workers: Workers) -> None:
    measure = MEASURES["floor/bandwidth"]
    assert workers.ask(measure) == {"weights": 0}
    for _ in range(2):
        (quantity, value), *rest = workers.ask(measure)["figures"].items()
        assert (quantity, rest) == ("gigabytes_per_second", [])
        assert value > 0
    assert workers.megabytes["floor"] > 1


def test_a_process_that_is_killed_is_an_error_and_another_one_starts(
    workers: Workers,
) -> None:
    measure = MEASURES["floor/products"]
    assert "weights" in workers.ask(measure)
    workers._processes["floor"].kill()
    assert "exit code -9" in workers.ask(measure)["error"]
    assert "weights" in workers.ask(measure)


def test_an_error_is_an_answer_and_the_next_measure_is_prepared(tmp_path: Path) -> None:
    folders = []

    def prepare(folder: Path) -> Prepared:
        folders.append(folder)
        return Prepared(lambda: {"seconds": 1.5}, weights=3)

    def fail(_: Path) -> Prepared:
        raise ValueError("no\npaper")

    known = {
        name: Measure(name=name, title=name, prepare=each, process="p")
        for name, each in (("good", prepare), ("bad", fail))
    }
    names = ["bad", "good", "good", "bad"]
    found = list(answers(names, known.__getitem__, tmp_path))
    assert all(answer.pop("megabytes") for answer in found)
    error = {"error": "ValueError: no paper"}
    assert found == [error, {"weights": 3}, {"figures": {"seconds": 1.5}}, error]
    assert folders == [tmp_path]


def test_a_fresh_process_has_its_own_seconds_and_memory() -> None:
    small = run_fresh((sys.executable, "-c", "print('not shown')"))
    code = "import time; kept = bytearray(300_000_000); time.sleep(0.3)"
    large = run_fresh((sys.executable, "-c", code))
    assert large["seconds"] > 0.3
    assert small["megabytes"] < 100  # this process is larger
    assert 300 < large["megabytes"] < 400


def test_a_fresh_process_that_fails_is_an_error() -> None:
    with pytest.raises(CommandError, match="fails: ValueError: no paper"):
        run_fresh((sys.executable, "-c", "raise ValueError('no paper')"))

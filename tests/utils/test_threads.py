from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from chorale.utils.threads import map_in_threads, threads_of, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity")
def test_only_the_cores_that_a_process_may_use_are_counted() -> None:
    program = (
        "import os; from chorale.utils.threads import usable_cores; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "print(usable_cores())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert answer.stdout.split() == [b"1"]
    assert usable_cores() == len(os.sched_getaffinity(0))


def test_few_results_wait_to_be_asked_for() -> None:
    done = []
    results = map_in_threads(done.append, range(100), 2)
    next(results)
    time.sleep(0.1)
    assert len(done) <= 5


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_results_come_in_the_order_of_the_items(threads: int, count: int) -> None:
    squares = map_in_threads(lambda number: number**2, range(count), threads)
    assert list(squares) == [number**2 for number in range(count)]


def test_items_are_worked_on_at_once() -> None:
    barrier = threading.Barrier(2, timeout=10)  # neither goes on without the other
    assert len(list(map_in_threads(lambda _: barrier.wait(), range(4), 2))) == 4


def test_with_one_thread_each_item_waits_until_it_is_asked_for() -> None:
    begun = []

    def numbers() -> Iterator[int]:
        for number in range(5):
            begun.append(number)
            yield number

    results = map_in_threads(str, numbers(), 1)
    assert next(results) == "0" and begun == [0]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_is_passed_on_and_little_more_is_done(threads: int) -> None:
    done = []

    def refuse(number: int) -> None:
        done.append(number)
        raise ValueError(f"number {number}")

    with pytest.raises(ValueError, match="number 0"):
        list(map_in_threads(refuse, range(10_000), threads))
    assert len(done) < 10_000


def test_a_model_that_names_no_threads_is_called_by_one() -> None:
    assert threads_of(object()) == 1
    assert threads_of(SimpleNamespace(threads=3)) == 3

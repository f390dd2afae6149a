from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import pytest

from chorale.errors import DataError, OptionError, UsageError, WorkerError
from chorale.utils.executors import Failure, map_ordered, open_executor


def square(number: int) -> int:
    time.sleep(0.02 * (number % 3 == 0))  # so that later items are done first
    return number**2


def fail_on_odd(number: int) -> int:
    if number % 4 == 1:
        raise DataError("expected an even number", "numbers.txt", number)
    if number % 4 == 3:
        raise OptionError("number", "{} is odd")  # cannot be sent as it is
    return number


def die_on(item: tuple[int, str]) -> int:
    """Kill the worker process: always, or once if the item names a file."""
    number, kind = item
    if kind == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind not in ("", "always") and not Path(kind).exists():
        Path(kind).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def process_number(_: int) -> int:
    return os.getpid()


def leave(number: int) -> int:
    raise SystemExit(number)


def wait(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with open_executor(None, 2) as executor:
        yield executor


def test_results_come_in_order_from_other_processes(processes: Executor) -> None:
    assert list(map_ordered(processes, square, range(20))) == [
        number**2 for number in range(20)
    ]
    assert os.getpid() not in map_ordered(processes, process_number, range(4))


def test_threads_of_this_process_serve_as_well() -> None:
    with open_executor("threads", 3) as executor:
        assert list(map_ordered(executor, square, range(9))) == [
            number**2 for number in range(9)
        ]
        assert set(map_ordered(executor, process_number, range(4))) == {os.getpid()}


def test_any_executor_serves() -> None:
    with ProcessPoolExecutor(1) as executor:
        assert list(map_ordered(executor, square, range(3))) == [0, 1, 4]


@pytest.mark.parametrize("window", [1, 3, 8])
def test_few_items_are_in_flight(window: int) -> None:
    drawn = []
    items = (drawn.append(number) or number for number in range(50))
    with open_executor("threads", 2) as executor:
        results = map_ordered(executor, square, items, window=window)
        for asked in range(1, 20):
            next(results)
            assert len(drawn) <= asked + window
        results.close()


def test_the_failure_of_an_item_costs_no_other(processes: Executor) -> None:
    results = list(map_ordered(processes, fail_on_odd, range(8)))
    assert results[::2] == [0, 2, 4, 6]
    first, second = results[1], results[3]
    assert isinstance(first, Failure) and isinstance(first.error, DataError)
    assert str(first.error) == "numbers.txt, row 1: expected an even number"
    assert (first.error.path, first.error.row) == (Path("numbers.txt"), 1)
    assert isinstance(second, Failure) and isinstance(second.error, WorkerError)
    assert str(second.error) == "OptionError: number is odd"


def test_what_ends_the_program_or_cannot_be_sent_is_a_failure(
    processes: Executor,
) -> None:
    ended = next(map_ordered(processes, leave, [3]))
    lock = next(map_ordered(processes, print, [threading.Lock()]))
    assert isinstance(ended, Failure) and "SystemExit: 3" in str(ended.error)
    assert isinstance(lock, Failure) and "pickle" in str(lock.error)


def test_a_killed_worker_costs_only_the_item_that_kills_twice(
    processes: Executor, tmp_path: Path
) -> None:
    items = [(number, "") for number in range(20)]
    items[5] = (5, "always")
    items[6] = (6, str(tmp_path / "once"))
    items[17] = (17, "always")
    results = list(map_ordered(processes, die_on, items))
    failed = [
        index for index, result in enumerate(results) if isinstance(result, Failure)
    ]
    assert failed == [5, 17]
    assert "died twice" in str(results[5].error)
    assert [result for result in results if isinstance(result, int)] == [
        number for number in range(20) if number not in (5, 17)
    ]


def test_a_worker_killed_from_outside_costs_nothing(processes: Executor) -> None:
    for _ in range(3):
        results = map_ordered(processes, process_number, range(12), window=2)
        os.kill(next(results), signal.SIGKILL)
        assert len(list(results)) == 11


def test_an_error_of_the_caller_ends_the_work_at_once() -> None:
    begun = time.monotonic()
    with pytest.raises(KeyError), open_executor(None, 1) as executor:
        next(map_ordered(executor, square, range(1)))
        executor.submit(wait, 60.0)
        raise KeyError
    assert time.monotonic() - begun < 30


def test_workers_end_with_a_parent_that_is_killed() -> None:
    program = (
        "import os, signal\n"
        "from chorale.utils.executors import open_executor\n"
        "with open_executor(None, 1) as executor:\n"
        "    print(executor.submit(os.getpid).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE)
    worker = int(answer.stdout)
    for _ in range(100):
        if not _runs(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker process still runs")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_script_without_a_guard_is_named(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from chorale.utils.executors import map_ordered, open_executor\n"
        "with open_executor('processes', 1) as executor:\n"
        "    print(list(map_ordered(executor, abs, [-1])))\n"
    )
    answer = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=100
    )
    assert 'run its work under `if __name__ == "__main__":`' in answer.stderr


@pytest.mark.parametrize(
    ("spec", "workers", "message"),
    [
        ("fork", None, "expected processes, threads, dask://host:port, ray or"),
        ("processes", 0, "at least 1 worker, got 0"),
        ("dask://localhost:1", 2, "its own number of workers, got 2"),
        ("threads:2", None, "got 'threads:2'"),
    ],
)
def test_other_executors_are_refused(
    spec: str, workers: int | None, message: str
) -> None:
    with (
        pytest.raises(UsageError, match=message),
        open_executor(spec, workers),
    ):
        pass


def test_ray_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="pip install ray"), open_executor("ray"):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of a library that closes its sockets late
def test_a_cluster_of_dask_gives_the_same_results() -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        spec = cluster.scheduler_address.replace("tcp", "dask")
        with open_executor(spec) as executor:
            assert list(map_ordered(executor, square, range(20))) == [
                number**2 for number in range(20)
            ]
            results = list(map_ordered(executor, fail_on_odd, range(4)))
            assert isinstance(results[1], Failure)
            assert str(results[1].error).startswith("numbers.txt, row 1")
            died = list(map_ordered(executor, die_on, [(0, "always"), (1, "")]))
            assert isinstance(died[0], Failure) and died[1] == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chorale.utils.executors._CONNECTING", 1)
    with (
        pytest.raises(UsageError, match="no Dask scheduler answers at localhost:1"),
        open_executor("dask://localhost:1"),
    ):
        pass

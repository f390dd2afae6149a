"""Executors: one function over many items, in processes or on a cluster.

Any `concurrent.futures.Executor` serves. `open_executor` opens a pool of processes, of
threads, or the executor of an existing engine, Dask or Ray; `map_ordered` gives the
same results, in the same order, over each of them.

Importing this does not import what starts processes.
"""

from __future__ import annotations

import contextlib
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from dataclasses import dataclass
from typing import Any, TypeVar

from chorale.errors import UsageError, WorkerError
from chorale.utils.extras import require
from chorale.utils.threads import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

PROCESSES, THREADS, RAY = "processes", "threads", "ray"
_DASK, _RAY_CLUSTER = "dask://", "ray://"
_CONNECTING = 20  # seconds to wait for a cluster
# Items in flight for each worker: enough that none waits while results are collected.
_WINDOW = 4
_TRIES = 2  # of an item that was in flight when a worker process died


@dataclass(frozen=True)
class Failure:
    """The failure of one item.

    Attributes:
        error: what the function raised; a WorkerError if the worker process died.
    """

    error: Exception


class RayExecutor(Executor):
    """Tasks of Ray as an executor; the connection is that of `ray.init`.

    Args:
        workers: number of cores of the cluster.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(
        self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Run a function as a task of Ray, see `Executor.submit`."""
        import ray

        future: Future[Result] = ray.remote(fn).remote(*args, **kwargs).future()
        return future


@contextlib.contextmanager
def open_executor(spec: str | None, workers: int | None = None) -> Iterator[Executor]:
    """Open an executor; close it afterwards, and end its work at once after an error.

    Args:
        spec: `processes` (as None) or `threads` of this machine, `dask://host:port` for
            the scheduler of a Dask cluster, `ray://host:port` for a Ray cluster, `ray`
            for one that Ray finds or starts here.
        workers: number of processes or threads, the usable cores if None; a cluster has
            its own.

    Raises:
        UsageError: a spec of another form, less than one worker, a number of workers
            for a cluster, or a cluster that does not answer.
        MissingExtraError: Dask or Ray is not installed.
    """
    check_executor(spec, workers)
    spec = spec or PROCESSES
    if spec == PROCESSES:
        opened = _open_processes(workers or usable_cores())
    elif spec == THREADS:
        opened = _open_threads(workers or usable_cores())
    elif spec.startswith(_DASK):
        opened = _open_dask(spec.removeprefix(_DASK))
    else:
        opened = _open_ray(spec, workers)
    with opened as executor:
        yield executor


def check_executor(spec: str | None, workers: int | None = None) -> None:
    """Check what `open_executor` is called with; nothing is opened.

    Raises:
        UsageError: a spec of another form, less than one worker, or a number of workers
            for a cluster.
    """
    spec = spec or PROCESSES
    is_cluster = spec.startswith((_DASK, _RAY_CLUSTER))
    if spec not in (PROCESSES, THREADS, RAY) and not is_cluster:
        raise UsageError(
            f"expected {PROCESSES}, {THREADS}, dask://host:port, {RAY} or "
            f"ray://host:port as executor, got {spec!r}"
        )
    if workers is not None and workers < 1:
        raise UsageError(f"expected at least 1 worker, got {workers}")
    if workers is not None and is_cluster:
        raise UsageError(
            f"a cluster has its own number of workers, got {workers} for {spec}: leave "
            "the number out"
        )


@contextlib.contextmanager
def _open_processes(workers: int) -> Iterator[Executor]:
    from chorale.utils.process_pool import ProcessPool

    pool = ProcessPool(workers)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.shutdown()


@contextlib.contextmanager
def _open_threads(workers: int) -> Iterator[Executor]:
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _open_dask(address: str) -> Iterator[Executor]:
    require("scale", "a Dask cluster")
    from distributed import Client

    try:
        client = Client(f"tcp://{address}", timeout=_CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}: expected dask://host:port of one "
            "started by `dask scheduler`"
        ) from error
    with client:
        # A task is what it does, not what it is called with: nothing is reused.
        executor: Executor = client.get_executor(pure=False)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)


@contextlib.contextmanager
def _open_ray(spec: str, workers: int | None) -> Iterator[Executor]:
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            f"the executor {spec} needs Ray, which no extra installs: pip install ray"
        ) from error
    address = None if spec == RAY else spec
    try:
        ray.init(address, num_cpus=workers, log_to_driver=False, logging_level="error")
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"no Ray cluster answers at {spec}: {error}") from error
    try:
        yield RayExecutor(int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


@dataclass
class _Task:
    item: Any
    future: Future[Any]


def map_ordered(
    executor: Executor,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    window: int | None = None,
) -> Iterator[Result | Failure]:
    """Yield the results of a function in the order of the items.

    An item that fails costs no other. If a worker of a `ProcessPool` dies, the pool is
    started again, and the items in flight are repeated one by one; an item that ends
    its worker twice is a failure. Clusters repeat items of lost workers themselves.

    Args:
        executor: see `open_executor`.
        function: of a module, so that another process finds it; as its result.
        items: its arguments, drawn as they are needed.
        window: most items in flight, results not yet asked for included; by default
            4 for each worker.

    Yields:
        What the function returned, or a Failure with what it raised.

    Raises:
        WorkerError: worker processes cannot be started, or a cluster was lost.
    """
    window = window or _WINDOW * _workers(executor)
    waiting: deque[_Task] = deque()
    try:
        for item in items:
            if len(waiting) == window:
                yield _collect(executor, function, waiting)
            try:
                future = executor.submit(_call, function, item)
            except BrokenExecutor:
                _repeat(executor, function, waiting)
                future = executor.submit(_call, function, item)
            waiting.append(_Task(item, future))
        while waiting:
            yield _collect(executor, function, waiting)
    finally:  # after an error nothing more is begun
        for task in waiting:
            task.future.cancel()


def _workers(executor: Executor) -> int:
    """Return the number of workers of an executor, as far as it tells."""
    client = getattr(executor, "_client", None)  # Dask's
    if client is not None:
        return max(sum(map(int, client.nthreads().values())), 1)
    workers = getattr(executor, "workers", getattr(executor, "_max_workers", None))
    return int(workers or usable_cores())


def _call(function: Callable[[Item], Result], item: Item) -> Result | Failure:
    """Call the function in a worker; what it raises returns as a Failure."""
    try:
        return function(item)
    except (Exception, SystemExit) as error:
        return Failure(_carried(error))


def _carried(error: BaseException) -> Exception:
    """Return an error that can be sent to another process, itself if possible."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerError(f"{type(error).__name__}: {error}")
    if isinstance(error, Exception):
        return error
    return WorkerError(f"the work was ended by {type(error).__name__}: {error}")


def _collect(
    executor: Executor, function: Callable[..., object], waiting: deque[_Task]
) -> Any:
    """Return the outcome of the first task, and remove it."""
    if _is_broken(waiting[0].future):
        _repeat(executor, function, waiting)
    try:
        return waiting.popleft().future.result()
    except CancelledError as error:
        raise WorkerError("the connection to the cluster was lost") from error
    except Exception as error:  # what could not be sent, or a lost worker of a cluster
        return Failure(error)


def _is_broken(future: Future[Any]) -> bool:
    """Return, when a task is done, whether its pool was broken."""
    try:
        return isinstance(future.exception(), BrokenExecutor)
    except CancelledError:
        return False


def _repeat(
    executor: Executor, function: Callable[..., object], waiting: Iterable[_Task]
) -> None:
    """Start a broken pool again, and repeat one by one what was in flight."""
    from chorale.utils.process_pool import ProcessPool

    if not isinstance(executor, ProcessPool):
        raise WorkerError("a worker died, and its executor cannot be started again")
    executor.restart()
    for task in waiting:
        if not _is_broken(task.future):
            continue
        for _ in range(_TRIES):
            task.future = executor.submit(_call, function, task.item)
            if not _is_broken(task.future):
                break
            executor.restart()
        else:
            died = WorkerError("its worker process died twice: is memory short?")
            task.future = Future()
            task.future.set_result(Failure(died))

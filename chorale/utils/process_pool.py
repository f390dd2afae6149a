"""A process pool that can be started again after the death of a worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from typing import Any, TypeVar

from chorale.errors import WorkerError

Result = TypeVar("Result")


class ProcessPool(Executor):
    """A process pool that can be started again after the death of a worker process.

    Worker processes are started clean (forkserver or spawn), so threads of this process
    do no harm. They end with this process, even if it is killed.

    Args:
        workers: number of processes.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        methods = multiprocessing.get_all_start_methods()
        method = "forkserver" if "forkserver" in methods else "spawn"
        return ProcessPoolExecutor(
            self.workers, multiprocessing.get_context(method), _begin_worker
        )

    def submit(
        self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Run a function in a worker process, see `Executor.submit`."""
        return self._pool.submit(fn, *args, **kwargs)

    def restart(self) -> None:
        """Start new worker processes in the place of those of a broken pool.

        Raises:
            WorkerError: they die at once, whatever they are to do.
        """
        # A process started while the pool broke is not ended with the others, and may
        # wait for a lock that a dead one holds.
        self.stop()
        self._pool = self._started()
        try:
            self._pool.submit(os.getpid).result()
        except BrokenExecutor as error:
            raise WorkerError(
                "worker processes end as soon as they are started: if this is a "
                'script, run its work under `if __name__ == "__main__":`'
            ) from error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the worker processes, see `Executor.shutdown`."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def stop(self) -> None:
        """End the worker processes at once, whatever they do."""
        for process in list((self._pool._processes or {}).values()):
            process.terminate()
        self.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Prepare a worker process: quiet on Ctrl-C, and not to outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

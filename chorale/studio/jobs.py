"""Jobs: what takes longer than a click, one after another, while the page goes on.

Sampling uses all cores by itself, so a single worker does one job at a time. A job can
be cancelled, and is stopped when it takes too long, wherever it reports its progress.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chorale.errors import ChoraleError
from chorale.studio.responses import RefusedError, sentence
from chorale.studio.shared_types import Work

QUEUED, RUNNING, DONE = "queued", "running", "done"
FAILED, CANCELLED = "failed", "cancelled"
_ENDED = (DONE, FAILED, CANCELLED)
# Least time between two notices of progress, in seconds: as often as a bar moves.
_PAUSE = 0.05
# How long the worker may take to notice that the server stops, in seconds.
_FAREWELL = 2.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of a queue.

    Attributes:
        waiting: jobs that wait for their turn.
        seconds: that a job may run.
        kept: jobs that have ended and are still known.
        kept_seconds: how long they are.
    """

    waiting: int = 50
    seconds: float = 300.0
    kept: int = 100
    kept_seconds: float = 600.0


@dataclass(eq=False)
class _Job:
    work: Work | None
    doing: str = "writing this music"
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: str = QUEUED
    done: int = 0
    total: int = 0
    result: Any = None
    message: str = ""
    error: ChoraleError | None = None
    ended: float = 0.0
    listeners: list[Callable[[], None]] = field(default_factory=list)


class _StopWorkError(Exception):
    """Raised in the work of a job, which nobody waits for any more."""


class Jobs:
    """A queue of jobs and the thread that does them, one at a time.

    All methods may be called in any thread.

    Args:
        limits: of the queue.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits, self._clock = limits or Limits(), clock
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._running: _Job | None = None
        self._known: OrderedDict[str, _Job] = OrderedDict()
        self._is_closed = False
        self._worker = threading.Thread(target=self._run, name="jobs", daemon=True)

    # === For the server ===

    def start(self, before: Work | None = None) -> None:
        """Start the worker.

        Args:
            before: done before the first job, such as loading models; as the work of
                a job, except that nobody asks for its result or waits for its turn.
        """
        if before is not None:
            self._waiting.append(_Job(before, "loading the models"))
        self._worker.start()

    def close(self) -> None:
        """Cancel all jobs, and let all listeners know; take no more."""
        with self._changed:
            self._is_closed = True
            for job in (*self._waiting, *([self._running] if self._running else ())):
                self._end(job, CANCELLED, message="the studio was stopped")
            self._waiting.clear()
            for job in self._known.values():
                _notify(job)
            self._changed.notify_all()

    def join(self) -> None:
        """Wait a moment for the worker to end."""
        if self._worker.is_alive():
            self._worker.join(_FAREWELL)

    @property
    def is_empty(self) -> bool:
        """Whether no job waits for its turn."""
        return not self._waiting

    @property
    def is_closed(self) -> bool:
        """Whether the server stops."""
        return self._is_closed

    # === For requests ===

    def submit(self, work: Work) -> dict[str, Any]:
        """Queue a job.

        Args:
            work: called with a progress callback, which raises an exception if the
                work should stop; returns the result.

        Returns:
            `id`, and `position`: the number of jobs before this one.

        Raises:
            RefusedError: too many jobs wait.
        """
        with self._changed:
            self._forget()
            if self._is_closed:
                raise RefusedError("the studio is being stopped", 503)
            if len(self._waiting) >= self._limits.waiting:
                raise RefusedError(
                    f"{len(self._waiting)} others wait for their music already: try "
                    "again in a minute",
                    503,
                )
            job = _Job(work)
            self._known[job.id] = job
            self._waiting.append(job)
            self._changed.notify_all()
            return {"id": job.id, "position": self._position(job)}

    def snapshot(self, id: str) -> dict[str, Any]:
        """Return the present state of a job.

        Raises:
            RefusedError: no such job is known.
        """
        with self._changed:
            job = self._find(id)
            return {
                "state": job.state,
                "position": self._position(job),
                "done": job.done,
                "total": job.total,
                "result": job.result,
                "message": job.message,
            }

    def result(self, id: str) -> Any:
        """Return the result of a job that is done.

        Raises:
            ChoraleError: the one with which it failed.
            RefusedError: it was cancelled or has not ended, or no such job is known.
        """
        with self._changed:
            job = self._find(id)
            if job.error is not None:
                raise job.error
            if job.state != DONE:
                raise RefusedError(job.message or "the job has not ended", 503)
            return job.result

    def cancel(self, id: str) -> None:
        """Cancel a job, unless it has ended.

        It is cancelled at once. If it runs, its work goes on to its next report of
        progress, and the next job begins after that.

        Raises:
            RefusedError: no such job is known.
        """
        with self._changed:
            job = self._find(id)
            if job in self._waiting:
                self._waiting.remove(job)
                self._notify_waiting()
            self._end(job, CANCELLED, message="cancelled")

    @contextmanager
    def listening(self, id: str, listener: Callable[[], None]) -> Iterator[None]:
        """Call a function whenever the snapshot of a job has changed.

        Args:
            id: of the job.
            listener: called in other threads, with the queue locked: it should only
                wake up who listens.

        Raises:
            RefusedError: no such job is known.
        """
        with self._changed:
            job = self._find(id)
            job.listeners.append(listener)
        try:
            yield
        finally:
            with self._changed:
                job.listeners.remove(listener)

    # === The worker ===

    def _run(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._notify_waiting()
                while not self._waiting and not self._is_closed:
                    self._changed.wait()
                if self._is_closed:
                    return
                job = self._waiting.popleft()
                job.state, self._running = RUNNING, job
                _notify(job)
                self._notify_waiting()
            self._work(job)

    def _work(self, job: _Job) -> None:
        assert job.work is not None
        begin = self._clock()
        noticed = begin - _PAUSE

        def progress(done: int, total: int) -> None:
            nonlocal noticed
            if job.state != RUNNING:
                raise _StopWorkError
            now = self._clock()
            if now - begin > self._limits.seconds:
                raise RefusedError(
                    f"this took longer than {self._limits.seconds:.0f} seconds and "
                    "was stopped: try fewer bars or variations"
                )
            job.done, job.total = done, total
            if now - noticed >= _PAUSE:
                noticed = now
                with self._changed:
                    _notify(job)

        state, result = DONE, None
        failed: ChoraleError | None = None
        try:
            result = job.work(progress)
        except _StopWorkError:
            state = CANCELLED
        except ChoraleError as error:
            state, failed = FAILED, error
        except Exception as error:
            state, failed = FAILED, ChoraleError(sentence(error, job.doing))
        with self._changed:
            self._end(job, state, result, str(failed or ""), failed)

    # === With the queue locked ===

    def _end(
        self,
        job: _Job,
        state: str,
        result: Any = None,
        message: str = "",
        error: ChoraleError | None = None,
    ) -> None:
        """Note how a job has ended, unless it has ended before."""
        if job.state in _ENDED:
            return
        job.state, job.result, job.message, job.error = state, result, message, error
        # What it was asked is not needed any more, but is as large as its answer.
        job.work, job.ended = None, self._clock()
        if job.id in self._known:  # after those that ended before
            self._known.move_to_end(job.id)
        _notify(job)

    def _find(self, id: str) -> _Job:
        self._forget()
        if id in self._known:
            return self._known[id]
        raise RefusedError(
            "this job is not known, or not any more: start it again", 404
        )

    def _forget(self) -> None:
        """Forget jobs that have ended long ago, and the oldest of many."""
        ended = [job for job in self._known.values() if job.state in _ENDED]
        latest = self._clock() - self._limits.kept_seconds
        surplus = len(ended) - self._limits.kept
        for number, job in enumerate(ended):
            if number < surplus or job.ended < latest:
                del self._known[job.id]

    def _position(self, job: _Job) -> int:
        """Return how many jobs come before a job; 0 for one that does not wait."""
        if job.state != QUEUED:
            return 0
        is_one_running = self._running is not None and self._running.id in self._known
        before = list(self._waiting)[: self._waiting.index(job)]
        return is_one_running + sum(each.id in self._known for each in before)

    def _notify_waiting(self) -> None:
        for job in self._waiting:
            _notify(job)


def _notify(job: _Job) -> None:
    for listener in job.listeners:
        listener()

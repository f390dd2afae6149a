"""Jobs: one at a time, in order, with their progress, cancelled, failed, forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chorale.errors import ChoraleError, DataError
from chorale.studio.jobs import Jobs, Limits
from chorale.studio.responses import RefusedError, status_of
from chorale.utils.progress import Progress

PATIENCE = 10.0  # seconds after which a test has failed


class Stepper:
    """Work that goes on when the test lets it."""

    def __init__(self, steps: int = 1) -> None:
        self.steps, self.began = steps, threading.Event()
        self._allowed = threading.Semaphore(0)
        self.reached = 0

    def __call__(self, progress: Progress) -> Any:
        self.began.set()
        for step in range(self.steps):
            assert self._allowed.acquire(timeout=PATIENCE)
            progress(step + 1, self.steps)
            self.reached = step + 1
        return {"written": self.steps}

    def allow(self, steps: int = 1) -> None:
        self._allowed.release(steps)


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def state(jobs: Jobs, id: str) -> str:
    return str(jobs.snapshot(id)["state"])


def ended(jobs: Jobs, id: str) -> dict[str, Any]:
    """Return a job that has ended."""
    until(lambda: state(jobs, id) not in ("queued", "running"))
    return jobs.snapshot(id)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs(Limits(waiting=3, kept=4))
    jobs.start()
    yield jobs
    jobs.close()
    jobs.join()


def test_a_job_is_done_and_its_result_is_kept(jobs: Jobs) -> None:
    seen = []

    def work(progress: Progress) -> Any:
        progress(1, 2)
        seen.append(jobs.snapshot(id)["state"])
        return {"answer": 42}

    id = jobs.submit(work)["id"]
    assert ended(jobs, id) == {
        "state": "done",
        "position": 0,
        "done": 1,
        "total": 2,
        "result": {"answer": 42},
        "message": "",
    }
    assert seen == ["running"]


def test_jobs_wait_in_order_and_know_their_position(jobs: Jobs) -> None:
    order: list[int] = []
    first = Stepper()
    ids = [jobs.submit(first)["id"]]
    assert first.began.wait(PATIENCE)
    for number in range(3):
        job = jobs.submit(lambda _, number=number: order.append(number))
        assert job["position"] == number + 1
        ids.append(job["id"])
    jobs.cancel(ids[2])
    assert [jobs.snapshot(id)["position"] for id in ids] == [0, 1, 0, 2]
    first.allow()
    assert [ended(jobs, id)["state"] for id in ids] == [
        *("done", "done", "cancelled", "done")
    ]
    assert order == [0, 2]


def test_a_full_queue_refuses_in_a_sentence(jobs: Jobs) -> None:
    first = Stepper()
    jobs.submit(first)
    assert first.began.wait(PATIENCE)
    ids = [jobs.submit(Stepper())["id"] for _ in range(3)]
    with pytest.raises(RefusedError, match="3 others wait") as refused:
        jobs.submit(Stepper())
    assert refused.value.status == 503
    jobs.cancel(ids[0])
    jobs.submit(Stepper())
    jobs.close()
    first.allow()


def test_a_running_job_is_cancelled_at_once_and_stops_at_its_next_step(
    jobs: Jobs,
) -> None:
    work, after = Stepper(9), Stepper()
    id = jobs.submit(work)["id"]
    assert work.began.wait(PATIENCE)
    work.allow()
    until(lambda: work.reached == 1)
    jobs.cancel(id)
    assert state(jobs, id) == "cancelled"
    next_id = jobs.submit(after)["id"]
    assert not after.began.is_set()  # the cores are still taken
    work.allow()
    after.allow()
    assert ended(jobs, next_id)["state"] == "done"
    assert work.reached == 1
    jobs.cancel(id)  # once more changes nothing
    assert jobs.snapshot(id)["message"] == "cancelled"


def test_a_result_that_comes_too_late_is_dropped(jobs: Jobs) -> None:
    began, go_on = threading.Event(), threading.Event()

    def work(_: Progress) -> str:
        began.set()
        assert go_on.wait(PATIENCE)
        return "late"

    id = jobs.submit(work)["id"]
    assert began.wait(PATIENCE)
    jobs.cancel(id)
    go_on.set()
    ended(jobs, jobs.submit(lambda _: None)["id"])
    assert jobs.snapshot(id)["state"] == "cancelled"
    assert jobs.snapshot(id)["result"] is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (DataError("expected notes, got none"), "expected notes, got none"),
        (KeyError("alto"), "writing this music failed, which is a bug of chorale: "),
        (MemoryError(), "more memory than there is"),
    ],
)
def test_a_job_that_fails_says_why_and_the_next_one_goes_on(
    jobs: Jobs, error: Exception, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_: Progress) -> None:
        raise error

    job = ended(jobs, jobs.submit(work)["id"])
    assert job["state"] == "failed"
    assert message in job["message"]
    assert "\n" not in job["message"]
    assert len(caplog.records) == isinstance(error, KeyError)
    assert ended(jobs, jobs.submit(lambda _: 1)["id"])["result"] == 1


def test_a_job_that_takes_too_long_is_stopped() -> None:
    seconds = [0.0]
    jobs = Jobs(Limits(seconds=30.0), clock=lambda: seconds[0])
    jobs.start()

    def work(progress: Progress) -> None:
        progress(1, 2)
        seconds[0] = 31.0
        progress(2, 2)

    job = ended(jobs, jobs.submit(work)["id"])
    assert (job["state"], job["done"]) == ("failed", 1)
    assert "longer than 30 seconds" in job["message"]
    jobs.close()


def test_old_jobs_are_forgotten() -> None:
    seconds = [0.0]
    jobs = Jobs(Limits(kept=2, kept_seconds=60.0), clock=lambda: seconds[0])
    jobs.start()
    ids = []
    for _ in range(3):
        ids.append(jobs.submit(lambda _: None)["id"])
        ended(jobs, ids[-1])
    with pytest.raises(RefusedError, match="not any more") as refused:
        jobs.snapshot(ids[0])
    assert refused.value.status == 404
    assert state(jobs, ids[1]) == "done"
    seconds[0] = 61.0
    for id in ids[1:]:
        with pytest.raises(RefusedError):
            jobs.snapshot(id)
    jobs.close()


def test_listeners_are_called_but_not_for_every_step() -> None:
    seconds = [0.0]
    jobs = Jobs(clock=lambda: seconds[0])
    calls: list[tuple[str, int]] = []
    listening = threading.Event()

    def work(progress: Progress) -> None:
        assert listening.wait(PATIENCE)
        for step in range(1000):
            seconds[0] += 0.01
            progress(step, 1000)

    id = jobs.submit(work)["id"]

    def listener() -> None:
        job = jobs.snapshot(id)
        calls.append((job["state"], job["done"]))

    with jobs.listening(id, listener):
        jobs.start()
        listening.set()
        ended(jobs, id)
        until(lambda: calls[-1][0] == "done")
    assert list(dict.fromkeys(name for name, _ in calls)) == [
        *("queued", "running", "done")
    ]
    assert 150 < len(calls) < 250  # one in five steps
    with pytest.raises(RefusedError), jobs.listening("another", listener):
        pass


def test_what_comes_before_the_first_job_keeps_nobody_from_queueing() -> None:
    jobs, warming = Jobs(), Stepper()
    jobs.start(warming)
    assert warming.began.wait(PATIENCE)
    job = jobs.submit(lambda _: "after")
    assert job["position"] == 0  # nobody asked for what comes before
    warming.allow()
    assert ended(jobs, job["id"])["result"] == "after"
    jobs.close()


def test_closing_cancels_all_and_ends_the_worker() -> None:
    jobs, work = Jobs(), Stepper(2)
    jobs.start()
    calls: list[None] = []
    ids = [jobs.submit(work)["id"], jobs.submit(Stepper())["id"]]
    assert work.began.wait(PATIENCE)
    with jobs.listening(ids[1], lambda: calls.append(None)):
        jobs.close()
    assert calls
    assert jobs.is_closed
    assert [state(jobs, id) for id in ids] == ["cancelled", "cancelled"]
    work.allow(2)
    jobs.join()
    assert work.reached == 0
    with pytest.raises(RefusedError, match="stopped"):
        jobs.submit(work)


# === Results ===


def test_a_result_is_that_of_the_work_or_its_error(jobs: Jobs) -> None:
    def refuse(_: Progress) -> Any:
        raise DataError("bar 3: the alto is silent")

    def stumble(_: Progress) -> Any:
        raise ZeroDivisionError("by zero")

    ids = [jobs.submit(work)["id"] for work in (lambda _: 7, refuse, stumble)]
    for id in ids:
        ended(jobs, id)
    assert jobs.result(ids[0]) == 7
    with pytest.raises(DataError, match="bar 3: the alto is silent"):
        jobs.result(ids[1])
    with pytest.raises(ChoraleError, match="bug of chorale: ZeroDivisionError") as bug:
        jobs.result(ids[2])
    assert status_of(bug.value) == 500


def test_there_is_no_result_of_what_has_not_ended_or_was_cancelled(jobs: Jobs) -> None:
    work = Stepper()
    id = jobs.submit(work)["id"]
    for message in ("has not ended", "cancelled"):
        with pytest.raises(RefusedError, match=message) as refused:
            jobs.result(id)
        assert refused.value.status == 503
        jobs.cancel(id)
    work.allow()


def test_an_error_of_loading_models_is_said_to_be_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(_: Progress) -> Any:
        raise ZeroDivisionError("by zero")

    jobs = Jobs()
    jobs.start(stumble)
    ended(jobs, jobs.submit(lambda _: 1)["id"])
    assert "loading the models failed" in caplog.text
    jobs.close()
    jobs.join()

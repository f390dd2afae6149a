"""The progress of a job as server-sent events.

A stream begins with the state of the moment, so a browser that connects again misses
nothing, and ends when the job has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from chorale.studio.jobs import CANCELLED, DONE, FAILED, QUEUED, RUNNING, Jobs
from chorale.studio.responses import to_json

_NAMES = {QUEUED: "queued", RUNNING: "progress"}
# Seconds between comments that keep a silent connection open.
HEARTBEAT = 15.0


def event_stream(jobs: Jobs, id: str) -> Response:
    """Answer with the events of a job.

    Raises:
        RefusedError: no such job is known.
    """
    jobs.snapshot(id)
    return StreamingResponse(
        _events(jobs, id),
        headers={"Cache-Control": "no-store"},
        media_type="text/event-stream",
    )


async def snapshots(
    jobs: Jobs, id: str, longest_pause: float
) -> AsyncGenerator[dict[str, Any] | None]:
    """Yield each state of a job, the last one when it has ended.

    Args:
        jobs: the queue.
        id: of the job.
        longest_pause: seconds after which None is yielded if nothing has changed.

    Raises:
        RefusedError: no such job is known.
    """
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(changed.set)

    sent: dict[str, Any] | None = None
    with jobs.listening(id, wake):
        while True:
            changed.clear()
            snapshot = jobs.snapshot(id)
            if snapshot != sent:
                yield snapshot
                sent = snapshot
            if snapshot["state"] in (DONE, FAILED, CANCELLED) or jobs.is_closed:
                return
            try:
                await asyncio.wait_for(changed.wait(), longest_pause)
            except TimeoutError:
                yield None


async def _events(jobs: Jobs, id: str) -> AsyncIterator[str]:
    """Yield the events of a job, and comments while nothing happens."""
    yield "retry: 1000\n\n"
    async with contextlib.aclosing(snapshots(jobs, id, HEARTBEAT)) as states:
        async for snapshot in states:
            yield ": still there\n\n" if snapshot is None else _event(snapshot)


def _event(snapshot: dict[str, Any]) -> str:
    name = _NAMES.get(snapshot["state"], snapshot["state"])
    return f"event: {name}\ndata: {to_json(snapshot)}\n\n"

"""The HTTP API for editors: files in, files or JSON out, described at GET /api.

What there is, and what it takes, is in `chorale.studio.api_operations`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from functools import partial

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chorale.studio.api_bodies import REMARKS_HEADER, Answer, Prepared, sent_in
from chorale.studio.events import snapshots
from chorale.studio.jobs import Jobs
from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.responses import RefusedError, disposition, json_response
from chorale.studio.shared_types import Json, Work

_LOOK_SECONDS = 0.1  # between two looks whether somebody still waits
_LONGEST_HEADER = 4000  # characters; programs refuse headers of more than 8,000


def routes_of(functions: LazyFunctions, jobs: Jobs) -> list[Route]:
    """Return the routes of the API, whose music is written by a queue of jobs."""
    return [
        Route("/api", partial(_describe, functions), methods=["GET"]),
        Route("/api/{operation}", partial(_operate, functions, jobs), methods=["POST"]),
    ]


async def _describe(functions: LazyFunctions, request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return await anyio.to_thread.run_sync(
        lambda: json_response(functions.describe_api())
    )


async def _operate(functions: LazyFunctions, jobs: Jobs, request: Request) -> Response:
    """Answer with what an operation returns."""
    body = await request.body()
    name, query = request.path_params["operation"], request.query_params
    if len(query.multi_items()) != len(query):
        raise RefusedError("expected each parameter once")
    media_type, accept = (
        request.headers.get("content-type", ""),
        request.headers.get("accept", ""),
    )

    def prepare() -> Prepared:
        sent = sent_in(body, media_type, query.get("name", ""))
        return functions.operate(name, sent, dict(query), accept)

    work, finish = await anyio.to_thread.run_sync(prepare)
    result = None if work is None else await _wait(jobs, work, request)
    return respond(await anyio.to_thread.run_sync(partial(finish, result)))


async def _wait(jobs: Jobs, work: Work, request: Request) -> Json:
    """Return the result of a job, which is cancelled if nobody waits for it."""
    id = jobs.submit(work)["id"]
    try:
        async with aclosing(snapshots(jobs, id, _LOOK_SECONDS)) as states:
            async for _ in states:
                if await request.is_disconnected():
                    jobs.cancel(id)
    except anyio.get_cancelled_exc_class():
        jobs.cancel(id)
        raise
    return jobs.result(id)


def respond(answer: Answer) -> Response:
    """Return an answer with its remarks in a header, in ASCII."""
    headers = {REMARKS_HEADER: header_of(answer.remarks)}
    if answer.file:
        headers["Content-Disposition"] = disposition(answer.file)
    return Response(answer.content, headers=headers, media_type=answer.media_type)


def header_of(remarks: Sequence[str]) -> str:
    """Return sentences as a JSON list in ASCII, as many as a header may have."""
    kept = list(remarks)
    while len(text := json.dumps(kept)) > _LONGEST_HEADER:
        kept.pop()
    return text

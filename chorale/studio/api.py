"""The HTTP API for editors: files in, files or JSON out, described at GET /api.

What there is, and what it takes, is in `chorale.studio.api_operations`, which is
imported when it is first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pkgutil import resolve_name
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chorale.errors import ChoraleError
from chorale.studio.forms import FORM_TYPE, file_in
from chorale.studio.jobs import DONE, QUEUED, RUNNING, Jobs
from chorale.studio.responses import RefusedError, json_response
from chorale.utils.progress import Progress

REMARKS_HEADER = "Chorale-Remarks"
JSON_TYPE = "application/json"
# Endings of files by the types that editors send; "" for types that say nothing.
ENDINGS = {
    "application/vnd.recordare.musicxml+xml": ".musicxml",
    "application/vnd.recordare.musicxml": ".mxl",
    "application/xml": ".musicxml",
    "text/xml": ".musicxml",
    "audio/midi": ".mid",
    "audio/mid": ".mid",
    "audio/x-midi": ".mid",
    "audio/sp-midi": ".mid",
    "text/vnd.abc": ".abc",
    "text/csv": ".csv",
    "application/octet-stream": "",
    "text/plain": "",
    "": "",
}
_PAUSE = 0.02  # seconds between two looks at a job
_LONGEST_HEADER = 4000  # characters; programs refuse headers of more than 8,000

Work = Callable[[Progress], Any]


class Sent(NamedTuple):
    """The body of a request: the content, its type, and the name of a file."""

    content: bytes
    media_type: str
    name: str


class Answer(NamedTuple):
    """An answer of an operation: content of a type, the name of a file, remarks."""

    content: bytes
    media_type: str
    file: str = ""
    remarks: Sequence[str] = ()


def routes_of(jobs: Jobs) -> list[Route]:
    """Return the routes of the API, whose music is written by a queue of jobs."""
    return [
        Route("/api", describe, methods=["GET"]),
        Route("/api/{operation}", partial(_operate, jobs), methods=["POST"]),
    ]


async def describe(request: Request) -> Response:
    """Answer with the OpenAPI document."""

    def answer() -> Response:
        return json_response(resolve_name("chorale.studio.openapi:document")())

    return await anyio.to_thread.run_sync(answer)


async def _operate(jobs: Jobs, request: Request) -> Response:
    """Answer with what an operation returns."""
    body = await request.body()
    name, query = request.path_params["operation"], request.query_params
    if len(query.multi_items()) != len(query):
        raise RefusedError("expected each parameter once")
    media_type, accept = (
        request.headers.get("content-type", ""),
        request.headers.get("accept", ""),
    )

    def prepare() -> Any:
        sent = sent_in(body, media_type, query.get("name", ""))
        operate = resolve_name("chorale.studio.api_operations:operate")
        return operate(name, sent, dict(query), accept)

    work, finish = await anyio.to_thread.run_sync(prepare)
    result = None if work is None else await _wait(jobs, work, request)
    return respond(await anyio.to_thread.run_sync(partial(finish, result)))


async def _wait(jobs: Jobs, work: Work, request: Request) -> Any:
    """Return the result of a job, which is cancelled if nobody waits for it."""
    kind: list[ChoraleError] = []

    def watched(progress: Progress) -> Any:
        try:
            return work(progress)
        except ChoraleError as error:
            kind.append(error)
            raise

    id = jobs.submit(watched)["id"]
    try:
        while (state := jobs.snapshot(id))["state"] in (QUEUED, RUNNING):
            if await request.is_disconnected():
                jobs.cancel(id)
            await anyio.sleep(_PAUSE)
    except anyio.get_cancelled_exc_class():
        jobs.cancel(id)
        raise
    if state["state"] == DONE:
        return state["result"]
    if kind:
        raise kind[0]
    raise RefusedError(state["message"] or "the work was cancelled", 503)


def respond(answer: Answer) -> Response:
    """Return an answer with its remarks in a header, in ASCII."""
    headers = {REMARKS_HEADER: header_of(answer.remarks)}
    if answer.file:
        headers["Content-Disposition"] = f'attachment; filename="{answer.file}"'
    return Response(answer.content, headers=headers, media_type=answer.media_type)


def header_of(remarks: Sequence[str]) -> str:
    """Return sentences as a JSON list in ASCII, as many as a header may have."""
    kept = list(remarks)
    while len(text := json.dumps(kept)) > _LONGEST_HEADER:
        kept.pop()
    return text


# === Bodies ===


def sent_in(body: bytes, content_type: str, name: str = "") -> Sent:
    """Return the file in a body, or in the first part of a form that is a file.

    Args:
        body: of the request.
        content_type: the header.
        name: of the file, if the request says it.

    Raises:
        RefusedError: a form without a file.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        return Sent(body, media_type, name)
    file = file_in(body, content_type)
    return Sent(file.content, file.media_type, name or file.name)

"""The server of the studio: its routes, and what it does when it starts and stops.

Music that takes a while is written by jobs (`chorale.studio.jobs`). Everything else is
answered at once, in threads that no job can block.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chorale.errors import ChoraleError
from chorale.studio.api import routes_of
from chorale.studio.events import event_stream
from chorale.studio.jobs import Jobs
from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.pages import serve_page
from chorale.studio.responses import (
    RefusedError,
    answer_error,
    disposition,
    error_response,
    json_of,
    json_response,
)
from chorale.studio.security import Guard
from chorale.studio.server_settings import Settings
from chorale.studio.shared_types import Json
from chorale.utils.progress import Progress
from chorale.version import __version__

# Requests that are answered at once, side by side.
_QUICK_THREADS = 8
# How long warming up waits for the page, in seconds: as long as a browser takes to open
# one. Without a page there is nothing to wait for.
_PAGE_SECONDS = 1.5
_LOOK_SECONDS = 0.02


def application(
    settings: Settings, functions: LazyFunctions | None = None, jobs: Jobs | None = None
) -> Starlette:
    """Return the application of a studio.

    Args:
        settings: of the server.
        functions: what it asks of the rest of the studio; None for the real ones.
        jobs: a queue that has not been started; None for one with the usual limits.
    """
    functions, jobs = functions or LazyFunctions(), jobs or Jobs()
    routes = Routes(settings, functions, jobs)
    return Starlette(
        routes=[
            Route("/", serve_page),
            Route("/page/{name:path}", serve_page),
            Route("/catalogue", routes.catalogue),
            Route("/open", routes.open, methods=["POST"]),
            Route("/engrave", routes.engrave, methods=["POST"]),
            Route("/check", routes.check, methods=["POST"]),
            Route("/export", routes.export, methods=["POST"]),
            Route("/guess", routes.guess, methods=["POST"]),
            Route("/jobs", routes.submit, methods=["POST"]),
            Route("/jobs/{id}", routes.job, methods=["GET"]),
            Route("/jobs/{id}", routes.cancel, methods=["DELETE"]),
            Route("/jobs/{id}/events", routes.events),
            *routes_of(functions, jobs),
        ],
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={ChoraleError: answer_error, HTTPException: _refuse},
        lifespan=routes.lifespan,
    )


class Routes:
    """The endpoints, and what they share."""

    def __init__(
        self, settings: Settings, functions: LazyFunctions, jobs: Jobs
    ) -> None:
        self.settings, self.functions, self.jobs = settings, functions, jobs
        self._limiter: anyio.CapacityLimiter | None = None
        self._is_shown = False

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Load models once the page is shown; stop all work at the end."""
        self._limiter = anyio.CapacityLimiter(_QUICK_THREADS)
        self.jobs.start(self._warm)
        try:
            yield
        finally:
            self.jobs.close()
            self.jobs.join()

    def _warm(self, progress: Progress) -> None:
        """Load what requests will need, but let the page come first.

        The catalogue is the last that the page asks for before it is complete, and is
        made ready while the browser opens. Loading the rest would slow down both.
        """
        with suppress(Exception):  # requests for it report the error
            self.functions.catalogue()
        latest = time.monotonic() + _PAGE_SECONDS
        while time.monotonic() < latest and not self._is_shown and self.jobs.is_empty:
            progress(0, 1)
            time.sleep(_LOOK_SECONDS)
        self.functions.warm(progress)

    # === At once ===

    async def catalogue(self, request: Request) -> Response:
        """Answer with what there is to choose from, and the file to begin with."""
        own = {"version": __version__, "opened": self.settings.opened}
        try:
            return await self._quickly(
                lambda: json_response({**self.functions.catalogue(), **own})
            )
        finally:
            self._is_shown = True

    async def open(self, request: Request) -> Response:
        """Answer with the piece or the melody in a file."""
        data, name = await request.body(), request.query_params.get("name")
        if not name:
            raise RefusedError("expected the name of the file, as in /open?name=a.mid")
        return await self._quickly(
            lambda: json_response(self.functions.open_upload(data, name))
        )

    async def engrave(self, request: Request) -> Response:
        """Answer with the pages of a score."""
        return await self._json(request, self.functions.engrave)

    async def check(self, request: Request) -> Response:
        """Answer with the findings of part-writing."""
        return await self._json(request, self.functions.check)

    async def guess(self, request: Request) -> Response:
        """Answer with the likeliest words for a drawing."""
        return await self._json(request, self.functions.guess)

    async def export(self, request: Request) -> Response:
        """Answer with a file to save."""
        body, name = await request.body(), request.query_params.get("format", "midi")

        def answer() -> Response:
            content, media_type, file = self.functions.export(json_of(body), name)
            headers = {"Content-Disposition": disposition(file)}
            return Response(content, headers=headers, media_type=media_type)

        return await self._quickly(answer)

    async def _json(
        self, request: Request, function: Callable[[Json], Json]
    ) -> Response:
        body = await request.body()
        return await self._quickly(lambda: json_response(function(json_of(body))))

    async def _quickly(self, work: Callable[[], Response]) -> Response:
        """Answer with what a function returns, which runs in a thread."""
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    # === Jobs ===

    async def submit(self, request: Request) -> Response:
        """Queue a job that has been checked."""
        body = await request.body()
        return await self._quickly(
            lambda: json_response(
                self.jobs.submit(self.functions.prepare(json_of(body))), 202
            )
        )

    async def job(self, request: Request) -> Response:
        """Answer with the state of a job."""
        return json_response(self.jobs.snapshot(request.path_params["id"]))

    async def cancel(self, request: Request) -> Response:
        """Cancel a job; answer with its state."""
        self.jobs.cancel(request.path_params["id"])
        return await self.job(request)

    async def events(self, request: Request) -> Response:
        """Answer with the states of a job as they come."""
        return event_stream(self.jobs, request.path_params["id"])


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer a request for a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    text = {404: "there is nothing at {path}", 405: "{path} takes no {method}"}
    message = text.get(error.status_code, "{detail}").format(
        path=request.url.path, method=request.method, detail=error.detail
    )
    answer = error_response(message, error.status_code)
    answer.headers.update(error.headers or {})
    return answer

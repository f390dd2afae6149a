"""The server of the studio: its routes, and what it does when it starts and stops."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chorale.errors import ChoraleError
from chorale.studio.answers import (
    answer_error,
    error_response,
    json_of,
    json_response,
)
from chorale.studio.pages import serve_page
from chorale.studio.services import Json, Services
from chorale.studio.settings import Settings
from chorale.version import __version__

# Quick requests that are answered at once; others wait for them.
_QUICK_THREADS = 8


def application(settings: Settings, services: Services | None = None) -> Starlette:
    """Return the application of a studio.

    Args:
        settings: of the server.
        services: what it asks of the rest of the studio; None for the real ones.
    """
    routes = Routes(settings, services or Services())
    return Starlette(
        routes=[
            Route("/", serve_page),
            Route("/page/{name:path}", serve_page),
            Route("/catalogue", routes.catalogue),
            Route("/engrave", routes.engrave, methods=["POST"]),
            Route("/check", routes.check, methods=["POST"]),
            Route("/guess", routes.guess, methods=["POST"]),
        ],
        exception_handlers={ChoraleError: answer_error, HTTPException: _refuse},
        lifespan=routes.lifespan,
    )


class Routes:
    """The endpoints, and what they share."""

    def __init__(self, settings: Settings, services: Services) -> None:
        self.settings, self.services = settings, services
        self._limiter: anyio.CapacityLimiter | None = None

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Begin when the server starts, and end when it stops."""
        self._limiter = anyio.CapacityLimiter(_QUICK_THREADS)
        yield

    async def _quickly(self, work: Callable[[], Response]) -> Response:
        """Answer with what a function returns that takes less than a few seconds."""
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    async def _json(
        self, request: Request, function: Callable[[Json], Json]
    ) -> Response:
        body = await request.body()
        return await self._quickly(lambda: json_response(function(json_of(body))))

    async def catalogue(self, request: Request) -> Response:
        """Answer with what there is to choose from, and the piece to begin with."""
        opened = {
            "version": __version__,
            "piece": self.settings.piece,
            "remarks": self.settings.remarks,
        }
        return await self._quickly(
            lambda: json_response({**self.services.catalogue(), **opened})
        )

    async def engrave(self, request: Request) -> Response:
        """Answer with the pages of a score."""
        return await self._json(request, self.services.engrave)

    async def check(self, request: Request) -> Response:
        """Answer with the findings of part-writing."""
        return await self._json(request, self.services.check)

    async def guess(self, request: Request) -> Response:
        """Answer with the likeliest words for a drawing."""
        return await self._json(request, self.services.guess)


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer a request for a path or a method that there is not."""
    assert isinstance(error, HTTPException)
    text = {404: "there is nothing at {path}", 405: "{path} takes no {method}"}
    message = text.get(error.status_code, error.detail).format(
        path=request.url.path, method=request.method
    )
    return error_response(message, error.status_code)

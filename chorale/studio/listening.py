"""Running the server: its socket, its signals, and its end."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from chorale.errors import ChoraleError
from chorale.studio.connections import Connection

# Ports that are tried after the usual one, before any that is free.
_NEXT = 20


class ListeningError(ChoraleError):
    """A port that is taken or not allowed, or a host that is not of this machine."""


def listen(host: str, port: int, *, exactly: bool) -> socket.socket:
    """Return a socket that listens on a port, or on the next one that is free.

    Args:
        host: address or name of this machine.
        port: 0 for any.
        exactly: take no other port.

    Raises:
        ListeningError: the port is taken or not allowed, or the host is not of this
            machine.
    """
    others = () if exactly else (*range(port + 1, port + _NEXT), 0)
    for attempt in (port, *others):
        try:
            return _listen(host, attempt)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and not exactly and attempt:
                continue
            raise ListeningError(_reason(error, host, attempt)) from None
    raise AssertionError("the last attempt is any port")


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    server = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would share the port with another server
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.listen(128)
    except BaseException:
        server.close()
        raise
    return server


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken by another program, perhaps by a studio that runs: "
            "stop it, choose another --port, or leave --port out for one that is free"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is not allowed: choose a --port from 1024 on"
    return (
        f"expected --host with an address of this machine, got {host}: "
        f"{error.strerror or error}"
    )


def serve(
    application: ASGIApp,
    server_socket: socket.socket,
    *,
    started: Callable[[], None],
    stopping: Callable[[], None],
) -> None:
    """Serve until Ctrl-C or a signal to terminate, then return.

    Args:
        application: what is served.
        server_socket: listens already.
        started: called when requests are answered.
        stopping: called after the signal; ends streams, for which it would wait.
    """
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="error",  # requests that are none are no news
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    with contextlib.suppress(_StoppedBySignal), _signals():
        _Server(config, started, stopping).run(sockets=[server_socket])


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._when_started, self._when_stopping = started, stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._when_stopping()
        await super().shutdown(sockets)


class _StoppedBySignal(KeyboardInterrupt):
    """A signal that ends the server, which is how it is meant to end."""


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Raise `_StoppedBySignal` for signals that end the server.

    The server of uvicorn handles them itself while it runs, and raises them again
    when it is done.
    """

    def stop(*_: object) -> NoReturn:
        raise _StoppedBySignal

    handled = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

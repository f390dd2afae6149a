"""Connections: slow ones are closed, and too many."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from serving import served

from chorale.studio import connections
from chorale.studio.lazy_functions import LazyFunctions
from chorale.utils.progress import Progress


class Idle(LazyFunctions):
    """Loads nothing, and checks slowly."""

    def warm(self, progress: Progress) -> None:
        pass

    def check(self, body: object) -> object:
        time.sleep(2)
        return {}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(connections, "PATIENCE", 0.8)
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 12)
    with served(Idle()) as found:
        yield found


def connect(client: httpx.Client) -> socket.socket:
    assert client.base_url.port is not None
    connection = socket.create_connection(("127.0.0.1", client.base_url.port))
    connection.settimeout(10)
    return connection


@pytest.mark.parametrize(
    "begun",
    [
        "",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "POST /check HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\n",
        "POST /check HTTP/1.1\r\nHost: evil\r\nContent-Length: 1000\r\n\r\n",
    ],
)
def test_a_request_that_does_not_come_is_not_waited_for(
    client: httpx.Client, begun: str
) -> None:
    with connect(client) as connection:
        host = f"127.0.0.1:{client.base_url.port}"
        connection.sendall(begun.format(host=host).encode())
        is_closed, limit = False, time.monotonic() + 10
        connection.settimeout(0.1)
        while not is_closed and time.monotonic() < limit:
            try:
                connection.sendall(b"x" if begun else b"")  # a byte now and then
                is_closed = connection.recv(1000) == b""
            except TimeoutError:
                pass
            except OSError:
                is_closed = True
        assert is_closed
    assert client.get("/").status_code == 200


def test_work_and_silence_between_requests_take_their_time(
    client: httpx.Client,
) -> None:
    assert client.post("/check", json={}, timeout=20).json() == {}
    time.sleep(1)
    assert client.get("/").status_code == 200


def test_more_connections_than_browsers_need_are_closed(client: httpx.Client) -> None:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connect(client)) for _ in range(20)]
        ended = 0
        for connection in opened[14:]:
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
            ended += 1
        assert ended == 6
    time.sleep(0.2)
    assert client.get("/").status_code == 200

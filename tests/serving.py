"""A server of the studio in a thread of the tests, and clients for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from chorale.studio.connections import Connection
from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.server import application
from chorale.studio.server_settings import Settings


@contextmanager
def served(functions: LazyFunctions, **fields: Any) -> Iterator[httpx.Client]:
    """Serve a studio on a free port; yield a client whose addresses are relative.

    Args:
        functions: what the server asks.
        fields: of its settings.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(port=listening.getsockname()[1], **fields)
        config = uvicorn.Config(
            application(settings, functions),
            lifespan="on",
            http=Connection,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{settings.port}", trust_env=False
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()

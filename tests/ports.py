"""Free ports of this machine, for workers that tests start."""

from __future__ import annotations

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Return ports that no program listens on."""
    with ExitStack() as stack:
        servers = [socket.create_server(("", 0)) for _ in range(count)]
        for server in servers:
            stack.enter_context(server)
        return [server.getsockname()[1] for server in servers]

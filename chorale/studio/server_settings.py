"""How a studio is served: where it listens, and what it opens with."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The year in which Bach was born. It stays the same from start to start, as browsers
# keep the piece for an address and its port.
PORT = 1685
HOST = "127.0.0.1"
# Of a request, in bytes: a score of a few minutes is a hundredth of it.
LARGEST_BODY = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one server.

    Attributes:
        host: address or name that it listens on.
        port: as above.
        token: what requests must show; None if only this machine can reach it.
        opened: the file to begin with, as `POST /open` answers; None for none.
    """

    host: str = HOST
    port: int = PORT
    token: str | None = None
    opened: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """The address for the browser, with the token if there is one."""
        name = self.host
        if self.token is not None and name in ("0.0.0.0", "::"):
            name = own_address(name)
        name = f"[{name}]" if ":" in name else name
        query = "" if self.token is None else f"?token={self.token}"
        return f"http://{name}:{self.port}/{query}"


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine reach a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_address(any_host: str) -> str:
    """Return the address by which others in the network reach this machine.

    Args:
        any_host: 0.0.0.0, or :: for an address of IPv6.
    """
    family = socket.AF_INET6 if ":" in any_host else socket.AF_INET
    # Addresses of documentation: connecting a UDP socket sends nothing.
    distant = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((distant, 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        return str(probe.getsockname()[0])

"""Connections that are closed if their requests do not come, or if there are too many.

The server of uvicorn waits for ever for a request that has begun, so that a few hundred
connections which send a byte a minute would keep everybody else out.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 400  # a browser opens six, and twenty may work at once
PATIENCE = 60.0  # seconds for the head of a request, and again for its body
_PAUSE = 5.0  # seconds between two looks, at most


class Connection(H11Protocol):
    """One connection; see `asyncio.Protocol`."""

    _place: tuple[object, object] | None = None
    _since = 0.0
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin, unless too many are open."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close the connection if it has waited too long for the same thing."""
        now = self.loop.time()
        place = (self.cycle, self.conn.their_state)
        is_waiting = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if not is_waiting or place != self._place:
            self._place, self._since = place, now
        elif now - self._since >= PATIENCE:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(min(_PAUSE, PATIENCE / 4), self._look)

"""Who may ask what: hosts, origins, the token, sizes, and headers of every answer.

A page on the web can send requests to any address, this machine included, and can give
its own name that address (DNS rebinding). Therefore requests must name the host that
the studio listens on, and those that change or compute something must come from the
studio's own page, or from a program that is no browser.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chorale.errors import ChoraleError
from chorale.studio.responses import (
    RefusedError,
    error_response,
    sentence,
    status_of,
)
from chorale.studio.server_settings import LARGEST_BODY, Settings, is_loopback

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
# Of a body that is too large, this much is read before it is refused, as browsers show
# no answer that comes while they are sending.
_DISCARDED = 20 * LARGEST_BODY
_SAFE_METHODS = ("GET", "HEAD")
# A host as browsers send it: a name, an address, or one of IPv6 in brackets; a port.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?", re.ASCII)


class Guard:
    """Middleware that refuses requests, and gives every answer its headers.

    Errors that no route answers are answered here.

    Args:
        app: what is guarded.
        settings: of the server.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self._cookie = f"chorale-{settings.port}"  # cookies are shared by all ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun, doing = False, f"{scope['method']} {scope['path']}"
        body = _Body(receive)

        async def send_safely(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            if scope["method"] in _SAFE_METHODS:
                _check_site(scope["path"], headers)
            else:
                _check_origin(headers)
            if (welcome := self._check_token(scope, headers)) is not None:
                await welcome(scope, receive, send_safely)
                return
            await body.check_length(headers)
            await self.app(scope, body.receive, send_safely)
        except Exception as error:
            if is_begun or body.is_disconnected:  # nobody to tell but the log
                if not isinstance(error, ClientDisconnect):
                    sentence(error, doing)
                return
            status = status_of(error) if isinstance(error, ChoraleError) else 500
            message = sentence(error, doing)
            answer = error_response(message, status)
            if status == 401:
                answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send_safely)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        match = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        if match is not None:
            name, port = match[1].strip("[]"), int(match[2] or 80)
            if self.settings.token is not None:
                # Others may reach it by a port that is forwarded to this one.
                if _is_address(name) or name in self._own_names():
                    return
            elif is_loopback(name) and port == self.settings.port:
                return
        raise RefusedError(
            f"expected a request for {self.settings.host}:{self.settings.port}, got "
            f"one for {', '.join(hosts) or 'no host'}",
            403,
        )

    def _own_names(self) -> set[str]:
        """Return the names of this machine, in lower case."""
        name = socket.gethostname().lower()
        return {self.settings.host.lower(), "localhost", name, f"{name}.local"}

    def _check_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Check the token; return a page that sets the cookie if it is in the address.

        Raises:
            RefusedError: there is none, or another one.
        """
        token = self.settings.token
        if token is None:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if scope["path"] == "/" and len(query) == 1 and _is_same(query[0], token):
            return _welcome(self._cookie, token)
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _is_same(shown.strip(), token):
            return None
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            cookie = None
        if cookie is not None and _is_same(cookie.value, token):
            return None
        raise RefusedError(
            "expected the token: open the address that chorale studio has printed, "
            "with ?token= and all",
            401,
        )


class _Body:
    """The body of a request, of which no more is read than is allowed."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._read = receive, 0
        self.is_disconnected = False

    async def check_length(self, headers: Headers) -> None:
        """Refuse a body whose length is known to be too large."""
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise RefusedError("expected a number as Content-Length")
        if int(length) > LARGEST_BODY:
            await self._discard()

    async def receive(self) -> Message:
        """Return the next message, see ASGI."""
        message = await self._next()
        if self._read > LARGEST_BODY:
            await self._discard()
        return message

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_disconnected = True
        self._read += len(message.get("body", b""))
        return message

    async def _discard(self) -> None:
        while self._read <= _DISCARDED:
            message = await self._next()
            if not message.get("more_body", False):
                break
        raise RefusedError(
            f"expected at most {LARGEST_BODY // 1_000_000} MB, got more: choose a "
            "smaller file",
            413,
        )


def _check_origin(headers: Headers) -> None:
    """Refuse requests that other pages have sent; programs name no origin."""
    origins = headers.getlist("origin")
    own = f"http://{headers['host']}".lower()
    is_own = len(origins) < 2 and all(each.lower() == own for each in origins)
    if not is_own or not _is_of_own_site(headers):
        raise RefusedError("expected a request of the studio's own page", 403)


def _check_site(path: str, headers: Headers) -> None:
    """Refuse what other pages load; a link in them may lead to the studio."""
    is_link = path == "/" and headers.get("sec-fetch-dest") == "document"
    if not is_link and not _is_of_own_site(headers):
        raise RefusedError("expected a request of the studio's own page", 403)


def _is_of_own_site(headers: Headers) -> bool:
    """Return whether a browser says so; programs that are none say nothing."""
    return set(headers.getlist("sec-fetch-site")) <= {"same-origin", "none"}


def _is_address(name: str) -> bool:
    """Return whether a host is an address, which DNS rebinding cannot give."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_same(shown: str, token: str) -> bool:
    return secrets.compare_digest(shown.encode(), token.encode())


def _welcome(cookie: str, token: str) -> Response:
    """Return a page that keeps the token in a cookie and leads to the studio.

    A redirection would not do: after a link in a mail, browsers would follow it without
    the strict cookie. Later addresses, and the history, do not have the token.
    """
    answer = Response(
        '<!doctype html><meta charset="utf-8"><title>chorale</title>'
        '<meta http-equiv="refresh" content="0; url=/">'
        '<p><a href="/">Open the studio</a></p>',
        media_type="text/html",
    )
    answer.set_cookie(cookie, token, httponly=True, samesite="strict")
    return answer

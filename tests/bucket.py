"""A local HTTP server of drawings, with faults on request."""

from __future__ import annotations

import base64
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

CAT = bytes(range(256)) * 4000  # about a megabyte
TOWER = b'{"word":"The Eiffel Tower"}\n'


class Bucket(ThreadingHTTPServer):
    """A local copy of the bucket, and its faults.

    Attributes:
        files: content by path.
        cuts: number of bytes after which each of the next answers breaks off.
        answers: status of each of the next answers, replacing the right one.
        location: where answers lead whose status is a redirection.
        headers: added to the right ones, or replacing them; None omits a header.
        knows_ranges: whether Range requests are supported.
        asked: method, path and Range of each request.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {
            "/full/simplified/cat.ndjson": CAT,
            "/full/simplified/The Eiffel Tower.ndjson": TOWER,
        }
        self.cuts: list[int] = []
        self.answers: list[int] = []
        self.location: str | None = None
        self.headers: dict[str, str | None] = {}
        self.knows_ranges = True
        self.asked: list[tuple[str, str, str | None]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect."""

    def gets(self) -> list[str | None]:
        """Return the Range of each GET."""
        return [part for method, _, part in self.asked if method == "GET"]


class Handler(BaseHTTPRequestHandler):
    server: Bucket

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""

    def do_HEAD(self) -> None:
        self.respond()

    def do_GET(self) -> None:
        self.respond()

    def respond(self) -> None:
        path, part = unquote(self.path), self.headers["Range"]
        self.server.asked.append((self.command, path, part))
        content = self.server.files.get(path)
        status = self.server.answers.pop(0) if self.server.answers else 200
        if content is None:
            status = 404
        if status != 200 or content is None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if self.server.location is not None:
                self.send_header("Location", self.server.location)
            self.end_headers()
            return
        digest = hashlib.md5(content).digest()
        tag = f'"{digest.hex()}"'
        begin = 0
        if part and self.server.knows_ranges and self.headers["If-Range"] == tag:
            begin = int(part.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if begin else 200)
        headers: dict[str, str | None] = {
            "Content-Length": str(len(content) - begin),
            "ETag": tag,
            "x-goog-hash": f"crc32c=AAAAAA==,md5={base64.b64encode(digest).decode()}",
            "x-goog-stored-content-encoding": "identity",
        }
        if begin:
            last = len(content) - 1
            headers["Content-Range"] = f"bytes {begin}-{last}/{len(content)}"
        for name, value in {**headers, **self.server.headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            rest = content[begin:]
            cut = self.server.cuts.pop(0) if self.server.cuts else len(rest)
            self.wfile.write(rest[:cut])
            self.close_connection = True

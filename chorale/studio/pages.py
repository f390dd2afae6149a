"""The files of the page, from the package, with content types and entity tags."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from chorale.studio.responses import RefusedError

# Of other files nothing is served.
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
# Packages with folders of files; no two files have the same name.
_FOLDERS = (("chorale.studio", "page"), ("chorale.formats", "web_player"))
# A part of a path: no dots at its beginning, no separators of any system.
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)


def page_file(name: str) -> tuple[bytes, str]:
    """Return the bytes and the content type of a file of the page.

    Args:
        name: relative to `chorale/studio/page`, or to `chorale/formats/web_player`,
            with slashes.

    Raises:
        RefusedError: there is no such file.
    """
    parts = name.split("/")
    media_type = _TYPES.get(name.rpartition(".")[2])
    if media_type is not None and all(map(_PART.fullmatch, parts)):
        for package, folder in _FOLDERS:
            file = files(package).joinpath(folder, *parts)
            if file.is_file():
                return file.read_bytes(), media_type
    raise RefusedError("there is no such file", 404)


async def serve_page(request: Request) -> Response:
    """Answer with a file of the page, or with its index.

    Browsers ask each time whether theirs is the newest: after an update of the package
    no two files are of different versions.
    """
    content, media_type = page_file(request.path_params.get("name", "index.html"))
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag}
    known = request.headers.get("if-none-match", "")
    if tag in (text.strip().removeprefix("W/") for text in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)

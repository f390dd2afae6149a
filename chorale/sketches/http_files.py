"""One file over HTTP: retried, resumable, verified by size and MD5 checksum."""

from __future__ import annotations

import base64
import glob
import hashlib
import http.client
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    Request,
    build_opener,
)

from chorale.errors import DataError

_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 18  # bytes read at once


class _OnlyWeb(HTTPRedirectHandler):
    """Follows redirections to https and http only, not to ftp."""

    def redirect_request(self, req: Any, *answer: Any) -> Request | None:
        url = answer[-1]
        if urlsplit(url).scheme not in ("https", "http"):
            raise DataError(
                f"{req.full_url}: expected a server of https or http, it leads to {url}"
            )
        return super().redirect_request(req, *answer)


def _open(request: Request) -> Any:
    """Send a request; wait for the answer for at most `_TIMEOUT`."""
    return build_opener(_OnlyWeb).open(request, timeout=_TIMEOUT)


class TransferError(Exception):
    """A transient error: another attempt may succeed."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file on a server, as far as the server describes it."""

    url: str
    version: str | None  # strong ETag, which changes with the content
    size: int | None  # bytes
    md5: str | None  # in hexadecimal

    def is_at(self, path: Path) -> bool:
        """Return whether a local file has the known size and checksum of this one.

        False if neither is known.
        """
        if not path.is_file() or (self.size is None and self.md5 is None):
            return False
        has_size = self.size in (None, path.stat().st_size)
        return has_size and self.md5 in (None, _md5(path))


def look_up(url: str, waits: Sequence[float]) -> Remote:
    """Ask a server for the version, size and checksum of a file.

    After an error it waits so many seconds before each new attempt.

    Raises:
        TransferError: all attempts failed.
        HTTPError: the server refuses, permanently.
    """
    for wait in waits:
        try:
            return _describe(url)
        except TransferError:
            time.sleep(wait)
    return _describe(url)


def fetch(
    remote: Remote, path: Path, report: Callable[[int], None], waits: Sequence[float]
) -> None:
    """Download a file, or the rest of it if it is begun.

    Args:
        remote: of `look_up`.
        path: of the file. Until it is complete and verified, its beginning is beside
            it, with the suffix `.partial`.
        report: callback, called with the number of bytes present.
        waits: seconds before each new attempt after an error; counted from the first
            again whenever an attempt makes progress.

    Raises:
        DataError: all attempts failed, or the checksum is wrong.
        HTTPError: the server refuses, permanently.
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path, remote)
    for found in list(path.parent.glob(f"{glob.escape(path.name)}.*partial")):
        if found != partial:  # of another version
            found.unlink()
    most = _size(partial)
    attempt = 0
    while True:
        try:
            _fetch_rest(remote, partial, report)
            break
        except TransferError as error:
            if _size(partial) > most:
                most, attempt = _size(partial), 0
            if attempt == len(waits):
                raise DataError(
                    f"{remote.url} broke off after {_size(partial):,} bytes: {error}; "
                    "run it again, it goes on from there"
                ) from None
            time.sleep(waits[attempt])
            attempt += 1
    if remote.md5 not in (None, _md5(partial)):
        partial.unlink()
        raise DataError(
            f"{remote.url}: what came has another checksum than the server says, and "
            "was removed: run it again"
        )
    partial.replace(path)


def partial_path(path: Path, remote: Remote) -> Path:
    """Return the path of the beginning of a file, which differs for each version."""
    if remote.version is None:
        return path.with_name(f"{path.name}.partial")
    digest = hashlib.sha256(f"{remote.url} {remote.version}".encode()).hexdigest()
    return path.with_name(f"{path.name}.{digest[:8]}.partial")


def _fetch_rest(remote: Remote, partial: Path, report: Callable[[int], None]) -> None:
    """Request the missing part of a file and append it; or the whole file."""
    request = Request(remote.url)
    done = _size(partial) if remote.version else 0
    if done and done == remote.size:
        return
    if remote.version and 0 < done < (remote.size or 0):
        # If the version has changed, the server sends the whole file.
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", remote.version)
    with _transient_errors():
        answer = _open(request)
    with answer:
        if answer.status == 206:  # partial content
            content_range = answer.headers.get("Content-Range", "")
            if not content_range.startswith(f"bytes {done}-"):
                partial.unlink(missing_ok=True)
                raise TransferError(f"the server sent {content_range} of it")
        else:
            done = 0
            partial.unlink(missing_ok=True)
        report(done)
        with partial.open("ab") as file:
            while True:
                with _transient_errors():
                    chunk = answer.read(_CHUNK)
                if not chunk:
                    break
                file.write(chunk)
                done += len(chunk)
                report(done)
    if remote.size is not None and done != remote.size:
        raise TransferError(f"expected {remote.size:,}")


# === The server ===


def _describe(url: str) -> Remote:
    """Return what the headers of the server say of a file."""
    with (
        _transient_errors(),
        _open(Request(url, method="HEAD")) as answer,
    ):
        headers = answer.headers
    tag, size = headers.get("ETag", ""), headers.get("Content-Length", "")
    md5 = re.search(
        r"\bmd5=([A-Za-z0-9+/]{22}==)", ",".join(headers.get_all("x-goog-hash", []))
    )
    # A weak tag, W/"...", does not guarantee equal bytes.
    version = tag if re.fullmatch('"[ -~]*', tag) else None
    # Files stored compressed are unpacked in transfer: size and MD5 are of other bytes.
    if headers.get("x-goog-stored-content-encoding", "identity") != "identity":
        return Remote(url=url, version=version, size=None, md5=None)
    return Remote(
        url=url,
        version=version,
        size=int(size) if re.fullmatch("[0-9]+", size) else None,
        md5=base64.b64decode(md5[1]).hex() if md5 else None,
    )


@contextmanager
def _transient_errors() -> Iterator[None]:
    """Raise network errors as TransferError, but refusals as HTTPError."""
    try:
        yield
    except HTTPError as error:
        error.close()
        # Timeout, too many requests, or an error of the server.
        if error.code in (408, 429) or error.code >= 500:
            raise TransferError(f"the server answers {error.code}") from None
        raise
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        reason: Any = getattr(error, "reason", error)  # of a URLError
        if isinstance(reason, TimeoutError):
            reason = "the server does not answer"
        text = " ".join(str(reason).split()) or type(reason).__name__
        raise TransferError(text) from None


# === Local files ===


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.md5(usedforsecurity=False)
        ).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

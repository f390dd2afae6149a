"""Downloading the public Quick, Draw! files: goes on where it stopped, and checks them.

They lie in a bucket of Google Cloud Storage, one for each word and form (CC BY 4.0).
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from chorale.errors import ChoraleError, DataError, OutputError, UsageError
from chorale.utils.files import write_text
from chorale.utils.progress import Progress

PUBLIC_BUCKET = "https://storage.googleapis.com/quickdraw_dataset"
# The folder in the bucket and the ending of the files of each form.
FORMS = {
    "simplified": ("full/simplified", "ndjson"),
    "raw": ("full/raw", "ndjson"),
    "binary": ("full/binary", "bin"),
    "sketch-rnn": ("sketchrnn", "npz"),
}
WAITS = (1.0, 4.0, 15.0)  # seconds before each new attempt, while nothing comes

_TIMEOUT = 30.0  # seconds without a byte
_PIECE = 1 << 18  # bytes read at once

Report = Callable[[int], None]  # bytes that are there of one file


class _TransferError(Exception):
    """Something that may well go better at the next attempt, in plain words."""


@dataclass(frozen=True, kw_only=True)
class _Remote:
    """A file in the bucket, and what the server says of it."""

    url: str
    size: int | None  # bytes
    md5: str | None  # in hexadecimal


def download(
    words: Sequence[str],
    folder: Path | str,
    *,
    form: str = "simplified",
    base: str = PUBLIC_BUCKET,
    progress: Progress | None = None,
    waits: Sequence[float] = WAITS,
) -> list[Path]:
    """Download the public files of some words.

    What is there already and whole is left alone. A file that is begun lies beside its
    place, with the ending `.partial`, until it is whole and its checksum is right; a
    download that was stopped goes on from there. Give each form a folder of its own:
    files of different forms may have the same name.

    Args:
        words: such as "cat" or "The Eiffel Tower", as the dataset spells them.
        folder: for the files; `<word>.ndjson`, `.bin` or `.npz`.
        form: one of FORMS. Files of the form sketch-rnn are pickled: reading them means
            trusting whoever made them.
        base: address of the bucket, or of a copy of it.
        progress: called with the bytes that are there and those of all files.
        waits: seconds before each new attempt after an interruption; a download that
            gets on begins to count anew.

    Returns:
        The paths of the files, in the order of the words, each word once.

    Raises:
        UsageError: a form, an address or a word that cannot be, or one that the bucket
            does not have.
        DataError: the server cannot be reached or breaks off again and again, or the
            checksum is wrong.
        OutputError: the folder cannot be written to, or the disk is full.
    """
    if form not in FORMS:
        raise UsageError(f"expected a form out of {', '.join(FORMS)}, got {form!r}")
    _check_base(base)
    words = list(dict.fromkeys(words))
    for word in words:
        _check_word(word)
    place, ending = FORMS[form]
    paths = [Path(folder) / f"{word}.{ending}" for word in words]
    # All are looked up first: a word in error costs no download.
    remotes = [
        _look_up(f"{base.rstrip('/')}/{place}/{quote(path.name)}", path, waits)
        for path in paths
    ]
    total = sum(remote.size or 0 for remote in remotes)
    done = 0
    for path, remote in zip(paths, remotes, strict=True):

        def report(bytes_of_file: int, before: int = done) -> None:
            if progress is not None:
                progress(before + bytes_of_file, max(total, before + bytes_of_file))

        with _writing(path):
            if not _is_whole(path, remote):
                path.parent.mkdir(parents=True, exist_ok=True)
                _fetch(remote, path, report, waits)
            done += path.stat().st_size
        report(0, done)
    return paths


def _check_base(base: str) -> None:
    try:
        parts = urlsplit(base)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # is looked at only now
    except ValueError:
        is_address = False
    if not is_address or not base.isascii() or not base.isprintable() or " " in base:
        raise UsageError(
            f"expected an address that begins with https:// or http://, got {base!r}"
        )


def _check_word(word: str) -> None:
    """Refuse what would not stay a name of a file in the folder."""
    if (
        not word.strip()
        or word.startswith(".")
        or not word.isprintable()
        or any(character in word for character in '/\\:*?"<>|')
        or len(word) > 100
    ):
        raise UsageError(f"expected a word such as cat, got {word[:100]!r}")


# === The server ===


@contextmanager
def _opened(request: Request) -> Iterator[http.client.HTTPResponse]:
    """Yield the answer to a request; trouble on the way is `_TransferError`.

    Raises:
        HTTPError: the server refuses, for good.
    """
    try:
        answer = urlopen(request, timeout=_TIMEOUT)
    except HTTPError as error:
        error.close()
        # Too many requests, or a server that is in trouble itself.
        if error.code in (408, 429) or error.code >= 500:
            raise _TransferError(f"the server answers {error.code}") from None
        raise
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise _TransferError(_in_words(error)) from None
    with answer:
        yield answer


def _in_words(error: BaseException) -> str:
    """Return what went wrong on the way to the server, on one line."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "the server does not answer"
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(str(text).split())


def _look_up(url: str, path: Path, waits: Sequence[float]) -> _Remote:
    """Ask what the file is, without its content."""
    trouble = ""
    for wait in (0.0, *waits):
        time.sleep(wait)
        try:
            with _opened(Request(url, method="HEAD")) as answer:
                return _remote(url, answer)
        except HTTPError as error:
            raise _refusal(error, url, path.stem) from None
        except _TransferError as error:
            trouble = str(error)
    raise DataError(
        f"cannot reach {url}: {trouble}; let a machine that is online fetch it, save "
        f"it as {path}, and run `chorale sketch convert {path.parent} out.npz`"
    )


def _refusal(error: HTTPError, url: str, word: str) -> ChoraleError:
    # The bucket answers 403 or 404 for what is not in it.
    if error.code in (403, 404, 410):
        return UsageError(
            f"expected a word of the dataset, got {word!r}: there is no {url} "
            f"(the server answers {error.code})"
        )
    return DataError(f"{url}: expected a file, the server answers {error.code}")


def _remote(url: str, answer: http.client.HTTPResponse) -> _Remote:
    # What is stored compressed is unpacked on the way: its size and checksum are those
    # of other bytes.
    if answer.headers.get("x-goog-stored-content-encoding", "identity") != "identity":
        return _Remote(url=url, size=None, md5=None)
    length = answer.headers.get("Content-Length", "")
    return _Remote(
        url=url,
        size=int(length) if length.isascii() and length.isdigit() else None,
        md5=_md5_of(answer.headers.get_all("x-goog-hash") or []),
    )


def _md5_of(hashes: Sequence[str]) -> str | None:
    """Return the MD5 out of headers such as `crc32c=n03x6A==,md5=Ojk9c3dhfxg...==`."""
    for part in ",".join(hashes).split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                return None
    return None


# === A file ===


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason += "; make room and run it again, it goes on from there"
        raise OutputError(f"{path}: cannot write it: {reason}") from error


def _is_whole(path: Path, remote: _Remote) -> bool:
    """Return whether a file is there, and all that is known of it is right."""
    if not path.is_file() or (remote.size is None and remote.md5 is None):
        return False
    if remote.size is not None and path.stat().st_size != remote.size:
        return False
    return remote.md5 is None or _md5(path) == remote.md5


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.md5(usedforsecurity=False)
        ).hexdigest()


def _fetch(remote: _Remote, path: Path, report: Report, waits: Sequence[float]) -> None:
    """Download a file, in as many attempts as it takes while it gets on."""
    partial = path.with_name(f"{path.name}.partial")
    notes = path.with_name(f"{path.name}.partial.json")
    farthest = _size(partial)
    attempt = 0
    while True:
        try:
            _fetch_rest(remote, partial, notes, report)
            break
        except HTTPError as error:
            raise _refusal(error, remote.url, path.stem) from None
        except _TransferError as error:
            if _size(partial) > farthest:
                farthest, attempt = _size(partial), 0
            if attempt == len(waits):
                raise DataError(
                    f"{remote.url} broke off after {_size(partial):,} bytes: {error}; "
                    "run it again, it goes on from there"
                ) from None
            time.sleep(waits[attempt])
            attempt += 1
    if remote.md5 is not None and _md5(partial) != remote.md5:
        partial.unlink()
        notes.unlink(missing_ok=True)
        raise DataError(
            f"{remote.url}: what came has another checksum than the server says, and "
            "was removed: run it again"
        )
    partial.replace(path)
    notes.unlink(missing_ok=True)


def _fetch_rest(remote: _Remote, partial: Path, notes: Path, report: Report) -> None:
    """Ask for what is missing of a file, and append it; or for all, if need be."""
    begun, tag = _size(partial), _tag(notes, remote.url)
    if tag and begun and begun == remote.size:
        return
    request = Request(remote.url)
    if tag and begun and begun < (remote.size or 0):
        # If it is another file by now, all of it is sent.
        request.add_header("Range", f"bytes={begun}-")
        request.add_header("If-Range", tag)
    with _opened(request) as answer:
        if answer.status == 206:
            part = answer.headers.get("Content-Range", "")
            if not part.startswith(f"bytes {begun}-"):
                partial.unlink(missing_ok=True)
                raise _TransferError(f"the server sent {part} of it")
        else:
            begun = 0
            partial.unlink(missing_ok=True)
            kept = {"url": remote.url, "etag": answer.headers.get("ETag")}
            write_text(notes, json.dumps(kept) + "\n")
        report(begun)
        with partial.open("ab") as file:
            while piece := _read(answer):
                file.write(piece)
                begun += len(piece)
                report(begun)
    if remote.size is not None and begun != remote.size:
        raise _TransferError(f"expected {remote.size:,}")


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise _TransferError(_in_words(error)) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tag(notes: Path, url: str) -> str | None:
    """Return the version of the file that was begun; None if it cannot go on."""
    try:
        kept: Any = json.loads(notes.read_text(encoding="utf-8"))
        tag = kept["etag"] if kept["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # A weak one, W/"...", is of files that are only much alike.
    if isinstance(tag, str) and tag.startswith('"') and tag.isascii():
        return tag if tag.isprintable() else None
    return None

"""Answers of the server: JSON, and errors as one sentence for people."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from chorale.errors import ChoraleError, DataError, MissingExtraError, UsageError

_LOG = logging.getLogger(__name__)
# Of a JSON text. The largest piece has a third of them, a body could have ten times as
# many, which take a hundred times the memory of their text.
_MOST_LISTS = 400_000  # and objects
_MOST_VALUES = 2_000_000


class RefusedError(ChoraleError):
    """A request that is refused.

    Args:
        message: why, and what to do.
        status: of HTTP, 400 to 599.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def status_of(error: ChoraleError) -> int:
    """Return the status of HTTP for an error."""
    if isinstance(error, RefusedError):
        return error.status
    if isinstance(error, UsageError | DataError):
        return 400
    return 501 if isinstance(error, MissingExtraError) else 500


def sentence(error: Exception, doing: str) -> str:
    """Return what to say of an error, and log it if nobody foresaw it.

    Args:
        error: any.
        doing: what failed, as the subject of a sentence.
    """
    if isinstance(error, ChoraleError):
        return str(error)
    reason = " ".join(str(error).split()) or "no details"
    kind = type(error).__name__
    if isinstance(error, MemoryError):
        return f"{doing} needs more memory than there is: try a shorter piece"
    message = f"{doing} failed, which is a bug of chorale: {kind}: {reason}"
    _LOG.error(
        "%s", message, exc_info=error if _LOG.isEnabledFor(logging.DEBUG) else None
    )
    return message


def to_json(content: object) -> str:
    """Return a value as JSON, on one line."""
    return json.dumps(
        content, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a value as JSON."""
    return Response(to_json(content), status, headers, "application/json")


def error_response(message: str, status: int) -> Response:
    """Return an error as the page and editors expect it."""
    return json_response({"error": message}, status)


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer a request that raised an error of this package."""
    assert isinstance(error, ChoraleError)
    return error_response(str(error), status_of(error))


def disposition(name: str) -> str:
    """Return the header by which browsers save an answer as a file of a name."""
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "._- ") else "_"
        for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def json_of(data: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        RefusedError: it is none, has numbers that JSON does not know, too many values,
            or is nested too deep.
    """
    lists = data.count(b"[") + data.count(b"{")
    if lists > _MOST_LISTS or data.count(b",") > _MOST_VALUES:
        raise RefusedError(
            f"expected JSON of at most {_MOST_LISTS:,} lists and objects and "
            f"{_MOST_VALUES:,} values, got more",
            413,
        )
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise RefusedError("expected JSON, got values nested too deep") from None
    except ValueError as error:  # no JSON, or no UTF-8
        raise RefusedError(f"expected JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")

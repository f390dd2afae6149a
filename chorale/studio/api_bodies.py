"""What requests of the HTTP API bring, and what its answers are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chorale.studio.forms import FORM_TYPE, file_in
from chorale.studio.shared_types import Json, Work

REMARKS_HEADER = "Chorale-Remarks"
JSON_TYPE = "application/json"
# Endings of files by the types that editors send; "" for types that say nothing.
ENDINGS = {
    "application/vnd.recordare.musicxml+xml": ".musicxml",
    "application/vnd.recordare.musicxml": ".mxl",
    "application/xml": ".musicxml",
    "text/xml": ".musicxml",
    "audio/midi": ".mid",
    "audio/mid": ".mid",
    "audio/x-midi": ".mid",
    "audio/sp-midi": ".mid",
    "text/vnd.abc": ".abc",
    "text/csv": ".csv",
    "application/octet-stream": "",
    "text/plain": "",
    "": "",
}


class Sent(NamedTuple):
    """The body of a request: the content, its type, and the name of a file."""

    content: bytes
    media_type: str
    name: str


class Answer(NamedTuple):
    """An answer of an operation: content of a type, the name of a file, remarks."""

    content: bytes
    media_type: str
    file: str = ""
    remarks: Sequence[str] = ()


# A finished operation: what a job has to do first, and the answer to its result.
Prepared = tuple[Work | None, Callable[[Json], Answer]]


def sent_in(body: bytes, content_type: str, name: str = "") -> Sent:
    """Return the file in a body, or in the first part of a form that is a file.

    Args:
        body: of the request.
        content_type: the header.
        name: of the file, if the request says it.

    Raises:
        RefusedError: a form without a file.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        return Sent(body, media_type, name)
    file = file_in(body, content_type)
    return Sent(file.content, file.media_type, name or file.name)

"""Forms with a file, as web pages and editors send them.

Only the head of each part is read, and there are few: the parser of mails in Python's
library takes minutes for a form of many parts or lines.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from chorale.studio.responses import RefusedError

FORM_TYPE = "multipart/form-data"
_MOST_PARTS = 32
_LONGEST_HEAD = 4000  # bytes of what is said of a part
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.I)
_TYPE = re.compile(r"^content-type:[ \t]*([^\s;]*)", re.I | re.M)
_NAME = re.compile(
    r'^content-disposition:.*?[; \t]filename="?([^"\r\n;]*)', re.I | re.M
)
_ENCODED_NAME = re.compile(
    r"^content-disposition:.*?[; \t]filename\*=utf-8''([^\s;]*)", re.I | re.M
)


class FormFile(NamedTuple):
    """A file in a form: its content, its type without parameters, its name."""

    content: bytes
    media_type: str
    name: str


def file_in(body: bytes, content_type: str) -> FormFile:
    """Return the first part of a form that is a file.

    Args:
        body: of the request.
        content_type: the header, with the boundary between two parts.

    Raises:
        RefusedError: it has no file, or is no form.
    """
    match = _BOUNDARY.search(content_type)
    if match is not None:
        boundary = (match[1] or match[2]).encode("utf-8", "replace")
        parts = (b"\r\n" + body).split(b"\r\n--" + boundary, _MOST_PARTS + 1)
        for part in parts[1 : _MOST_PARTS + 1]:
            end = part.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
            head = part[: max(end, 0)].decode("utf-8", "replace")
            if (name := _name_in(head)) is not None:
                kind = _TYPE.search(head)
                media_type = kind[1].lower() if kind else ""
                return FormFile(part[end + 4 :], media_type, name)
    raise RefusedError("expected a form with a file, got none")


def _name_in(head: str) -> str | None:
    """Return the name of the file that a part is; None if it is no file."""
    if encoded := _ENCODED_NAME.search(head):
        return unquote(encoded[1])
    plain = _NAME.search(head)
    return None if plain is None else plain[1]

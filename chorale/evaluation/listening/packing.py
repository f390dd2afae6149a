"""Packing: JSON as deflated base64, which the page inflates when it is needed.

It makes scores a sixth as long, and keeps what is in them, above all the solution, from
who looks at the source of the page. It is no encryption.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_LEVEL = 9  # of compression: the smallest


def packed(document: Any) -> str:
    """Return a JSON document as deflated base64."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), _LEVEL)).decode()


def unpacked(text: str) -> Any:
    """Return the JSON document that is packed in a text."""
    return json.loads(zlib.decompress(base64.b64decode(text)))

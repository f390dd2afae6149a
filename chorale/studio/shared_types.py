"""Types that modules of the studio share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chorale.utils.progress import Progress

# A value of JSON, and one that is an object.
Json = Any
JsonObject = dict[str, Any]
# Does the work of a job, and returns its result.
Work = Callable[[Progress], Json]
# Bytes of a file, its media type, and its name.
File = tuple[bytes, str, str]

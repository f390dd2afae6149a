"""What the server asks of the rest of the studio, each loaded when it is first asked.

The server answers before the libraries of these functions are loaded, and tests put
others in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from chorale.utils.progress import Progress

# A value of JSON.
Json = Any
# Does the work of a job, and returns its result.
Work = Callable[[Progress], Json]
# Bytes of a file, its media type, and its name.
File = tuple[bytes, str, str]


class Services:
    """The functions behind the routes; all may be called in several threads at once."""

    def warm(self, progress: Progress) -> None:
        """Load what the first requests will need.

        Args:
            progress: called now and then; raises an exception to end it.
        """
        resolve_name("chorale.studio.actions:warm")(progress)

    def prepare(self, job: Json) -> Work:
        """Check a job, and return what does its work."""
        work: Work = resolve_name("chorale.studio.actions:prepare")(job)
        return work

    def catalogue(self) -> dict[str, Json]:
        """Return models, seeds, words and limits."""
        found: dict[str, Json] = resolve_name("chorale.studio.catalogue:catalogue")()
        return found

    def open_upload(
        self, data: bytes, name: str, voice: str | None, key: str | None
    ) -> Json:
        """Read a piece or a melody from the bytes and the name of a file."""
        function = resolve_name("chorale.studio.uploads:open_upload")
        return function(data, name, voice, key)

    def open_path(self, path: Path) -> Json:
        """Read a piece or a melody from a file, as `open_upload` does."""
        return resolve_name("chorale.studio.uploads:open_path")(path)

    def engrave(self, body: Json) -> Json:
        """Return the pages of a score."""
        return resolve_name("chorale.studio.engraving:engrave")(body)

    def check(self, body: Json) -> Json:
        """Return the findings of part-writing."""
        return resolve_name("chorale.studio.actions:check")(body)

    def export(self, body: Json, name: str) -> File:
        """Return a piece as a file of a format."""
        file: File = resolve_name("chorale.studio.actions:export")(body, name)
        return file

    def guess(self, body: Json) -> Json:
        """Classify a drawing."""
        return resolve_name("chorale.studio.guesses:guess")(body)

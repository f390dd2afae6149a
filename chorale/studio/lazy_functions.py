"""What the server asks of the rest of the studio, each imported when it is first asked.

The server answers before the libraries of these functions are loaded, and tests put
others in their place.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chorale.studio.shared_types import File, Json, JsonObject, Work
from chorale.utils.progress import Progress

if TYPE_CHECKING:
    from chorale.studio.api_bodies import Prepared, Sent

# Warm-up requests: a chorale of three bars, and a drawing of one line.
_BARS = 3
_LINE = [[[0, 0], [90, 50], [20, 90]]]


class LazyFunctions:
    """The functions behind the routes; all may be called in several threads at once."""

    def warm(self, progress: Progress) -> None:
        """Load what the first requests will need, by doing a little of each.

        Another thread loads what no job needs, so that jobs need not wait for it.

        Args:
            progress: called now and then; raises an exception to end it.
        """
        others = threading.Thread(target=self._warm_others, daemon=True)
        job = {"action": "generate", "seed": "1", "bars": _BARS, "best_of": 1}
        others.start()
        piece = self.prepare(job)(progress)["variations"][0]["piece"]
        melody = {"action": "harmonize", "piece": piece, "voice": 0, "best_of": 2}
        self.prepare(melody)(progress)

    def _warm_others(self) -> None:
        # What cannot be loaded says so when it is asked for.
        for load in (self._engrave_a_seed, self._guess_a_line):
            with suppress(Exception):
                load()

    def _engrave_a_seed(self) -> None:
        from chorale.corpus.seeds import find_seed
        from chorale.studio.piece_json import to_json

        chorale = find_seed("1")
        assert chorale is not None
        body = {"piece": to_json(chorale), "numerals": True}
        self.engrave(body)
        self.check(body)

    def _guess_a_line(self) -> None:
        self.guess({"strokes": _LINE})

    def prepare(self, job: Json) -> Work:
        """Check a job, and return what does its work."""
        from chorale.studio.actions import prepare

        return prepare(job)

    def catalogue(self) -> Mapping[str, Json]:
        """Return models, seeds, words and limits."""
        from chorale.studio.catalogue import catalogue

        return catalogue()

    def open_upload(self, data: bytes, name: str) -> Json:
        """Read a piece or a melody from the bytes and the name of a file."""
        from chorale.studio.uploads import open_upload

        return open_upload(data, name)

    def open_path(self, path: Path) -> JsonObject:
        """Read a piece or a melody from a file, as `open_upload` does."""
        from chorale.studio.uploads import open_path

        return open_path(path)

    def engrave(self, body: Json) -> Json:
        """Return the pages of a score."""
        from chorale.studio.engraving_request import engrave

        return engrave(body)

    def check(self, body: Json) -> Json:
        """Return the findings of part-writing."""
        from chorale.studio.findings import check

        return check(body)

    def export(self, body: Json, name: str) -> File:
        """Return a piece as a file of a format."""
        from chorale.studio.exports import export

        return export(body, name)

    def operate(
        self, name: str, sent: Sent, query: Mapping[str, str], accept: str
    ) -> Prepared:
        """Check a request of the HTTP API, and return its work and its answer."""
        from chorale.studio.api_operations import operate

        return operate(name, sent, query, accept)

    def describe_api(self) -> JsonObject:
        """Return the OpenAPI document of the HTTP API."""
        from chorale.studio.openapi import document

        return document()

    def guess(self, body: Json) -> Json:
        """Classify a drawing."""
        from chorale.studio.sketch_guesses import guess

        return guess(body)

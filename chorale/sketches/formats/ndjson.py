"""Quick, Draw!'s own files: one drawing a line, in JSON, simplified or raw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chorale.errors import DataError
from chorale.sketches.formats.json_strokes import parse_json, sketch_of
from chorale.sketches.formats.shared import Watch, opened, placed
from chorale.sketches.strokes import Sketch

# Of a line, in bytes: some million points. A file without line ends is no such file.
_LONGEST = 1 << 26


def read_ndjson(path: Path, watch: Watch | None = None) -> Iterator[Sketch]:
    """Yield the drawings of a .ndjson file, line by line.

    Each line is an object with `drawing`, and perhaps `word` and `recognized` (True if
    it is missing). A drawing has for each stroke a list of xs and one of ys, on a grid
    of 256 in the simplified files; raw ones give pixels and a list of times, which are
    ignored. Empty lines are passed over.

    Raises:
        DataError: the file cannot be read, or a line is no such object; with the row.
    """
    with opened(path, watch) as file:
        row = 0
        while line := file.readline(_LONGEST):
            row += 1
            if len(line) == _LONGEST:
                raise DataError("expected one drawing a line, got no end", path, row)
            if line.strip():
                with placed(path, row=row):
                    sketch = sketch_of(_object_of(line))
                yield sketch


def _object_of(line: bytes) -> dict[str, Any]:
    content = parse_json(line)
    if not isinstance(content, dict):
        raise DataError("expected an object such as {'word': …, 'drawing': …}")
    return content

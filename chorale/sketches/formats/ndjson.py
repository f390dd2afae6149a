"""Quick, Draw!'s own files: one drawing per line, in JSON, simplified or raw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chorale.errors import DataError, located
from chorale.sketches.formats.json_strokes import parse_json, parse_record
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.strokes import Sketch

# Bytes of a line, some million points. A file without line ends has another format.
_MAX_LINE = 1 << 26


def read_ndjson(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a .ndjson file, line by line.

    Each line is an object with `drawing`, and optionally `word` and `recognized` (True
    if missing). A drawing has for each stroke a list of xs and one of ys, on a grid of
    256 in simplified files. Raw files give pixels and a list of times, which is
    ignored. Empty lines are skipped.

    Raises:
        DataError: the file cannot be read, or a line is malformed; with the row.
    """
    with open_binary(path, options) as file:
        row = 0
        while line := file.readline(_MAX_LINE):
            row += 1
            if len(line) == _MAX_LINE:
                raise DataError("expected one drawing a line, got no end", path, row)
            if line.strip():
                with located(path, row=row):
                    content = parse_json(line)
                    if not isinstance(content, dict):
                        raise DataError(
                            "expected an object such as {'word': …, 'drawing': …}"
                        )
                    sketch = parse_record(content)
                yield sketch

"""TFRecords of the tutorial on drawing classification, without TensorFlow.

The tutorial of TensorFlow 1, "Recurrent Neural Networks for Drawing Classification",
stores a drawing as differences between points in a unit square. Both sides are
stretched to 1, so the proportions of the drawing are lost. Classes are numbers; their
words are in a text file beside the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import (
    ReadOptions,
    labeled,
    open_binary,
    split_at_pen,
)
from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import FloatArray
from chorale.utils.files import replacing
from chorale.utils.tfrecord import (
    format_features,
    parse_features,
    read_records,
    record_of,
)

# === Reading ===


def read_tfrecord(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a TFRecord file of the tutorial's form.

    A record is a `tf.train.Example` of `ink`, N×3 floats (dx, dy, pen state, 1 at the
    last point of a stroke), without the first point; `shape`, N and 3; and
    `class_index`. Without the latter the word is "". Drawings begin at (0, 0).

    Raises:
        DataError: the file cannot be read or is malformed, or a class index has no
            word; with the number of the record.
    """
    classes = options.classes
    with open_binary(path, options) as file:
        for record, content in enumerate(read_records(file, path), 1):
            with located(path, record=record):
                features = parse_features(content)
                word = ""
                if "class_index" in features:
                    if classes is None:
                        classes = read_classes(path)
                    word = _word(features, classes)
                sketch = Sketch(strokes=split_at_pen(*_points(features)), word=word)
            yield sketch


def classes_path(path: Path) -> Path:
    """Return the path of the words of a file: `training.tfrecord.classes` beside it.

    Files such as `training.tfrecord-00000-of-00010` share one.
    """
    return path.with_name(re.sub(r"-\d+-of-\d+$", "", path.name) + ".classes")


def read_classes(path: Path) -> list[str]:
    """Read the words of a TFRecord file, one per line, by class index.

    Raises:
        DataError: there is no such file beside it, or it is not text.
    """
    candidates = [path.with_name(path.name + ".classes"), classes_path(path)]
    for candidate in candidates:
        if candidate.is_file():
            with open_binary(candidate, ReadOptions()) as file:
                content = file.read()
            try:
                return content.decode("utf-8-sig").splitlines()
            except UnicodeDecodeError:
                raise DataError("expected one word a line of text", candidate) from None
    raise DataError(
        f"expected the words of its classes in {candidates[-1].name} beside it, there "
        "is none: put it there",
        path,
    )


def _word(features: Any, classes: Sequence[str]) -> str:
    indices = features["class_index"].int64_list.value
    if len(indices) != 1:
        raise DataError(f"expected one number as class_index, got {len(indices)}")
    if not 0 <= indices[0] < len(classes):
        raise DataError(
            f"expected a class index below {len(classes)}, the number of words, "
            f"got {indices[0]}"
        )
    word: str = classes[indices[0]]
    return word


def _points(features: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the points (points, 2) and the pen states (points,) of a record."""
    for name in ("ink", "shape"):
        if name not in features:
            raise DataError(f"expected a feature {name!r}, there is none")
    ink = np.array(features["ink"].float_list.value[:], np.float64)
    shape = list(features["shape"].int64_list.value)
    if shape != [len(ink) // 3, 3] or len(ink) % 3:
        raise DataError(
            f"expected {len(ink)} numbers in rows of 3, the shape is {shape}"
        )
    rows = np.concatenate([np.zeros((1, 3)), ink.reshape(-1, 3)])
    return np.cumsum(rows[:, :2], axis=0), rows[:, 2]


# === Writing ===


def write_tfrecord(path: Path, sketches: Iterable[Sketch], words: Sequence[str]) -> int:
    """Write drawings in the tutorial's form, and the words to `classes_path`.

    Drawings of fewer than two points are omitted, as the form cannot hold them. The pen
    state of the first point and the proportions of a drawing are lost. Return how many
    drawings were written.

    Raises:
        DataError: the words are no valid classes, or the word of a drawing is not one
            of them.
        OutputError: a file cannot be written.
    """
    written = 0
    with replacing(path) as records, replacing(classes_path(path)) as names:
        with records.open("wb") as file:
            for label, sketch in labeled(sketches, words):
                ink = _to_ink(sketch)
                if ink is None:
                    continue
                content = format_features(
                    floats={"ink": ink.ravel().tolist()},
                    integers={"shape": ink.shape, "class_index": [label]},
                )
                file.write(record_of(content))
                written += 1
        text = "".join(f"{word}\n" for word in words)
        names.write_text(text, encoding="utf-8", newline="\n")
    return written


def _to_ink(sketch: Sketch) -> FloatArray | None:
    """Return the tutorial's ink (points - 1, 3), None for fewer than two points."""
    strokes = [stroke for stroke in sketch.strokes if len(stroke)]
    if sum(map(len, strokes)) < 2:
        return None
    points = np.concatenate(strokes).astype(np.float32)
    pen = np.zeros(len(points), np.float32)
    pen[np.cumsum([len(stroke) for stroke in strokes]) - 1] = 1
    low = points.min(axis=0)
    size = points.max(axis=0) - low
    points = (points - low) / np.where(size > 0, size, np.float32(1))
    return np.column_stack([np.diff(points, axis=0), pen[1:]])

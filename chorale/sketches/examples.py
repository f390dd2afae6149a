"""Labeled examples from files of drawings, to train or evaluate on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.files import find_files, read_files
from chorale.sketches.preprocessing import from_ink, to_inks
from chorale.sketches.strokes import Inks, Sketch
from chorale.utils.arrays import IntArray
from chorale.utils.files import sha256
from chorale.utils.progress import Progress

_CHUNK = 5000  # drawings preprocessed at once
_HELD_OUT = 0.1  # share of drawings for validation if there are no others


@dataclass(frozen=True, eq=False, kw_only=True)
class Examples:
    """Preprocessed drawings and their labels."""

    inks: Inks  # none of them empty
    labels: IntArray  # (drawings,), indices of `words`
    words: tuple[str, ...]  # the classes
    left_out: Mapping[str, int] = field(default_factory=dict)  # drawings, by reason
    hashes: Mapping[str, str] = field(default_factory=dict)  # SHA-256 by file name

    def sketch(self, index: int) -> Sketch:
        """Return an example as a drawing, in the preprocessed form."""
        ink = self.inks.take(np.array([index])).points
        return Sketch(strokes=from_ink(ink), word=self.words[self.labels[index]])

    def take(self, chosen: IntArray) -> Examples:
        """Return some of the examples, by their indices."""
        inks, labels = self.inks.take(chosen), self.labels[chosen]
        return replace(self, inks=inks, labels=labels, left_out={})


def load_examples(
    paths: Sequence[Path],
    *,
    words: Sequence[str] | None = None,
    trust: bool = False,
    progress: Progress | None = None,
    form: str | None = None,
) -> Examples:
    """Read and preprocess drawings of any format.

    Args:
        paths: files, read in this order, and folders of them.
        words: the classes; drawings of other words are left out. None for the words of
            all drawings, in alphabetical order.
        trust, progress, form: see `read_files`.

    Raises:
        DataError: a file cannot be read, or no drawing is left.
    """
    points, lengths, drawn = [], [], []
    left_out: Counter[str] = Counter()
    known = None if words is None else set(words)
    files = find_files(paths)
    stream = read_files(files, trust=trust, progress=progress, form=form)
    while chunk := list(islice(stream, _CHUNK)):
        chosen = []
        for sketch in chunk:
            if not sketch.word:
                left_out["without a word"] += 1
            elif known is not None and sketch.word not in known:
                left_out["of an unknown word"] += 1
            else:
                chosen.append(sketch)
        inks = to_inks([sketch.strokes for sketch in chosen])
        is_drawn = inks.lengths > 0
        left_out.update(["without a point"] * int((~is_drawn).sum()))
        points.append(inks.points)
        lengths.append(inks.lengths[is_drawn])
        drawn += [chosen[index].word for index in np.flatnonzero(is_drawn)]
    if not drawn:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise DataError(
            f"expected drawings of known words, got {reasons or 'none'}",
            ", ".join(map(str, paths)),
        )
    classes = tuple(sorted(set(drawn)) if words is None else words)
    label = {word: index for index, word in enumerate(classes)}
    return Examples(
        inks=Inks(np.concatenate(points), np.concatenate(lengths)),
        labels=np.array([label[word] for word in drawn]),
        words=classes,
        left_out=left_out,
        hashes=_hashes(files),
    )


def read_words(path: Path) -> list[str]:
    """Read a text file of classes, one per line.

    Raises:
        DataError: it cannot be read, has no words, or has a word twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a text file of words: {error}", path) from None
    words = [line.strip() for line in text.split("\n") if line.strip()]
    twice = sorted(word for word in set(words) if words.count(word) > 1)
    if not words or twice:
        found = f"{twice[0]!r} twice" if twice else "none"
        raise DataError(f"expected different words, one a line, got {found}", path)
    return words


def hold_out(examples: Examples) -> tuple[Examples, Examples]:
    """Split off a tenth of the drawings for validation, chosen by their content.

    Identical drawings are on the same side of the split.

    Raises:
        DataError: one side would be empty.
    """
    inks = np.split(examples.inks.points, examples.inks.starts[1:])
    digests = [hashlib.sha256(ink.tobytes()).digest() for ink in inks]
    is_held_out = np.array([digest[0] < _HELD_OUT * 256 for digest in digests])
    if is_held_out.all() or not is_held_out.any():
        raise DataError(
            f"expected enough drawings to hold some out, got {len(is_held_out)}: "
            "give others by --valid"
        )
    train, valid = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    return examples.take(train), examples.take(valid)


def _hashes(files: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by name, or by path if the name is taken."""
    hashes: dict[str, str] = {}
    for path in files:
        hashes[path.name if path.name not in hashes else str(path)] = sha256(path)
    return hashes

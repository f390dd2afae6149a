"""Drawings with their words, out of files, ready to be learnt from or measured on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.converting import find_sources, read_files
from chorale.sketches.strokes import Inks, Sketch, from_ink, to_inks
from chorale.utils.files import sha256
from chorale.utils.progress import Progress

_AT_ONCE = 5000  # drawings turned into ink at once
_HELD_OUT = 0.1  # share of drawings that validate where there are no others


@dataclass(frozen=True, eq=False, kw_only=True)
class Examples:
    """Drawings as a network reads them, and the number of each one's word.

    Attributes:
        inks: of all drawings, none without a point.
        labels: int array (drawings,), places in `words`.
        words: the classes.
        left_out: drawings that were read and not taken, by the reason.
        hashes: SHA-256 of every file that was read, by its name.
    """

    inks: Inks
    labels: npt.NDArray[np.int64]
    words: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def sketch(self, place: int) -> Sketch:
        """Return an example as a drawing again, as far as the network sees it."""
        end = int(self.inks.lengths[: place + 1].sum())
        ink = self.inks.points[end - int(self.inks.lengths[place]) : end]
        return Sketch(strokes=from_ink(ink), word=self.words[self.labels[place]])

    def take(self, chosen: npt.NDArray[np.int64]) -> Examples:
        """Return some of the examples, by their places."""
        lengths = self.inks.lengths[chosen]
        begins = (np.cumsum(self.inks.lengths) - self.inks.lengths)[chosen]
        offsets = np.arange(lengths.sum()) - np.repeat(
            np.cumsum(lengths) - lengths, lengths
        )
        points = self.inks.points[np.repeat(begins, lengths) + offsets]
        return Examples(
            inks=Inks(points, lengths),
            labels=self.labels[chosen],
            words=self.words,
            hashes=self.hashes,
        )


def load_examples(
    paths: Sequence[Path],
    *,
    words: Sequence[str] | None = None,
    trust: bool = False,
    progress: Progress | None = None,
) -> Examples:
    """Read drawings of any format.

    Args:
        paths: files, read in this order, and folders of them.
        words: the classes; drawings of other words are left out. None takes all words
            that there are, in alphabetical order.
        trust: whether formats that can run code may be opened.
        progress: hears of the bytes read and of how many there are.

    Raises:
        DataError: a file cannot be read, or nothing is left of all.
    """
    points, lengths, drawn = [], [], []
    left_out = {"of an unknown word": 0, "without a word": 0, "without a point": 0}
    known = None if words is None else set(words)
    files = find_sources(paths)
    for sketches in _chunks(read_files(files, trust=trust, progress=progress)):
        chosen = []
        for sketch in sketches:
            if not sketch.word:
                left_out["without a word"] += 1
            elif known is not None and sketch.word not in known:
                left_out["of an unknown word"] += 1
            else:
                chosen.append(sketch)
        inks = to_inks([sketch.strokes for sketch in chosen])
        is_drawn = inks.lengths > 0
        left_out["without a point"] += int((~is_drawn).sum())
        points.append(inks.points)
        lengths.append(inks.lengths[is_drawn])
        drawn += [s.word for s, it in zip(chosen, is_drawn, strict=True) if it]
    if not drawn:
        names = ", ".join(str(path) for path in paths)
        reasons = [f"{count} {reason}" for reason, count in left_out.items() if count]
        raise DataError(
            f"expected drawings of known words, got {', '.join(reasons) or 'none'}",
            names,
        )
    classes = tuple(sorted(set(drawn)) if words is None else words)
    place = {word: index for index, word in enumerate(classes)}
    return Examples(
        inks=Inks(np.concatenate(points), np.concatenate(lengths)),
        labels=np.array([place[word] for word in drawn]),
        words=classes,
        left_out={reason: count for reason, count in left_out.items() if count},
        hashes=_hashes(files),
    )


def read_words(path: Path) -> list[str]:
    """Read a text file of classes, one a line.

    Raises:
        DataError: it cannot be read, has no words, or a word twice.
    """
    try:
        words = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a text file of words: {error}", path) from None
    words = [word.strip() for word in words if word.strip()]
    twice = sorted(word for word in set(words) if words.count(word) > 1)
    if not words or twice:
        raise DataError(
            f"expected different words, one a line, got "
            f"{f'{twice[0]!r} twice' if twice else 'none'}",
            path,
        )
    return words


def hold_out(examples: Examples) -> tuple[Examples, Examples]:
    """Split off a tenth of the drawings to validate on, chosen by their content.

    A drawing that is there twice is on one side only.
    """
    begins = np.cumsum(examples.inks.lengths) - examples.inks.lengths
    ends = begins + examples.inks.lengths
    is_out = np.array(
        [
            hashlib.sha256(examples.inks.points[begin:end].tobytes()).digest()[0]
            < _HELD_OUT * 256
            for begin, end in zip(begins, ends, strict=True)
        ]
    )
    if is_out.all() or not is_out.any():
        raise DataError(
            f"expected enough drawings to hold some out, got {len(is_out)}: "
            "give others by --valid"
        )
    return examples.take(np.flatnonzero(~is_out)), examples.take(np.flatnonzero(is_out))


def _hashes(files: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file by name, or by path if the name is taken."""
    hashes: dict[str, str] = {}
    for path in files:
        hashes[path.name if path.name not in hashes else str(path)] = sha256(path)
    return hashes


def _chunks(sketches: Iterable[Sketch]) -> Iterator[list[Sketch]]:
    stream = iter(sketches)
    while chunk := list(islice(stream, _AT_ONCE)):
        yield chunk

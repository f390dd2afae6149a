"""The listening page: one HTML file with scores, sound and answers, for use offline."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from chorale.evaluation.listening.packing import packed
from chorale.evaluation.listening.pairs import (
    SIDES,
    Pair,
    describe,
    draw_sides,
    pair_document,
)
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.progress import Progress
from chorale.utils.text import counted

_PARTS = ("chorale.evaluation.listening", "page")
_PLAYER = ("chorale.formats", "web_player")
# The modules of the script, each after those that it imports.
_MODULES = (
    *((*_PLAYER, name) for name in "timbres timeline midi_sender".split()),
    *((*_PLAYER, name) for name in "schedule synthesizer player".split()),
    *((*_PARTS, name) for name in "intervals unpacking records".split()),
    *((*_PARTS, name) for name in "score_view listening".split()),
)
_IMPORTS = re.compile(r"^(?:import|export) (?:\{[^}]*\}|\*)[^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=\w)", re.MULTILINE)
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_ID_LENGTH = 12  # hexadecimal digits


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a page calls the pieces.

    Attributes:
        author: whose the originals are, such as `Bach`.
        question: which is asked of each pair.
        origin: of the originals, after "In each pair one is".
        opening: what both pieces share, after "the same".
        about: what the samples are, shown at the end.
    """

    author: str
    question: str
    origin: str
    opening: str
    about: str

    @classmethod
    def of(cls, corpus: str, *, is_bach: bool, opening: str, about: str) -> Wording:
        """Return the wording for originals of a corpus."""
        question = f"Which one is {'by' if is_bach else 'from'} {corpus}?"
        origin = f"by {corpus}" if is_bach else f"from the corpus {corpus}"
        return cls(
            author=corpus,
            question=question,
            origin=origin,
            opening=opening,
            about=about,
        )


def listening_page(
    pairs: Sequence[Pair],
    wording: Wording,
    *,
    random_state: int = 0,
    progress: Progress | None = None,
) -> str:
    """Return the HTML of a page with pairs.

    Nothing in it shows which piece is the original, before the listener has answered.

    Args:
        pairs: in the order of the page.
        wording: what the pieces are called.
        random_state: of the sides on which the originals are.
        progress: called with the pairs that are engraved and their number.

    Raises:
        MissingExtraError: Verovio is not installed.
    """
    originals = draw_sides(len(pairs), random_state)
    documents = []
    for pair, side in zip(pairs, originals, strict=True):
        documents.append(packed(pair_document(pair, side)))
        if progress is not None:
            progress(len(documents), len(pairs))
    solution = {
        "originals": originals,
        "pieces": describe([pair.original for pair in pairs]),
        "about": wording.about,
    }
    page = sha256("".join(documents).encode()).hexdigest()[:_ID_LENGTH]
    values = {
        "question": escape(wording.question),
        "author": escape(wording.author),
        "from": escape(wording.origin),
        "opening": escape(wording.opening),
        "count": str(len(pairs)),
        "number": counted(len(pairs), "pair"),
        "minutes": counted(_minutes(pairs), "minute"),
        "style": _read(*_PARTS, "listening.css"),
        "settings": _json({"page": page, "author": wording.author}),
        "pairs": _json(documents),
        "solution": _json(packed(solution)),
        "script": script(),
    }
    template = _read(*_PARTS, "listening.html")
    return _PLACE.sub(lambda place: values[place[1]], template)


def _minutes(pairs: Sequence[Pair]) -> int:
    """Return how long it takes to hear both pieces of each pair, in minutes."""
    tempos = np.concatenate([pair.original.step_tempos() for pair in pairs])
    quarters = 1 / STEPS_PER_QUARTER
    return max(1, round(len(SIDES) * float((quarters / tempos).sum())))


def script() -> str:
    """Return the modules of the page as one, without their imports and exports."""
    texts = (_read(package, folder, f"{name}.js") for package, folder, name in _MODULES)
    return "\n".join(_EXPORT.sub("", _IMPORTS.sub("", text)) for text in texts)


def _read(package: str, folder: str, name: str) -> str:
    return files(package).joinpath(folder, name).read_text(encoding="utf-8")


def _json(document: Any) -> str:
    """Return JSON that can stand in a script element of HTML."""
    return json.dumps(document).replace("<", "\\u003c")

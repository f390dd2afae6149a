"""Pairs of an original and a sample, and what a page may show of them.

A test of two alternatives with a forced choice: who cannot distinguish them is right
in half of the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.formats.engraving import EngravingOptions, engrave
from chorale.music.score import Chorale
from chorale.music.voices import VOICES

SIDES = "AB"

# Engravings for large windows, two side by side, and for phones.
_WIDE = EngravingOptions(width=640, scale=0.8)
_NARROW = EngravingOptions(width=380, scale=0.68)
_STREAM = 1  # of random numbers: another than that which draws the pieces


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An original and a sample of the same opening and the same plan.

    Attributes:
        original, sample: whole pieces.
        opening: steps at the beginning that both share.

    Raises:
        DataError: they differ in what would give the answer away before the music does:
            opening, length, bars, fermatas, metres, key or tempo.
    """

    original: Chorale
    sample: Chorale
    opening: int

    def __post_init__(self) -> None:
        first, second = self.original, self.sample
        if first.steps != second.steps:
            raise _different(first, "length")
        for name in ("metres", "key", "tempo"):
            if getattr(first, name) != getattr(second, name):
                raise _different(first, name)
        for name in ("fermatas", "bars", "positions"):
            if not np.array_equal(getattr(first, name), getattr(second, name)):
                raise _different(first, name)
        for name in ("pitches", "onsets"):
            shared = (getattr(piece, name)[: self.opening] for piece in (first, second))
            if not np.array_equal(*shared):
                raise _different(first, "opening")


def _different(original: Chorale, what: str) -> DataError:
    return DataError(f"the sample after {original.source} differs from it in {what}")


def draw_sides(count: int, random_state: int) -> str:
    """Return on which side the original of each pair is: a letter a pair.

    Each is drawn alone, so that the answers to some pairs say nothing of the others.
    """
    random = np.random.default_rng([random_state, _STREAM])
    return "".join(SIDES[side] for side in random.integers(len(SIDES), size=count))


def pair_document(pair: Pair, original_side: str) -> dict[str, Any]:
    """Return a pair for the page, with nothing in it but music.

    Args:
        pair: any.
        original_side: A or B.

    Raises:
        MissingExtraError: Verovio is not installed.
    """
    pieces = (pair.original, pair.sample)
    if original_side != SIDES[0]:
        pieces = pieces[::-1]
    documents = map(_piece_document, map(_without_names, pieces))
    return {**dict(zip(SIDES, documents, strict=True)), "opening": pair.opening}


def describe(pieces: Sequence[Chorale]) -> list[str]:
    """Return what each original is: its source and title, for the solution."""
    names = [(piece.source.strip(), piece.title.strip()) for piece in pieces]
    return [", ".join(filter(None, name)) for name in names]


def _without_names(piece: Chorale) -> Chorale:
    return replace(piece, title="", source="", credit="", lyrics=())


def _piece_document(piece: Chorale) -> dict[str, Any]:
    """Return what plays a piece, as `web_player/timeline.js` reads it, and scores."""
    bars = piece.written_bars()
    return {
        "piece": {
            "steps": piece.steps,
            "voices": [
                [list(note) for note in piece.notes(voice)] for voice in range(VOICES)
            ],
            "fermatas": piece.fermata_spans(),
            "bars": [
                {"start": bar.start, "number": bar.number, "position": bar.position}
                for bar in bars
            ],
            "metres": [
                {
                    "step": metre.step,
                    "numerator": metre.numerator,
                    "denominator": metre.denominator,
                }
                for metre in piece.metres
            ],
            "key": None if piece.key is None else piece.key.name,
            "tempo": float(piece.tempo),
        },
        "wide": engrave(piece, _WIDE)[0],
        "narrow": engrave(piece, _NARROW)[0],
    }

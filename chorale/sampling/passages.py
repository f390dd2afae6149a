"""Passages: some bars and voices of a piece, as cells and in words."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from chorale.errors import UsageError
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray

_MOST_BARS = 100_000  # a larger number is a typo, and its range would fill the memory


def passage_of(
    chorale: Chorale,
    bars: Collection[int] | None,
    voices: Collection[int] | None,
    keep: BoolArray | None = None,
) -> BoolArray:
    """Return the cells of a passage, bool array (steps, 4).

    Args:
        chorale, bars, voices, keep: see `chorale.sampling.rewriting.rewrite`.

    Raises:
        UsageError: see `chorale.sampling.rewriting.rewrite`.
    """
    passage = cells_of(chorale, bars, voices)
    if keep is not None:
        if np.shape(keep) != passage.shape:
            raise UsageError(
                f"expected keep of shape {passage.shape}, got {np.shape(keep)}"
            )
        passage &= ~np.asarray(keep, np.bool_)
    if passage.all():
        raise UsageError(
            "expected some bars or voices to rewrite, got all, which keeps nothing: "
            "`chorale generate --seed none --plan …` writes new pieces"
        )
    if not passage.any():
        raise UsageError("expected bars and voices to rewrite, got none")
    return passage


def cells_of(
    chorale: Chorale, bars: Collection[int] | None, voices: Collection[int] | None
) -> BoolArray:
    """Return the cells of bars and voices, bool array (steps, 4).

    Args:
        chorale: the piece.
        bars: their numbers, a pickup being 0; None for all.
        voices: their indices; None for all.

    Raises:
        UsageError: there is no such bar or voice.
    """
    first, last = int(chorale.bars.min()), int(chorale.bars.max())
    for bar in sorted(bars or ()):
        if not (chorale.bars == bar).any():
            pickup = ", of which 0 is the pickup" if first == 0 else ""
            raise UsageError(f"expected bars from {first} to {last}{pickup}, got {bar}")
    for voice in voices or ():
        if voice not in range(VOICES):
            raise UsageError(f"expected voices from 0 to {VOICES - 1}, got {voice!r}")
    in_bars = np.isin(chorale.bars, list(chorale.bars if bars is None else bars))
    in_voices = np.isin(
        range(VOICES), list(range(VOICES) if voices is None else voices)
    )
    passage: BoolArray = in_bars[:, np.newaxis] & in_voices
    return passage


def parse_bars(text: str) -> list[int]:
    """Return the numbers in bars such as `5-8` or `1,5-8`.

    Raises:
        UsageError: other text.
    """
    bars: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < _MOST_BARS:
            raise UsageError(f"expected bars such as 5-8 or 1,5-8, got {text!r}")
        bars += range(first, last + 1)
    return bars


def name_of(passage: BoolArray, chorale: Chorale) -> str:
    """Return the name of a passage, such as `bars 5-8 (alto, tenor)`.

    Args:
        passage: bool array (steps, 4), its cells.
        chorale: the piece.
    """
    numbers = sorted({*chorale.bars[passage.any(axis=1)].tolist()})
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    bars = ("bar " if len(numbers) == 1 else "bars ") + ", ".join(
        "-".join(map(str, span)) for span in spans
    )
    voices = [VOICE_NAMES[voice] for voice in range(VOICES) if passage[:, voice].any()]
    return bars if len(voices) == VOICES else f"{bars} ({', '.join(voices)})"

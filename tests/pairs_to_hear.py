"""Pairs for listeners whose samples are Bach's own, changed after the opening."""

from __future__ import annotations

from dataclasses import replace

from bach import few_chorales

from chorale.evaluation.listening import Pair, Wording
from chorale.music.score import Chorale, changes
from chorale.music.voices import SOPRANO

OPENING = 32
WORDING = Wording.of(
    "Bach", is_bach=True, opening="2 bars", about="The others are <b>changed</b>."
)


def changed(piece: Chorale) -> Chorale:
    """Return a chorale whose soprano is higher after the opening, with other names."""
    pitches = piece.pitches.copy()
    pitches[OPENING:, SOPRANO] += 2
    onsets = piece.onsets | changes(pitches)
    names = {"title": "After something", "source": "", "credit": "Bach and a model"}
    return replace(piece, pitches=pitches, onsets=onsets, **names)


def pairs_to_hear(count: int, steps: int = 64) -> list[Pair]:
    """Return different pairs."""
    originals = [piece.opening(steps) for piece in few_chorales().valid[:count]]
    return [
        Pair(original=piece, sample=changed(piece), opening=OPENING)
        for piece in originals
    ]

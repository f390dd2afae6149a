"""What is found in the windows of a set, each analyzed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.cadences import FinalCadence, final_cadence
from chorale.evaluation.style.profiles import Profile, profile_of
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.weak_endings import weak_end, weak_phrase_ends
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.voice_leading.checking import Tally, message_of, total
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult
from chorale.voice_leading.rules import choose_rules


class Place(NamedTuple):
    """Something at a place of a piece.

    Attributes:
        piece: index of its window in the set.
        bar: number of the bar; a pickup is bar 0.
        beat: as in `Finding`.
        text: what it is, in words.
    """

    piece: int
    bar: int
    beat: float
    text: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Observed:
    """What is found in a set.

    Attributes:
        profile: histograms and measures.
        rules: findings and opportunities of each part-writing rule.
        cadences: final ones, of windows that were not cut.
        faults: findings by rule, in order; empty unless they are asked for.
        weak_phrase_ends: that do not rest on a triad in root position; so too.
        weak_ends: of pieces that end on no complete cadence; so too.
    """

    profile: Profile
    rules: dict[str, Tally]
    cadences: tuple[FinalCadence, ...]
    faults: dict[str, list[Place]]
    weak_phrase_ends: list[Place]
    weak_ends: list[Place]


def observe(
    windows: Sequence[Window],
    progressions: Progressions | None = None,
    *,
    places: bool = False,
    pieces: Mapping[int, Piece] | None = None,
) -> Observed:
    """Analyze the windows of a set.

    Args:
        windows: of the set.
        progressions: of the corpus it is compared with.
        places: whether places are wanted too: faults and weak endings.
        pieces: chorales that have been prepared before, by their `id`.

    Raises:
        DataError: there are no windows.
    """
    rules = choose_rules()
    analyses = []
    tallies, cadences = [], []
    faults: dict[str, list[Place]] = {}
    weak_phrases, ends = [], []
    for index, window in enumerate(windows):
        piece = (pieces or {}).get(id(window.chorale))
        analysis = Analysis.of(window, progressions, piece)
        analyses.append(analysis)
        counts = {}
        for rule in rules:
            result = rule.find(analysis.piece)
            counts[rule.name] = Tally.of(result, window.start)
            if places:
                found = _faults(analysis.piece, rule, result, index, window.start)
                if found:
                    faults.setdefault(rule.name, []).extend(found)
        tallies.append(counts)
        if not window.is_cut:
            cadences.append(final_cadence(window.chorale, analysis.harmony))
        if places:
            weak_phrases += [
                _place(index, window.chorale, step, text)
                for step, text in weak_phrase_ends(analysis)
            ]
            if end := weak_end(analysis):
                ends.append(_place(index, window.chorale, *end))
    return Observed(
        profile=profile_of(analyses),
        rules=total(tallies),
        cadences=tuple(cadences),
        faults=faults,
        weak_phrase_ends=weak_phrases,
        weak_ends=ends,
    )


def _faults(
    piece: Piece, rule: Rule, result: RuleResult, index: int, start: int
) -> list[Place]:
    """Return the places from a step on at which a piece breaks a rule."""
    found = []
    for step, column in np.argwhere(result.faults).tolist():
        if step >= start:
            text = message_of(piece, rule, step, rule.voices[column])
            found.append(_place(index, piece.chorale, step, text))
    return found


def _place(index: int, chorale: Chorale, step: int, text: str) -> Place:
    return Place(index, int(chorale.bars[step]), chorale.beat_at(step), text)

"""The rule about the end of a piece: a complete cadence."""

from __future__ import annotations

from collections import Counter

import numpy as np

from chorale.music.harmony.analysis import Cadence
from chorale.music.harmony.cadences import approach, ends_complete, has_third
from chorale.music.keys import Key
from chorale.music.voices import SOPRANO
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import (
    CHORD,
    TRIADS,
    class_name,
    has_ending,
    name_in,
)

# Semitones above the tonic.
_LOWERED_SECOND, _SECOND, _FOURTH, _DOMINANT = 1, 2, 5, 7
_SUBTONIC, _LEADING_TONE = 10, 11


def missing_cadence(piece: Piece) -> RuleResult:
    """Find pieces that do not end with a complete cadence in their key.

    The last chord is the tonic triad with its third, in a major key the major one, and
    a dominant or subdominant leads to it; that it is inverted or dissonant is for the
    rules about ends of phrases to find. Since keys of hymns may say little of their
    mode, some other endings are complete too: a perfect cadence in the relative key; an
    authentic cadence in the key in which the piece begins or mostly is; on the dominant
    of minor, as Phrygian melodies end, if the soprano has the subtonic more often than
    the leading tone, or, if the key is that of the final, its lowered second degree
    more often than the natural one; and VII or minor v before the tonic, as in
    Mixolydian, if there are more subtonics than leading tones. An opportunity is a
    piece of two bars or more.

    Source: complete cadences in Aldwell & Schachter; endings of modal melodies in
    Burns, Bach's Modal Chorales.
    """
    faults = np.zeros((len(piece.pitches), 1), np.bool_)
    opportunities = np.zeros(len(piece.pitches), np.int64)
    if piece.analysis.harmonies and has_ending(piece.chorale):
        start = piece.analysis.harmonies[-1].start
        opportunities[start] = 1
        faults[start] = bool(_what_is_missing(piece))
    return RuleResult(faults, opportunities)


def _what_is_missing(piece: Piece) -> str:
    """Return what a complete cadence lacks; empty if it is complete."""
    home, last = piece.key, piece.analysis.harmonies[-1]
    is_with_third = has_third(piece.chorale, last)
    cadence = piece.analysis.phrases[-1].cadence
    if ends_complete(piece.chorale, piece.analysis):
        return ""
    name = f"{class_name(last.root, home)} {last.quality}, {name_in(home, last)}"
    if last.root == home.tonic_class:
        if cadence is not None and _is_phrygian(piece, cadence):
            return ""
        if home.mode == "major" and last.quality == "minor":
            return f"the piece ends on {name}"
        if is_with_third and _is_led_by_subtonic(piece):
            return ""
        if last.inversion or last.quality not in TRIADS:
            return ""  # found by the rules about ends of phrases
        if not is_with_third:
            return "the final chord has no third"
        if _is_from_six_four(piece):
            return "the final tonic follows its six-four without a dominant between"
        return "no dominant or subdominant leads to the final tonic"
    if cadence is None or _is_modal(piece, cadence):
        return ""
    if cadence.kind in ("PAC", "IAC"):
        return f"the piece ends with a cadence in {cadence.key.name}, not {home.name}"
    if cadence.kind == "HC" and cadence.key == home:
        return f"the piece ends with a half cadence, on {name}"
    return f"the piece ends on {name}"


def _is_from_six_four(piece: Piece) -> bool:
    """Return whether only the tonic's own six-four leads to the final tonic."""
    harmonies = piece.analysis.harmonies
    return (
        len(harmonies) > 1
        and harmonies[-2].root == harmonies[-1].root
        and harmonies[-2].inversion == 2
        and approach(harmonies) is None
    )


def _is_modal(piece: Piece, cadence: Cadence) -> bool:
    """Return whether a cadence that is not on the tonic ends a modal piece."""
    home = piece.key
    is_relative = cadence.key.fifths == home.fifths
    if cadence.kind == "HC":
        return (
            is_relative
            and cadence.key.mode == "minor"
            and _has_subtonic(piece, cadence.key)
        )
    if piece.analysis.harmonies[-1].inversion:
        return False
    if cadence.kind == "PAC" and is_relative:
        return True
    return cadence.kind in ("PAC", "IAC") and cadence.key in _main_keys(piece)


def _is_phrygian(piece: Piece, cadence: Cadence) -> bool:
    """Return whether a half cadence on the home tonic ends a Phrygian melody."""
    home = piece.key
    return (
        cadence.kind == "HC"
        and home.mode == cadence.key.mode == "minor"
        and (cadence.key.tonic_class - home.tonic_class) % 12 == _FOURTH
        and piece.analysis.harmonies[-1].inversion == 0
        and _has_rather(piece, home, _LOWERED_SECOND, _SECOND)
    )


def _is_led_by_subtonic(piece: Piece) -> bool:
    """Return whether VII or minor v leads to the tonic, in a mode with a subtonic."""
    home, harmonies = piece.key, piece.analysis.harmonies
    last = harmonies[-1]
    before = next((h for h in reversed(harmonies) if h.root != last.root), None)
    if before is None or last.inversion or last.quality not in TRIADS:
        return False
    degree = (before.root - home.tonic_class) % 12
    leads = (degree, before.quality) in ((_SUBTONIC, "major"), (_DOMINANT, "minor"))
    attacked = (piece.pitches[piece.chorale.onsets] - home.tonic_class) % 12
    return leads and int((attacked == _SUBTONIC).sum()) > int(
        (attacked == _LEADING_TONE).sum()
    )


def _main_keys(piece: Piece) -> set[Key]:
    """Return the key in which a piece begins, and the one in which it mostly is."""
    lengths: Counter[Key] = Counter()
    for harmony in piece.analysis.harmonies:
        lengths[harmony.key] += harmony.end - harmony.start
    return {piece.analysis.harmonies[0].key, lengths.most_common(1)[0][0]}


def _has_subtonic(piece: Piece, key: Key) -> bool:
    """Return whether the soprano has the subtonic more often than the leading tone."""
    return _has_rather(piece, key, _SUBTONIC, _LEADING_TONE)


def _has_rather(piece: Piece, key: Key, degree: int, other: int) -> bool:
    """Return whether the soprano has one degree, in semitones, rather than another."""
    line = piece.pitches[:, SOPRANO][piece.chorale.onsets[:, SOPRANO]]
    degrees = (line - key.tonic_class) % 12
    return int((degrees == degree).sum()) > int((degrees == other).sum())


def _describe(piece: Piece, step: int, voices: Voices) -> str:
    return _what_is_missing(piece)


RULES = (
    Rule(
        name="missing-cadence",
        summary="a piece does not end with a complete cadence in its key",
        voices=(CHORD,),
        find=missing_cadence,
        message=_describe,
        is_motion=False,
        bach_per_thousand=29.79,
    ),
)

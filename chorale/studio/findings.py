"""Faults of part-writing of a piece, as the page and editors read them."""

from __future__ import annotations

from chorale.music.score import Chorale
from chorale.studio.piece_json import piece_of
from chorale.studio.shared_types import JsonObject
from chorale.voice_leading.checking import check as find_faults


def check(body: object) -> JsonObject:
    """Return the faults of part-writing in the `piece` of a body."""
    return findings_of(piece_of(body))


def findings_of(chorale: Chorale) -> JsonObject:
    """Return the faults of part-writing in a piece, those of level standard."""
    return {
        "findings": [
            {
                "rule": finding.rule,
                "bar": finding.bar,
                "beat": finding.beat,
                "step": finding.step,
                "voices": list(finding.voices),
                "message": finding.message,
            }
            for finding in find_faults(chorale)
        ]
    }

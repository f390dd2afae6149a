"""Readings of files, for tests."""

from __future__ import annotations

from dataclasses import replace

from chorale.formats.reading import Reading
from chorale.music.key_decision import decide_key
from chorale.music.score import Chorale


def with_key(reading: Reading) -> Chorale:
    """Return the chorale of a reading with its key, None if the file states none."""
    if not reading.signatures:
        return reading.chorale
    key, _ = decide_key(reading.signatures, reading.chorale.pitches)
    return replace(reading.chorale, key=key)

"""Counts of the keys in which phrases of a corpus end."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chorale.models.critic.cadence_keys import (
    BEGINNING,
    DEGREES_SHAPE,
    FOLLOWING_SHAPE,
    CadenceKeys,
    Close,
    number_of,
)
from chorale.music.harmony.analyzing import analyze
from chorale.music.harmony.degrees import MODES
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO


def count_cadence_keys(chorales: Iterable[Chorale]) -> CadenceKeys:
    """Count in which keys the phrases of pieces end, and their sopranos there."""
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    degrees = np.zeros(DEGREES_SHAPE, np.int64)
    for chorale in chorales:
        analysis = analyze(chorale)
        home, before = MODES.index(analysis.key.mode), BEGINNING
        for phrase in analysis.phrases:
            if phrase.cadence is None:
                continue
            key = phrase.cadence.key
            number = number_of(key, analysis.key)
            following[home, before, number] += 1
            before = number
            melody = chorale.pitches[phrase.start : phrase.end, SOPRANO]
            close = Close.of(melody, key.tonic_class)
            if close is not None and close.third is not None:
                degrees[MODES.index(key.mode), *close] += 1
    return CadenceKeys(following, degrees)

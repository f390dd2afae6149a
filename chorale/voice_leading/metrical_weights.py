"""Metrical weights: how strong the beats of a bar are."""

from __future__ import annotations

import numpy as np

from chorale.music.metre import Metre
from chorale.music.score import Chorale
from chorale.utils.arrays import IntArray

# A barline is as strong as the middle of a bar of two halves, but stronger than the
# other parts of a bar of three.
OFF_BEAT, BEAT, STRONG_BEAT, STRONGEST = range(4)


def metrical_weights(chorale: Chorale) -> IntArray:
    """Return OFF_BEAT, BEAT, STRONG_BEAT or STRONGEST for each step, (steps,)."""
    weights = np.zeros(chorale.steps, np.int64)
    for metre in chorale.metres:
        beat, group = metre.beat_length, _group_length(metre)
        positions = chorale.positions[metre.step :]
        here = np.where(positions % beat == 0, BEAT, OFF_BEAT)
        barline = STRONG_BEAT
        if group < metre.bar_length:
            here[positions % group == 0] = STRONG_BEAT
            barline = STRONG_BEAT if metre.bar_length == 2 * group else STRONGEST
        here[positions == 0] = barline
        weights[metre.step :] = here
    return weights


def _group_length(metre: Metre) -> int:
    """Return the length of the parts of a bar that have several beats, or of the bar.

    In 4/4 and 12/8 it is half a bar, in 3/2 a half note, in 6/4 three quarters.
    """
    beats = metre.bar_length // metre.beat_length
    unit = metre.bar_length // metre.numerator
    is_compound = metre.numerator % 3 == 0 and metre.numerator > 3
    group = 3 if is_compound and unit == metre.beat_length else 2
    return metre.beat_length * group if beats % group == 0 else metre.bar_length

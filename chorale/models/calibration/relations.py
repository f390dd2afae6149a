"""Relations: what a token would do in its voice, such as return to the note before.

They say nothing about which note it is: a step up after a step up is the same relation
in every key and register.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.models.calibration.lines import Lines
from chorale.utils.arrays import BoolArray, IntArray

# Sizes of melodic intervals: the largest number of semitones of each.
_SIZES = {"step": 2, "third": 4, "leap": 9, "wide leap": 127}
NAMES = (
    "stay",
    "strike again",
    "return",  # to the note before the one that stands
    *(
        f"{size} {direction}"
        for size in _SIZES
        for direction in ("onwards", "otherwise")  # than the voice moved last
    ),
    "fall silent or enter",
)
STAY, STRIKE_AGAIN, RETURN, _FIRST_MOVE = range(4)
_SILENCE = len(NAMES) - 1
# Each relation once for a token that is an echo and once for any other.
RELATIONS = 2 * len(NAMES)


def relations(
    lines: Lines, echo: IntArray, has_echo: BoolArray, vocabulary: Vocabulary
) -> IntArray:
    """Return the relation of every token to the notes of its voice.

    Args:
        lines: of the voices, arrays (rows, 4) and (rows, 4, 3).
        echo: int array (rows, 4), tokens of the echo (`chorale.encoding.echoes`).
        has_echo: bool array (rows,), whether there is one.
        vocabulary: of the tokens.

    Returns:
        int array (rows, 4, vocabulary size), below RELATIONS.
    """
    now, last = lines.now, lines.before[..., 0]
    sounds = ~(vocabulary.is_silent(now) | vocabulary.is_silent(last))
    direction = np.where(sounds, np.sign(now - last), 0)
    found: IntArray = _table(vocabulary)[1 + direction, now]
    at = np.nonzero(sounds & (now != last))
    found[(*at, last[at])] = RETURN
    at = np.nonzero(np.broadcast_to(has_echo[:, np.newaxis], echo.shape))
    found[(*at, echo[at])] += len(NAMES)
    return found


@lru_cache(maxsize=4)
def _table(vocabulary: Vocabulary) -> IntArray:
    """Return relations by the direction of the latest move and by what stands.

    Returns:
        int array (directions down, none and up; notes and nothing; tokens).
    """
    notes = np.arange(vocabulary.nothing + 1)[:, np.newaxis]
    tokens = np.arange(vocabulary.size)
    interval = tokens - notes
    size = np.searchsorted(list(_SIZES.values()), np.abs(interval))
    direction = np.arange(-1, 2)[:, np.newaxis, np.newaxis]
    onwards = (np.sign(interval) == direction) & (direction != 0)
    table = _FIRST_MOVE + 2 * size + ~onwards
    sounds = ~vocabulary.is_silent(notes)
    table = np.where(sounds & (tokens != SILENCE_TOKEN), table, _SILENCE)
    if vocabulary.hold is None:
        table[:, tokens == notes] = STAY
    else:
        table[:, (tokens == notes) & sounds] = STRIKE_AGAIN
        table[..., vocabulary.hold] = STAY
    table[:, SILENCE_TOKEN, SILENCE_TOKEN] = STAY
    return table

"""Degrees: how usual each chord is in each key, and what function it has there.

Keys are numbered `mode * 12 + tonic`: 0–11 major, 12–23 minor.
"""

from __future__ import annotations

import numpy as np

from chorale.music.harmony import templates
from chorale.music.harmony.templates import CHORDS, QUALITY_OF, ROOTS
from chorale.music.keys import Key
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

MODES = ("major", "minor")
KEYS = 24
TONICS: IntArray = np.tile(np.arange(12), len(MODES))
MODE_OF: IntArray = np.repeat(np.arange(len(MODES)), 12)

_SHORT = {
    "M": "major",
    "m": "minor",
    "d": "diminished",
    "a": "augmented",
    "7": "dominant seventh",
    "M7": "major seventh",
    "m7": "minor seventh",
    "h7": "half-diminished",
    "d7": "diminished seventh",
    "F": "French sixth",
}
# Cost of a chord by mode, semitones of the root above the tonic, and quality: about
# minus the logarithm of its share among the chords of train in published analyses, see
# `analysis`.
_USUAL = {
    "major": """
        0M 1.1  7M 1.7  77 2.0  5M 2.4  9m 2.8  2m7 2.9  2m 3.3  11d 3.4  4m 4.4  07 4.5
        5M7 4.7  27 4.8  9m7 4.9  11h7 5.2  4M 5.3  47 5.8  2M 5.5  6d 5.9  0M7 5.9
        97 6.1  6h7 6.2  7m 6.3  4d 6.6  1d7 6.8  4m7 6.8  7m7 6.8  9M 7.0  8d7 7.0
        1d 7.3  5m 7.3  6d7 7.3  57 7.7  8d 7.5  3d7 7.7  11d7 7.7  8M 8  2h7 8  2d 8
        10M 8.4  0m 8.4  4h7 8  8F 8  87 8  1M 8.5
        """,
    "minor": """
        0m 1.2  7M 1.7  77 2.1  5m 2.9  2h7 3.0  8M 3.4  11d 3.4  11d7 3.6  0M 3.6
        7m 4.0  2d 4.1  57 4.9  3M 4.3  6d7 4.6  5m7 4.4  5M 4.5  10M 4.6  2m 4.8
        07 5.3  27 5.4  9h7 5.5  8M7 5.5  3a 5.7  2M 5.8  9d 5.8  107 6.2  7m7 6.2
        4d 6.3  0m7 6.6  3M7 6.6  2m7 6.2  4d7 7.0  1M 7.5  8F 7.5  87 7.0  6d 7.5
        4h7 7.5  9d7 8  37 8  11h7 8  3d7 8
        """,
}
_RARE = 9.0  # of all other chords

# Functions, which decide how chords follow one another.
TONIC, DOMINANT, PREDOMINANT, OTHER, APPLIED, FOREIGN = range(6)
FUNCTIONS = 6
_FUNCTIONS = {
    "major": {
        TONIC: "0M 0M7",
        DOMINANT: "7M 77 11d 11h7 11d7",
        PREDOMINANT: "2m 2m7 5M 5M7 2h7 2d 5m 5m7 1M 8F 87",
        OTHER: "9m 9m7 4m 4m7",
        APPLIED: "07 2M 27 4M 47 9M 97 6d 6h7 6d7 4d 4h7 1d 1d7 8d 8d7 3d7 117",
    },
    "minor": {
        TONIC: "0m 0M 0m7",
        DOMINANT: "7M 77 11d 11d7 3a",
        PREDOMINANT: "2d 2h7 5m 5m7 5M 57 2m 2m7 1M 8F 87",
        OTHER: "8M 8M7 3M 3M7 7m 7m7 10M 9h7 9d",
        APPLIED: "07 2M 27 6d 6h7 6d7 4d 4h7 4d7 107 37 9d7",
    },
}


def _parse(text: str) -> tuple[int, str]:
    """Read such as `2m7`: semitones above the tonic, and the quality."""
    digits = 2 if text[:2] in ("10", "11") and text[2:] in _SHORT else 1
    return int(text[:digits]), _SHORT[text[digits:]]


def _table(default: float, values: dict[str, dict[str, float]]) -> Float64Array:
    """Return values by chord and key, (chords, keys), given those of each mode."""
    table = np.full((CHORDS, KEYS), default)
    for mode, by_name in enumerate(values.values()):
        for name, value in by_name.items():
            root, quality = _parse(name)
            for tonic in range(12):
                chord = templates.chord(root + tonic, quality)
                table[chord, mode * 12 + tonic] = value
    return table


def _pairs(text: str) -> dict[str, float]:
    words = text.split()
    return dict(zip(words[::2], map(float, words[1::2]), strict=True))


# Float array (chords, keys).
DEGREE_COSTS: Float64Array = _table(
    _RARE, {mode: _pairs(text) for mode, text in _USUAL.items()}
)
# Int array (chords, keys).
FUNCTION_OF: IntArray = _table(
    FOREIGN,
    {
        mode: {
            name: float(function)
            for function, names in functions.items()
            for name in names.split()
        }
        for mode, functions in _FUNCTIONS.items()
    },
).astype(np.int64)

# Semitones above the tonic by chord and key, int array (chords, keys).
DEGREES: IntArray = (ROOTS[:, np.newaxis] - TONICS) % 12

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 9, 10, 11))
# 1 where a pitch class is outside the scale of a key, float array (12, keys). Minor has
# both forms of the sixth and seventh degrees.
OUTSIDE: Float64Array = np.array(
    [
        [
            float((pitch - TONICS[key]) % 12 not in _SCALES[MODE_OF[key]])
            for key in range(KEYS)
        ]
        for pitch in range(12)
    ]
)
IS_TRIAD: BoolArray = np.isin(
    QUALITY_OF, [templates.quality("major"), templates.quality("minor")]
)


def key_number(key: Key) -> int:
    """Return the number of a key."""
    return MODES.index(key.mode) * 12 + key.tonic_class

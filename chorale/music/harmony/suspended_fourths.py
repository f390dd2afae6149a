"""Suspended fourths: chords of fourth and fifth, which are no six-fours."""

from __future__ import annotations

import numpy as np

from chorale.music.harmony.grid import Grid
from chorale.music.harmony.local_keys import Path
from chorale.music.harmony.templates import INVERSIONS, TONES, quality
from chorale.utils.arrays import Float64Array, IntArray

_FIFTH = 7  # semitones
_TRIADS = (quality("major"), quality("minor"))
_DOMINANTS = (quality("major"), quality("dominant seventh"))


def settle_fourths(
    path: Path, bass: IntArray, sounding: Float64Array, grid: Grid
) -> Path:
    """Return a path in which a fourth and a fifth above a bass are a suspension.

    In a six-four there is a sixth. Without it, where a fifth sounds throughout and the
    dominant on the same bass follows, that has begun already, its third delayed by the
    fourth: V4–3, not a cadential six-four.

    Args:
        path: of the piece.
        bass: int array (slots,), pitch class of the lowest voice.
        sounding: float array (slots, 12), from `chords.presence`.
        grid: of the piece.
    """
    chords, keys = path.chords.copy(), path.keys.copy()
    slots = np.arange(len(chords))
    six_four = (INVERSIONS[chords, bass] == 2) & np.isin(chords // 12, _TRIADS)
    suspended = six_four & (sounding[slots, TONES[1, chords]] == 0)
    suspended &= sounding[slots, (bass + _FIFTH) % 12] > 0
    continues = six_four[1:] & (np.diff(path.chords) == 0) & (np.diff(bass) == 0)
    continues &= ~grid.begins_phrase[1:]
    for slot in np.flatnonzero(suspended[:-1] & ~continues).tolist():
        following = int(chords[slot + 1])
        leads = (
            following % 12 == bass[slot] == bass[slot + 1]
            and following // 12 in _DOMINANTS
            and not grid.begins_phrase[slot + 1]
        )
        first = slot
        while first and continues[first - 1]:
            first -= 1
        if leads and suspended[first : slot + 1].all():
            chords[first : slot + 1], keys[first : slot + 1] = following, keys[slot + 1]
    return Path(chords, keys)

"""Harmonies: from the chord of each slot to chords with inversions and numerals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import Harmony
from chorale.music.harmony.degrees import KEYS, MODES
from chorale.music.harmony.grid import OFF_BEAT, Grid
from chorale.music.harmony.local_keys import Path
from chorale.music.harmony.roman_numerals import Chord, numeral
from chorale.music.harmony.templates import HAS_SEVENTH, INVERSIONS, QUALITIES, TONES
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

_SIXTH = 5  # letters from the root up to an augmented sixth
_DOMINANTS = (QUALITIES.index("major"), QUALITIES.index("dominant seventh"))


class Segment(NamedTuple):
    """Slots of one chord over one bass, in numbers above the home tonic."""

    first: int  # slot
    last: int  # the slot after it
    chord: Chord
    key: int


def segments_of(
    path: Path, bass: IntArray, sounding: Float64Array, grid: Grid, silent: BoolArray
) -> list[Segment]:
    """Return the chords of a path in order.

    In slots that are `silent`, a bool array (slots,), there is none.

    A chord whose bass moves to another of its tones is a new segment, unless a triad
    only passes through its fifth between two beats. Where the bass is foreign, the
    inversion is that before, or else that after, in the same chord.
    """
    changes = np.array(np.diff(path.chords) != 0) | (np.diff(path.keys) != 0)
    changes |= grid.begins_phrase[1:] | (silent[1:] != silent[:-1])
    inversions = INVERSIONS[path.chords, bass]
    # A fifth in the bass of a triad, between two beats, makes no six-four.
    passing = (inversions == 2) & ~HAS_SEVENTH[path.chords] & (grid.levels == OFF_BEAT)
    segments = []
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(bass)]
    for first, last in pairwise(bounds):
        if silent[first]:
            continue
        known = [place for place in inversions[first:last].tolist() if place >= 0]
        inversion = known[0] if known else 0
        begin = first
        for slot in range(first, last):
            here = int(inversions[slot])
            if here not in (-1, inversion) and not passing[slot]:
                segments.append(
                    _segment(path, begin, slot, first, last, inversion, sounding)
                )
                begin, inversion = slot, here
        segments.append(_segment(path, begin, last, first, last, inversion, sounding))
    return segments


def _segment(
    path: Path,
    begin: int,
    end: int,
    first: int,
    last: int,
    inversion: int,
    sounding: Float64Array,
) -> Segment:
    """Return a segment of the chord that lasts from slot `first` to `last`."""
    number = int(path.chords[first])
    fifth = TONES[2, number]
    chord = Chord(number, inversion, bool(sounding[first:last, fifth].any()))
    return Segment(begin, end, chord, int(path.keys[first]))


@cache
def keys_near_home(home: Key) -> tuple[Key, ...]:
    """Return the keys by their number above the home tonic, spelled close to home."""
    return tuple(
        Key.from_tonic_class(
            number + home.tonic_class, MODES[number // 12], home.fifths
        )
        for number in range(KEYS)
    )


def harmonies_of(
    chorale: Chorale,
    grid: Grid,
    segments: Sequence[Segment],
    home: Key,
    spelling: IntArray | None,
) -> list[Harmony]:
    """Return the named chords of a piece."""
    harmonies = []
    tonic = home.tonic_class
    keys = keys_near_home(home)
    for index, segment in enumerate(segments):
        start, end = int(grid.starts[segment.first]), int(grid.ends[segment.last - 1])
        chord = segment.chord
        root = (chord.number + tonic) % 12
        if spelling is not None:
            letters = spelling[start:end]
            sixth = _is_sixth(chorale.pitches[start:end], letters, root)
            chord = chord._replace(sixth=sixth)
        following = _following(segments, index, grid)
        harmonies.append(
            Harmony(
                start=start,
                end=end,
                root=root,
                quality=QUALITIES[chord.number // 12],
                inversion=chord.inversion,
                key=keys[segment.key],
                numeral=numeral(
                    chord,
                    segment.key,
                    following,
                    cadential=_is_cadential(segments, index, grid),
                ),
            )
        )
    return harmonies


def _following(segments: Sequence[Segment], index: int, grid: Grid) -> Chord | None:
    """Return the next chord with another root in the phrase."""
    root = segments[index].chord.number % 12
    for place in range(index + 1, len(segments)):
        segment = segments[place]
        if grid.begins_phrase[segment.first]:
            return None
        if segment.chord.number % 12 != root:
            return segment.chord
    return None


def _is_cadential(segments: Sequence[Segment], index: int, grid: Grid) -> bool:
    """Return whether a six-four is followed by the dominant on its bass."""
    if index + 1 == len(segments):
        return False
    here, after = segments[index], segments[index + 1]
    return (
        here.chord.inversion == 2
        and after.chord.inversion == 0
        and after.chord.number // 12 in _DOMINANTS
        and (after.chord.number - here.chord.number) % 12 == 7
        and not grid.begins_phrase[after.first]
        and grid.levels[here.first] >= grid.levels[after.first]
    )


def _is_sixth(pitches: IntArray, letters: IntArray, root: int) -> bool | None:
    """Return whether the seventh above a root is written as an augmented sixth."""
    classes = np.where(pitches == SILENCE, -1, pitches % 12)
    roots = letters[classes == root]
    sevenths = letters[classes == (root + 10) % 12]
    if not len(roots) or not len(sevenths):
        return None
    return bool((sevenths[0] - roots[0]) % 7 == _SIXTH)

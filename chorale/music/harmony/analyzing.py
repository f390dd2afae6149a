"""From a piece to its harmonic analysis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.harmony import cadences, chords, form, local_keys, non_chord_tones
from chorale.music.harmony.analysis import (
    Analysis,
    Cadence,
    Harmony,
    NonChordTone,
    Phrase,
)
from chorale.music.harmony.degrees import KEYS, MODES
from chorale.music.harmony.grid import Grid, arrival
from chorale.music.harmony.local_keys import Path
from chorale.music.harmony.non_chord_tones import (
    FAR,
    KINDS,
    LARGEST_STEP,
    PEDAL,
    RETARDATION,
    SUSPENSION,
    UNEXPLAINED,
    Figures,
    sounding_steps,
)
from chorale.music.harmony.roman_numerals import Chord, numeral
from chorale.music.harmony.templates import HAS_TONE, INVERSIONS, QUALITIES, TONES
from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

_SIXTH = 5  # letters from the root up to an augmented sixth
_DOMINANTS = (QUALITIES.index("major"), QUALITIES.index("dominant seventh"))


def analyze(chorale: Chorale, spelling: IntArray | None = None) -> Analysis:
    """Analyze the harmony of a piece.

    Args:
        chorale: the piece; voices may rest.
        spelling: int array (steps, 4), the diatonic number of each note, from
            `chorale.formats.files.read_spelled`: it tells augmented sixths from minor
            sevenths. None: what follows decides.

    Raises:
        DataError: the spelling has another shape than the pitches.
    """
    if spelling is not None and spelling.shape != chorale.pitches.shape:
        raise DataError(
            f"expected a spelling of shape {chorale.pitches.shape}, "
            f"got {spelling.shape}"
        )
    home = chorale.key or estimate_key(chorale.pitches)
    grid = Grid.of(chorale)
    notes = non_chord_tones.figures(chorale, grid)
    # In pitch classes above the home tonic, so that transposing changes no decision.
    tonic = home.tonic_class
    sounding = np.roll(chords.presence(chorale, grid), -tonic, axis=1)
    foreign = non_chord_tones.foreign_costs(notes, grid, chorale.steps)
    bass = (chords.basses(chorale, grid) - tonic) % 12
    fit = chords.fit_costs(sounding, np.roll(foreign, -tonic, axis=1), bass, grid)
    path = local_keys.decode(fit, sounding, grid, MODES.index(home.mode) * 12)
    path = local_keys.settle_roots(path, grid)
    path = local_keys.keep_sevenths(path, bass, grid)
    segments = _segments(path, bass, sounding, grid)
    harmonies = _harmonies(chorale, grid, segments, home, spelling)
    repeated = form.repetitions(chorale, grid)
    letters = form.letters(repeated)
    return Analysis(
        key=home,
        harmonies=tuple(harmonies),
        non_chord_tones=tuple(_non_chord_tones(notes, grid, path, tonic)),
        phrases=tuple(
            Phrase(
                start=start,
                end=end,
                cadence=_cadence(chorale, segments, harmonies, start, end, home),
                letter=letters[index],
                repeats=repeated[index],
            )
            for index, (start, end) in enumerate(grid.phrases.tolist())
        ),
        stollen=form.bar_form(letters),
        steps=chorale.steps,
    )


class _Segment(NamedTuple):
    """Slots of one chord over one bass, in numbers above the home tonic."""

    first: int  # slot
    last: int  # the slot after it
    chord: Chord
    key: int


def _segments(
    path: Path, bass: IntArray, sounding: Float64Array, grid: Grid
) -> list[_Segment]:
    """Return the chords of a path in order, without rests of all voices.

    A chord whose bass moves to another of its tones is a new segment. Where the bass is
    foreign, the inversion is that before, or else that after, in the same chord.
    """
    silent = np.array(~sounding.any(axis=1))
    changes = np.array(np.diff(path.chords) != 0) | (np.diff(path.keys) != 0)
    changes |= grid.begins_phrase[1:] | (silent[1:] != silent[:-1])
    inversions = INVERSIONS[path.chords, bass]
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
            if here not in (-1, inversion):
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
) -> _Segment:
    """Return a segment of the chord that lasts from slot `first` to `last`."""
    number = int(path.chords[first])
    fifth = TONES[2, number]
    chord = Chord(number, inversion, bool(sounding[first:last, fifth].any()))
    return _Segment(begin, end, chord, int(path.keys[first]))


@cache
def _keys(home: Key) -> tuple[Key, ...]:
    """Return the keys by their number above the home tonic, spelled close to home."""
    return tuple(
        Key.from_tonic_class(
            number + home.tonic_class, MODES[number // 12], home.fifths
        )
        for number in range(KEYS)
    )


def _harmonies(
    chorale: Chorale,
    grid: Grid,
    segments: Sequence[_Segment],
    home: Key,
    spelling: IntArray | None,
) -> list[Harmony]:
    """Return the named chords of a piece."""
    harmonies = []
    tonic = home.tonic_class
    keys = _keys(home)
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


def _following(segments: Sequence[_Segment], index: int, grid: Grid) -> Chord | None:
    """Return the next chord with another root in the phrase."""
    root = segments[index].chord.number % 12
    for segment in segments[index + 1 :]:
        if grid.begins_phrase[segment.first]:
            return None
        if segment.chord.number % 12 != root:
            return segment.chord
    return None


def _is_cadential(segments: Sequence[_Segment], index: int, grid: Grid) -> bool:
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


# === Cadences ===


def _cadence(
    chorale: Chorale,
    segments: Sequence[_Segment],
    harmonies: Sequence[Harmony],
    start: int,
    end: int,
    home: Key,
) -> Cadence | None:
    """Return how a phrase from one step to another ends; None in silence.

    The piece ends on its last chord, another phrase on the longest under its fermata,
    or under the last note of its soprano, since the bass may already move on.
    """
    inside = [
        index for index, harmony in enumerate(harmonies) if start <= harmony.start < end
    ]
    if not inside:
        return None
    arrives = arrival(chorale, start, end)
    last = inside[-1]
    if end < chorale.steps:
        last = max(
            inside,
            key=lambda index: (
                harmonies[index].end - max(harmonies[index].start, arrives)
            ),
        )
    before = next(
        (
            index
            for index in reversed(inside)
            if index < last and harmonies[index].root != harmonies[last].root
        ),
        None,
    )
    soprano = int(chorale.pitches[harmonies[last].end - 1, SOPRANO])
    relative = -1 if soprano == SILENCE else (soprano - home.tonic_class) % 12
    named = [last] if before is None else [before, last]
    kind, key = cadences.cadence(
        segments[last].chord,
        None if before is None else segments[before].chord,
        segments[last].key,
        relative,
    )
    return Cadence(
        step=harmonies[last].start,
        kind=kind,
        key=_keys(home)[key],
        numerals=tuple(harmonies[index].numeral for index in named),
        soprano="" if relative < 0 else cadences.degree_name(relative, key),
    )


# === Non-chord tones ===


def _non_chord_tones(
    notes: Figures, grid: Grid, path: Path, tonic: int
) -> list[NonChordTone]:
    """Return the notes that are foreign to their chords."""
    if not len(notes.voices):
        return []
    note, step = sounding_steps(notes)
    is_foreign = ~HAS_TONE[
        path.chords[grid.slot_of[step]], (notes.pitches[note] - tonic) % 12
    ]
    # Runs of foreign steps within a note.
    new = np.append(True, note[1:] != note[:-1])
    begins = is_foreign & (new | ~np.append(False, is_foreign[:-1]))
    ends = is_foreign & np.append(new[1:] | ~is_foreign[1:], True)
    found = []
    for begin, last in zip(
        np.flatnonzero(begins).tolist(), np.flatnonzero(ends).tolist(), strict=True
    ):
        index = int(note[begin])
        start, end = int(step[begin]), int(step[last]) + 1
        found.append(_non_chord_tone(notes, index, start, end, is_foreign, note))
    return sorted(found, key=lambda tone: (tone.start, tone.voice))


def _non_chord_tone(
    notes: Figures,
    index: int,
    start: int,
    end: int,
    is_foreign: BoolArray,
    note: IntArray,
) -> NonChordTone:
    """Return the non-chord tone that a note is from one step to another."""
    note_start = int(notes.starts[index])
    attacked = start == note_start
    kind = int((notes.attacked if attacked else notes.held)[index])
    preparation = None
    if kind in (SUSPENSION, RETARDATION):
        preparation = note_start
        if attacked:  # struck again: the note before prepares it
            preparation = int(notes.starts[index - 1])
            last = int(np.searchsorted(note, index)) - 1
            if is_foreign[last]:
                kind, preparation = UNEXPLAINED, None
    resolution = None
    if kind not in (UNEXPLAINED, PEDAL) and notes.left[index] != FAR:
        ornamented = kind == SUSPENSION and abs(notes.left[index]) > LARGEST_STEP
        resolution = int(notes.starts[index + 1 + ornamented])
    return NonChordTone(
        voice=int(notes.voices[index]),
        pitch=int(notes.pitches[index]),
        start=start,
        end=end,
        kind=KINDS[kind],
        preparation=preparation,
        resolution=resolution,
    )

"""Features: what is counted in a window, one histogram a feature.

Most are counted by part, such as a voice or a mode: parts are compared each by itself,
so that a set with more pieces in minor is not far from another for that alone. Degrees
are counted from the tonic of the key, so a piece and its transposition have the same
histograms, but for `tessitura`. A chorale of unknown key is taken to be in the one that
its notes fit best.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chorale.errors import DataError
from chorale.evaluation.style.analysis import MODES, Analysis
from chorale.evaluation.style.cadences import bass_approach
from chorale.evaluation.style.windows import Window
from chorale.music.chords import NO_ROOT, QUALITY_NAMES
from chorale.music.keys import pitch_name
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE, SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray

_LONGEST_NOTE = 16  # steps; a longer note counts as this long
_LARGEST_INTERVAL = 12  # semitones; a larger leap counts as this large
_LEAPS = range(-_LARGEST_INTERVAL, _LARGEST_INTERVAL + 1)
_LONGEST_PHRASE = 24  # quarters
_LOWEST, _HIGHEST = 36, 84  # MIDI notes; what lies beyond counts as these

_DEGREES = "1 b2 2 b3 3 4 #4 5 b6 6 b7 7".split()  # by semitones above the tonic
_PLACES = ("barline", "other beat", "half beat", "between")

# The chords that changes are told between: a degree and one of these, or none of them.
# Sevenths with a diminished fifth do the work of the diminished triad, so they are one.
_FAMILIES = {
    "major": "major",
    "minor": "minor",
    "diminished": "diminished",
    "half-diminished": "diminished",
    "diminished seventh": "diminished",
    "dominant seventh": "dominant seventh",
    "major seventh": "seventh",
    "minor seventh": "seventh",
}
_FAMILY_NAMES = tuple(dict.fromkeys(_FAMILIES.values()))
_FAMILY_OF = np.array(
    [
        _FAMILY_NAMES.index(_FAMILIES[name]) if name in _FAMILIES else -1
        for name in QUALITY_NAMES
    ]
)
_CHORDS = (
    *(f"{degree} {family}" for degree in _DEGREES for family in _FAMILY_NAMES),
    "other",
)


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One thing that is counted.

    Attributes:
        name: an identifier.
        summary: what is counted, for people.
        count: gives the histogram of a window, int array (parts, bins).
        parts: names of what is counted apart.
        bins: names of what is told apart.
        values: place of each bin on a scale, if they are ordered; None for categories.
        unit: of the distance: what one on the scale is, or the share that differs.
    """

    name: str
    summary: str
    count: Callable[[Analysis], IntArray]
    parts: tuple[str, ...]
    bins: tuple[str, ...]
    values: tuple[float, ...] | None = None
    unit: str = "share"

    @property
    def metric(self) -> str:
        """`Wasserstein` for ordered bins, `total variation` for categories."""
        return "total variation" if self.values is None else "Wasserstein"


@dataclass(frozen=True, eq=False)
class Profile:
    """What was counted in some windows.

    Attributes:
        groups: of each window.
        counts: by name of FEATURES, int array (windows, parts, bins).
    """

    groups: tuple[str, ...]
    counts: Mapping[str, IntArray]


def profile(windows: Sequence[Window]) -> Profile:
    """Count all features in each window.

    Raises:
        DataError: there are no windows.
    """
    if not windows:
        raise DataError("expected at least one window to count in, got none")
    analysis = [Analysis.of(window) for window in windows]
    return Profile(
        groups=tuple(window.group for window in windows),
        counts={
            name: np.stack([feature.count(one) for one in analysis])
            for name, feature in FEATURES.items()
        },
    )


# === Notes ===


def _durations(analysis: Analysis) -> IntArray:
    rows = []
    for _, starts, ends in analysis.lines:
        lengths = (ends - starts)[starts >= analysis.start]
        rows.append(_histogram(np.minimum(lengths, _LONGEST_NOTE) - 1, _LONGEST_NOTE))
    return np.stack(rows)


def _melodic_intervals(analysis: Analysis) -> IntArray:
    rows = []
    for pitches, starts, ends in analysis.lines:
        # A rest between two notes parts them.
        joined = (starts[1:] >= analysis.start) & (starts[1:] == ends[:-1])
        leaps = np.diff(pitches)[joined]
        leaps = np.clip(leaps, -_LARGEST_INTERVAL, _LARGEST_INTERVAL)
        rows.append(_histogram(leaps + _LARGEST_INTERVAL, len(_LEAPS)))
    return np.stack(rows)


def _tessitura(analysis: Analysis) -> IntArray:
    rows = []
    for pitches in analysis.chorale.pitches[analysis.start :].T:
        sung = np.clip(pitches[pitches != SILENCE], _LOWEST, _HIGHEST)
        rows.append(_histogram(sung - _LOWEST, _HIGHEST - _LOWEST + 1))
    return np.stack(rows)


def _scale_degrees(analysis: Analysis) -> IntArray:
    pitches = analysis.chorale.pitches[analysis.start :]
    return _in_mode(analysis, (pitches[pitches != SILENCE] - analysis.tonic) % 12, 12)


# === Chords ===


def _vertical_intervals(analysis: Analysis) -> IntArray:
    pitches = analysis.chorale.pitches[analysis.start :]
    bass = pitches[:, BASS]
    rows = []
    for upper in pitches[:, :BASS].T:
        both = (upper != SILENCE) & (bass != SILENCE)
        rows.append(_histogram((upper - bass)[both] % 12, 12))
    return np.stack(rows)


def _chord_qualities(analysis: Analysis) -> IntArray:
    sounding = analysis.chords.basses[analysis.start :] != NO_ROOT
    qualities = analysis.chords.qualities[analysis.start :][sounding]
    return _histogram(qualities, len(QUALITY_NAMES))[np.newaxis]


def _chord_changes(analysis: Analysis) -> IntArray:
    # Between the beats passing notes make chords that nobody would name.
    on_beat = analysis.chorale.positions % STEPS_PER_QUARTER == 0
    on_beat &= analysis.chords.basses != NO_ROOT
    on_beat[: analysis.start] = False
    families = _FAMILY_OF[analysis.chords.qualities[on_beat]]
    degrees = (analysis.chords.roots[on_beat] - analysis.tonic) % 12
    other = len(_CHORDS) - 1
    chords = np.where(families < 0, other, degrees * len(_FAMILY_NAMES) + families)
    before, after = chords[:-1], chords[1:]
    changed = before != after
    pairs = (before * len(_CHORDS) + after)[changed]
    return _in_mode(analysis, pairs, len(_CHORDS) ** 2)


# === Phrase ends ===


def _cadence_chords(analysis: Analysis) -> IntArray:
    arrivals, _ = analysis.phrase_ends()
    roots, qualities, basses = (table[arrivals] for table in analysis.chords)
    triads = (qualities < len(MODES)) & (basses == roots)
    degrees = (roots - analysis.tonic) % 12
    other = 12 * len(MODES)
    chords = np.where(triads, degrees * len(MODES) + qualities, other)
    return _in_mode(analysis, chords, other + 1)


def _cadence_basses(analysis: Analysis) -> IntArray:
    bass = analysis.chorale.pitches[:, BASS]
    arrivals, _ = analysis.phrase_ends()
    approaches = [
        bass_approach(bass[: arrival + 1]) or 0
        for arrival in arrivals
        if bass[arrival] != SILENCE
    ]
    return _histogram(np.array(approaches, np.int64), 12)[np.newaxis]


def _phrase_lengths(analysis: Analysis) -> IntArray:
    _, lengths = analysis.phrase_ends()
    quarters = np.clip(np.rint(lengths / STEPS_PER_QUARTER), 1, _LONGEST_PHRASE)
    return _histogram(quarters.astype(np.int64) - 1, _LONGEST_PHRASE)[np.newaxis]


# === Time ===


def _texture(analysis: Analysis) -> IntArray:
    positions = analysis.chorale.positions[analysis.start :]
    attacks = analysis.chorale.onsets[analysis.start :].sum(axis=1)
    in_beat = positions % STEPS_PER_QUARTER
    half = STEPS_PER_QUARTER // 2
    places = np.select([positions == 0, in_beat == 0, in_beat == half], [0, 1, 2], 3)
    bins = VOICES + 1
    return _histogram(places * bins + attacks, len(_PLACES) * bins).reshape(-1, bins)


def _repetition(analysis: Analysis) -> IntArray:
    chorale = analysis.chorale
    full = chorale.bar_lengths()
    counts = np.zeros((2, 2), np.int64)
    seen: tuple[set[bytes], set[bytes]] = (set(), set())
    for start in np.flatnonzero(chorale.positions == 0):
        bar = slice(start, start + full[start])
        if bar.stop > chorale.steps or (chorale.bars[bar] != chorale.bars[start]).any():
            continue
        music = np.stack([chorale.pitches[bar], chorale.onsets[bar]])
        for part, voices in enumerate((music[..., SOPRANO], music)):
            notes = voices.tobytes()
            if start >= analysis.start:
                counts[part, int(notes in seen[part])] += 1
            seen[part].add(notes)
    return counts


# === Helpers ===


def _histogram(values: IntArray, bins: int) -> IntArray:
    """Count the values 0 … bins - 1."""
    return np.bincount(values, minlength=bins)


def _in_mode(analysis: Analysis, values: IntArray, bins: int) -> IntArray:
    """Count values in the part of the window's mode; the other's stays empty."""
    counts = np.zeros((len(MODES), bins), np.int64)
    counts[analysis.mode] = _histogram(values, bins)
    return counts


_ALL = (
    Feature(
        name="scale_degrees",
        summary="degrees of the scale, by the time they sound, in each mode",
        count=_scale_degrees,
        parts=MODES,
        bins=tuple(_DEGREES),
    ),
    Feature(
        name="tessitura",
        summary="pitches of each voice, by the time they sound",
        count=_tessitura,
        parts=VOICE_NAMES,
        bins=tuple(pitch_name(pitch) for pitch in range(_LOWEST, _HIGHEST + 1)),
        values=tuple(range(_LOWEST, _HIGHEST + 1)),
        unit="semitones",
    ),
    Feature(
        name="durations",
        summary=f"lengths of the notes of each voice, up to {_LONGEST_NOTE} sixteenths",
        count=_durations,
        parts=VOICE_NAMES,
        bins=tuple(str(length) for length in range(1, _LONGEST_NOTE + 1)),
        values=tuple(math.log2(length) for length in range(1, _LONGEST_NOTE + 1)),
        unit="doublings",
    ),
    Feature(
        name="melodic_intervals",
        summary="semitones from note to note in each voice, up to an octave",
        count=_melodic_intervals,
        parts=VOICE_NAMES,
        bins=tuple(f"{leap:+d}" for leap in _LEAPS),
        values=tuple(_LEAPS),
        unit="semitones",
    ),
    Feature(
        name="vertical_intervals",
        summary="semitones of each upper voice over the bass, octaves folded",
        count=_vertical_intervals,
        parts=VOICE_NAMES[:BASS],
        bins=tuple(str(interval) for interval in range(12)),
    ),
    Feature(
        name="chord_qualities",
        summary="kinds of chords, by the time they sound",
        count=_chord_qualities,
        parts=("all",),
        bins=QUALITY_NAMES,
    ),
    Feature(
        name="chord_changes",
        summary="chords that follow each other from beat to beat, in each mode",
        count=_chord_changes,
        parts=MODES,
        bins=tuple(f"{one} → {other}" for one in _CHORDS for other in _CHORDS),
    ),
    Feature(
        name="cadence_chords",
        summary="triads over their roots at which fermatas begin, in each mode",
        count=_cadence_chords,
        parts=MODES,
        bins=(
            *(f"{degree} {quality}" for degree in _DEGREES for quality in MODES),
            "other",
        ),
    ),
    Feature(
        name="cadence_basses",
        summary="semitones from the bass under a fermata up to the bass before it",
        count=_cadence_basses,
        parts=("bass",),
        bins=("none", *(str(interval) for interval in range(1, 12))),
    ),
    Feature(
        name="phrase_lengths",
        summary=f"quarters from fermata to fermata, up to {_LONGEST_PHRASE}",
        count=_phrase_lengths,
        parts=("all",),
        bins=tuple(str(quarters) for quarters in range(1, _LONGEST_PHRASE + 1)),
        values=tuple(range(1, _LONGEST_PHRASE + 1)),
        unit="quarters",
    ),
    Feature(
        name="texture",
        summary="voices that attack at a step, by its place in the bar",
        count=_texture,
        parts=_PLACES,
        bins=tuple(str(voices) for voices in range(VOICES + 1)),
        values=tuple(range(VOICES + 1)),
        unit="voices",
    ),
    Feature(
        name="repetition",
        summary="full bars that an earlier bar of the piece is note for note",
        count=_repetition,
        parts=("soprano", "all voices"),
        bins=("new", "recurs"),
    ),
)
FEATURES: dict[str, Feature] = {feature.name: feature for feature in _ALL}

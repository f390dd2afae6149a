"""Style features: histograms of a window.

A histogram has parts, such as voices or modes, which are compared separately: a larger
share of pieces in minor alone does not make two sets differ. Degrees are relative to
the tonic, so all features but `tessitura` are invariant under transposition. An unknown
key is estimated from the notes.
"""

from __future__ import annotations

import math

import numpy as np

from chorale.evaluation.style.analysis import MODES, Analysis
from chorale.evaluation.style.chord_features import FEATURES as CHORD_FEATURES
from chorale.evaluation.style.feature import DEGREES, Feature, histogram, in_mode
from chorale.music.keys import pitch_name
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE, SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray

# Larger values are clipped.
_LONGEST_NOTE = 16  # steps
_LARGEST_INTERVAL = 12  # semitones
_LEAPS = range(-_LARGEST_INTERVAL, _LARGEST_INTERVAL + 1)
_LONGEST_PHRASE = 24  # quarters
_LOWEST, _HIGHEST = 36, 84  # MIDI notes

_PLACES = ("barline", "other beat", "half beat", "between")

# === Notes ===


def _durations(analysis: Analysis) -> IntArray:
    rows = []
    for _, starts, ends in analysis.lines:
        lengths = (ends - starts)[starts >= analysis.start]
        rows.append(histogram(np.minimum(lengths, _LONGEST_NOTE) - 1, _LONGEST_NOTE))
    return np.stack(rows)


def _melodic_intervals(analysis: Analysis) -> IntArray:
    rows = []
    for pitches, starts, ends in analysis.lines:
        # No interval across a rest.
        joined = (starts[1:] >= analysis.start) & (starts[1:] == ends[:-1])
        leaps = np.diff(pitches)[joined]
        leaps = np.clip(leaps, -_LARGEST_INTERVAL, _LARGEST_INTERVAL)
        rows.append(histogram(leaps + _LARGEST_INTERVAL, len(_LEAPS)))
    return np.stack(rows)


def _tessitura(analysis: Analysis) -> IntArray:
    rows = []
    for pitches in analysis.pitches.T:
        sounding = np.clip(pitches[pitches != SILENCE], _LOWEST, _HIGHEST)
        rows.append(histogram(sounding - _LOWEST, _HIGHEST - _LOWEST + 1))
    return np.stack(rows)


def _scale_degrees(analysis: Analysis) -> IntArray:
    sounding = analysis.pitches[analysis.pitches != SILENCE]
    return in_mode(analysis, (sounding - analysis.tonic) % 12, 12)


# === Chords ===


def _vertical_intervals(analysis: Analysis) -> IntArray:
    bass = analysis.pitches[:, BASS]
    rows = []
    for upper in analysis.pitches[:, :BASS].T:
        both = (upper != SILENCE) & (bass != SILENCE)
        rows.append(histogram((upper - bass)[both] % 12, 12))
    return np.stack(rows)


# === Phrase ends ===


def _cadence_basses(analysis: Analysis) -> IntArray:
    bass = analysis.chorale.pitches[:, BASS]
    arrivals, _ = analysis.phrase_ends()
    approaches = [
        _bass_approach(bass[: arrival + 1])
        for arrival in arrivals
        if bass[arrival] != SILENCE
    ]
    return histogram(np.array(approaches, np.int64), 12)[np.newaxis]


def _bass_approach(bass: IntArray) -> int:
    """Return the semitones from the last bass note up to the one before, modulo 12.

    The bass, (steps,), has MIDI notes up to the arrival, 0 = silence; the last is not
    silent. The one before has another pitch class: octave leaps and repetitions belong
    to the arrival. 0 if there is none.
    """
    intervals = (bass[bass != SILENCE] - bass[-1]) % 12
    others = intervals[intervals != 0]
    return int(others[-1]) if len(others) else 0


def _phrase_lengths(analysis: Analysis) -> IntArray:
    _, lengths = analysis.phrase_ends()
    quarters = np.clip(np.rint(lengths / STEPS_PER_QUARTER), 1, _LONGEST_PHRASE)
    return histogram(quarters.astype(np.int64) - 1, _LONGEST_PHRASE)[np.newaxis]


# === Time ===


def _texture(analysis: Analysis) -> IntArray:
    positions = analysis.chorale.positions[analysis.start :]
    attacks = analysis.chorale.onsets[analysis.start :].sum(axis=1)
    in_beat = positions % STEPS_PER_QUARTER
    half = STEPS_PER_QUARTER // 2
    places = np.select([positions == 0, in_beat == 0, in_beat == half], [0, 1, 2], 3)
    bins = VOICES + 1
    return histogram(places * bins + attacks, len(_PLACES) * bins).reshape(-1, bins)


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


FEATURES: dict[str, Feature] = {
    "scale_degrees": Feature(
        summary="scale degrees weighted by duration, by mode",
        count=_scale_degrees,
        parts=MODES,
        bins=DEGREES,
    ),
    "tessitura": Feature(
        summary="pitches weighted by duration, by voice",
        count=_tessitura,
        parts=VOICE_NAMES,
        bins=tuple(map(pitch_name, range(_LOWEST, _HIGHEST + 1))),
        values=tuple(range(_LOWEST, _HIGHEST + 1)),
        unit="semitones",
    ),
    "durations": Feature(
        summary=f"note lengths up to {_LONGEST_NOTE} sixteenths, by voice",
        count=_durations,
        parts=VOICE_NAMES,
        bins=tuple(map(str, range(1, _LONGEST_NOTE + 1))),
        values=tuple(math.log2(length) for length in range(1, _LONGEST_NOTE + 1)),
        unit="doublings",
    ),
    "melodic_intervals": Feature(
        summary="semitones between successive notes, up to an octave, by voice",
        count=_melodic_intervals,
        parts=VOICE_NAMES,
        bins=tuple(f"{leap:+d}" for leap in _LEAPS),
        values=tuple(_LEAPS),
        unit="semitones",
    ),
    "vertical_intervals": Feature(
        summary="semitones above the bass modulo 12, by voice",
        count=_vertical_intervals,
        parts=VOICE_NAMES[:BASS],
        bins=tuple(map(str, range(12))),
    ),
    **CHORD_FEATURES,
    "cadence_basses": Feature(
        summary="semitones from the bass under a fermata up to the bass before",
        count=_cadence_basses,
        parts=("bass",),
        bins=("none", *map(str, range(1, 12))),
    ),
    "phrase_lengths": Feature(
        summary=f"quarters between fermatas, up to {_LONGEST_PHRASE}",
        count=_phrase_lengths,
        parts=("all",),
        bins=tuple(map(str, range(1, _LONGEST_PHRASE + 1))),
        values=tuple(range(1, _LONGEST_PHRASE + 1)),
        unit="quarters",
    ),
    "texture": Feature(
        summary="number of onsets at a step, by place in the bar",
        count=_texture,
        parts=_PLACES,
        bins=tuple(map(str, range(VOICES + 1))),
        values=tuple(range(VOICES + 1)),
        unit="voices",
    ),
    "repetition": Feature(
        summary="full bars that repeat an earlier bar of the piece",
        count=_repetition,
        parts=("soprano", "all voices"),
        bins=("new", "recurs"),
    ),
}

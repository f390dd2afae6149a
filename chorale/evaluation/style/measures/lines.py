"""Measures of lines: returns, oscillation, scales, leaps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.degrees import MODES
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP

_LARGE_LEAP = 5  # semitones: leaps of a fourth and more
_SCALE = 4  # notes of the shortest scale
# Semitones from accidentals to the note of the scale that they alter, by semitones
# above the tonic: F# to F in C major. The scale of minor is the natural one.
_ALTERED = {
    "major": {1: -1, 3: -1, 6: -1, 8: -1, 10: 1},
    "minor": {1: 1, 4: -1, 6: -1, 9: -1, 11: -1},
}


def _moves(analysis: Analysis, voice: int) -> tuple[IntArray, IntArray]:
    """Return the intervals between notes of a voice and the steps they lead to.

    Repeated notes are one; an interval across a rest is 0. Int arrays (notes - 1,).
    """
    pitches, starts, ends = analysis.lines[voice]
    if len(pitches) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    joined = starts[1:] == ends[:-1]
    changed = (np.diff(pitches) != 0) | ~joined
    intervals = np.where(joined, np.diff(pitches), 0)[changed]
    return intervals, starts[1:][changed]


def _returns(analysis: Analysis, voice: int) -> Count:
    """Count notes that return at once to the note before the last: A B A."""
    intervals, steps = _moves(analysis, voice)
    counted = steps[1:] >= analysis.start
    counted &= (intervals[1:] != 0) & (intervals[:-1] != 0)
    back = intervals[1:] == -intervals[:-1]
    return int((back & counted).sum()), int(counted.sum())


def _oscillates(analysis: Analysis, voice: int) -> Count:
    """Count notes that return twice: A B A B."""
    intervals, steps = _moves(analysis, voice)
    first, second, third = intervals[:-2], intervals[1:-1], intervals[2:]
    counted = steps[2:] >= analysis.start
    counted &= (first != 0) & (second != 0) & (third != 0)
    twice = (second == -first) & (third == first)
    return int((twice & counted).sum()), int(counted.sum())


def _scales(analysis: Analysis, voice: int) -> Count:
    """Count notes that are the fourth or a later one of a scale, by step one way."""
    intervals, steps = _moves(analysis, voice)
    ways = np.where(np.abs(intervals) <= LARGEST_STEP, np.sign(intervals), 0)
    run = 0
    found = 0
    for place, way in enumerate(ways.tolist()):
        same = way != 0 and run and way == (1 if run > 0 else -1)
        run = (run + way) if same else way
        found += abs(run) >= _SCALE - 1 and steps[place] >= analysis.start
    return found, int((steps >= analysis.start).sum())


def _leaps(analysis: Analysis, voice: int) -> Count:
    """Count leaps of a fourth and more."""
    intervals, steps = _moves(analysis, voice)
    counted = (steps >= analysis.start) & (intervals != 0)
    return int((counted & (abs(intervals) >= _LARGE_LEAP)).sum()), int(counted.sum())


def _unrecovered(analysis: Analysis, voice: int) -> Count:
    """Count leaps of a fourth and more that no step or third back follows."""
    intervals, steps = _moves(analysis, voice)
    before, after = intervals[:-1], intervals[1:]
    leaps = (steps[:-1] >= analysis.start) & (abs(before) >= _LARGE_LEAP)
    back = (np.sign(after) == -np.sign(before)) & (abs(after) < _LARGE_LEAP)
    return int((leaps & ~back).sum()), int(leaps.sum())


def _repeats(analysis: Analysis, voice: int) -> Count:
    """Count notes that strike the note before again."""
    pitches, starts, ends = analysis.lines[voice]
    counted = (starts[1:] >= analysis.start) & (starts[1:] == ends[:-1])
    return int((counted & (np.diff(pitches) == 0)).sum()), int(counted.sum())


def _attacks_off_beat(analysis: Analysis, voice: int) -> Count:
    """Count half beats at which a voice begins a note."""
    steps = analysis.steps_at(STEPS_PER_QUARTER // 2)
    return int(analysis.chorale.onsets[steps, voice].sum()), len(steps)


def _all_off_beat(analysis: Analysis) -> Count:
    """Count half beats at which a voice, any, begins a note."""
    steps = analysis.steps_at(STEPS_PER_QUARTER // 2)
    return int(analysis.chorale.onsets[steps].any(axis=1).sum()), len(steps)


def _outer_motion(analysis: Analysis) -> tuple[BoolArray, IntArray]:
    """Return where soprano and bass both move, and the product of their directions."""
    moves = analysis.piece.moves[analysis.start :]
    product = np.sign(moves[:, SOPRANO]) * np.sign(moves[:, BASS])
    return product != 0, product


def _contrary(analysis: Analysis) -> Count:
    both, product = _outer_motion(analysis)
    return int((product < 0).sum()), int(both.sum())


def _same_way(analysis: Analysis) -> Count:
    """Count moves of all four voices in one direction."""
    moves = np.sign(analysis.piece.moves[analysis.start :])
    moving = (moves != 0).all(axis=1)
    return int((abs(moves.sum(axis=1)) == VOICES).sum()), int(moving.sum())


def _cancelled(analysis: Analysis) -> Count:
    """Count accidentals, and those whose voice goes to the note that they alter."""
    back = np.zeros(12, np.int64)
    for degree, interval in _ALTERED[MODES[analysis.mode]].items():
        back[(degree + analysis.tonic) % 12] = interval
    cancelled = total = 0
    for voice in range(VOICES):
        intervals, steps = _moves(analysis, voice)
        expected = back[analysis.chorale.pitches[steps - 1, voice] % 12]
        counted = (steps >= analysis.start) & (intervals != 0) & (expected != 0)
        cancelled += int((intervals == expected)[counted].sum())
        total += int(counted.sum())
    return cancelled, total


def _wide(analysis: Analysis, voice: int) -> Count:
    """Count steps at which a voice is more than a fifth above the next."""
    pitches = analysis.pitches
    both = (pitches[:, voice] > 0) & (pitches[:, voice + 1] > 0)
    wide = pitches[:, voice] - pitches[:, voice + 1] > FIFTH
    return int((both & wide).sum()), int(both.sum())


def _for_voices(
    name: str, summary: str, count: Callable[..., Count], voices: range = range(VOICES)
) -> dict[str, Measure]:
    """Return a measure for each of some voices, `{}` being the name of the voice."""
    return {
        f"{VOICE_NAMES[voice]}_{name}": Measure(
            summary=summary.format(VOICE_NAMES[voice]),
            count=partial(count, voice=voice),
        )
        for voice in voices
    }


MEASURES: dict[str, Measure] = {
    **_for_voices("returns", "{} notes that return at once: A B A", _returns),
    **_for_voices("oscillates", "{} notes that return twice: A B A B", _oscillates),
    **_for_voices("scales", "{} notes in scales of four notes and more", _scales),
    **_for_voices("leaps", "{} intervals of a fourth and more", _leaps),
    **_for_voices("unrecovered", "leaps of the {} without a way back", _unrecovered),
    **_for_voices("repeats", "{} notes that repeat the note before", _repeats),
    **_for_voices("half_beats", "half beats at which the {} moves", _attacks_off_beat),
    "cancelled_accidentals": Measure(
        summary="accidentals that their voice cancels at once: F# F in C major",
        count=_cancelled,
    ),
    "half_beats": Measure(
        summary="half beats at which any voice moves", count=_all_off_beat
    ),
    "contrary": Measure(
        summary="moves of soprano and bass in opposite directions", count=_contrary
    ),
    "same_way": Measure(
        summary="moves of all four voices in one direction", count=_same_way
    ),
    **_for_voices(
        "wide",
        "time with more than a fifth between the {} and the voice below",
        _wide,
        range(VOICES - 1),
    ),
}

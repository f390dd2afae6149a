"""Phrases: where they end and begin.

Melodies without fermatas are segmented with a form of Temperley's Grouper (The
Cognition of Basic Musical Structures, 2001, chapter 3): the chosen segmentation has
phrases that end on relatively long notes, have about the usual number of notes, begin
at the same position in the bar as the melody, and are equally long in bars, as the
lines of a hymn are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.errors import UsageError
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note
from chorale.music.voices import SOPRANO, VOICE_NAMES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

# What follows the last fermata is a phrase if it is this long, in steps.
_LEAST_PHRASE = 16

# A segmentation costs the sum of the costs of its phrases less the gains of their ends.
# Costs and gains have no unit, only their ratios count. All were fitted to the fermatas
# of Bach's sopranos in train, and to the phrases of a few hundred folk songs.

# === Costs of the length of a phrase ===

_USUAL_NOTES = 9  # notes of a phrase that cost nothing
_NOTES_WEIGHT = 1.4  # of a phrase of twice or half as many notes
# The period is the usual length of the phrases of a melody, in bars. Of those that are
# tried the one is taken with the cheapest segmentation.
_PERIODS = (2, 4)
_BARS_WEIGHT = 1.5  # of a phrase twice or half as long as the period
_MOST_DOUBLINGS = 2.0  # longer and shorter phrases cost no more than four times as long
_USUAL_STEPS = 40  # of the period that costs nothing: ten quarters
_PERIOD_WEIGHT = 0.5  # for each phrase, of a period twice or half as long as that
_MOST_NOTES = 40  # of a phrase, which bounds the time that the search takes

# === Gains and costs of the end of a phrase ===

_DURATION_WEIGHT = 0.9  # gain of a last note as long as the mean
_LENGTH_WEIGHT = 0.5  # gain of a last note twice as long as the median
_REST_WEIGHT = 2.1  # gain of a rest after it as long as the mean note
_POSITION_WEIGHT = 1.3  # gain if the next phrase begins where the first did in its bar
_PHRASE_COST = 1.3  # of each phrase but the last: without it every note would end one
_SHORT_COST = 20.0  # of a last note that is short: more than any gain
_LONG = 0.75  # share of the notes that are no longer than one that is not short


def phrase_starts(fermatas: BoolArray) -> BoolArray:
    """Return the steps at which a phrase begins because a fermata has just ended.

    Both are bool arrays (steps,); the first step is not counted.
    """
    starts = np.zeros_like(fermatas)
    starts[1:] = fermatas[:-1] & ~fermatas[1:]
    return starts


def ends_of_phrases(fermatas: BoolArray) -> list[int]:
    """Return the step after each phrase; that of the last is the end of the piece.

    Rests, or a few notes, after the last fermata belong to the last phrase.

    Args:
        fermatas: bool array (steps,), of a piece without its notes.
    """
    steps = len(fermatas)
    ends: IntArray = 1 + np.flatnonzero(fermatas[:-1] & ~fermatas[1:])
    return [*ends[ends <= steps - _LEAST_PHRASE].tolist(), steps]


# === Fermatas ===


def fermatas_of(chorale: Chorale, voice: int = SOPRANO) -> tuple[BoolArray, str]:
    """Return the fermatas of a chorale, estimated ones if it has none.

    It has none if there is none before the last note of the voice.

    Args:
        chorale: of any notes; in a silent voice nothing is estimated.
        voice: whose phrases are estimated.

    Returns:
        bool array (steps,), and a remark if they are estimated, or cannot be.
    """
    notes = chorale.notes(voice)
    if not notes:
        return chorale.fermatas, "" if chorale.fermatas.any() else (
            f"there are no fermatas, and the {VOICE_NAMES[voice]} is silent: the piece "
            "is taken as one phrase"
        )
    if chorale.fermatas[: notes[-1].start].any():
        return chorale.fermatas, ""
    ends = phrase_ends(notes, chorale.positions, chorale.metre)
    bars = dict.fromkeys(str(chorale.bars[notes[end].end - 1]) for end in ends)
    found = "is a fermata on the last note only" if chorale.fermatas.any() else ""
    remark = f"there {found or 'are no fermatas'}: " + (
        "phrases are assumed to end in bars " + ", ".join(bars)
        if len(ends) > 1
        else "the melody is taken as one phrase"
    )
    return fermatas_at([notes[end] for end in ends], chorale.steps), remark


def fermatas_at(notes: Sequence[Note], steps: int) -> BoolArray:
    """Return fermatas over some notes, bool array (steps,)."""
    fermatas = np.zeros(steps, np.bool_)
    for note in notes:
        fermatas[note.start : note.end] = True
    return fermatas


# === Phrases as guessed ===


def phrase_ends(notes: Sequence[Note], positions: IntArray, metre: Metre) -> list[int]:
    """Segment a melody: return the indices of the notes that end a phrase.

    Args:
        notes: of the melody, in order; one or more.
        positions: int array (steps,), steps since the barline.
        metre: of the melody.
    """
    gains = _end_gains(notes, positions, metre)
    by_notes, bars = _phrase_costs(notes, positions, metre)
    best: tuple[float, list[int]] | None = None
    for period in _PERIODS:
        cost = _PERIOD_WEIGHT * abs(np.log2(period * metre.bar_length / _USUAL_STEPS))
        deviation = np.minimum(np.abs(np.log2(bars / period)), _MOST_DOUBLINGS)
        costs = by_notes + _BARS_WEIGHT * deviation + cost
        segmentation = _cheapest(costs, gains)
        if best is None or segmentation[0] < best[0]:
            best = segmentation
    assert best is not None
    return best[1]


def _end_gains(
    notes: Sequence[Note], positions: IntArray, metre: Metre
) -> Float64Array:
    """Return the gain of a phrase that ends with each note, float array (notes,)."""
    starts = np.array([note.start for note in notes])
    ends = np.array([note.end for note in notes])
    intervals = np.append(np.diff(starts), ends[-1] - starts[-1]).astype(float)
    rests = np.append(starts[1:] - ends[:-1], 0)
    mean = float(intervals[:-1].mean()) if len(notes) > 1 else 1.0
    same_position = np.append(positions[starts[1:]] == positions[starts[0]], True)
    # An upbeat of a third of a beat leaves two thirds to the note before it.
    shortest = min(np.quantile(intervals, _LONG), 2 * metre.beat_length / 3)
    gains: Float64Array = (
        _DURATION_WEIGHT * intervals / mean
        + _REST_WEIGHT * rests / mean
        + _LENGTH_WEIGHT * np.log2(intervals / np.median(intervals))
        + _POSITION_WEIGHT * same_position
        - _PHRASE_COST
        - _SHORT_COST * (intervals + rests < shortest - 1e-6)
    )
    gains[-1] = 0.0  # the last note ends a phrase in any case
    return gains


def _phrase_costs(
    notes: Sequence[Note], positions: IntArray, metre: Metre
) -> tuple[Float64Array, Float64Array]:
    """Return costs by number of notes, and lengths in bars, of all possible phrases.

    Both are float arrays (notes, most notes), by the last note of the phrase and the
    number of notes before it. A phrase ends where the next begins, the last one where
    another would begin as the melody does.
    """
    starts = np.array([note.start for note in notes])
    before = np.arange(min(_MOST_NOTES, len(notes)))
    first = np.arange(len(notes))[:, np.newaxis] - before
    costs = _NOTES_WEIGHT * np.abs(np.log2((before + 1) / _USUAL_NOTES))
    missing = (positions[starts[0]] - positions[notes[-1].end - 1] - 1) % (
        metre.bar_length
    )
    if missing >= metre.bar_length / 2:
        missing = 0
    ends = np.append(starts[1:], notes[-1].end + missing)
    lengths = ends[:, np.newaxis] - starts[np.maximum(first, 0)]
    return np.where(first < 0, np.inf, costs), lengths / metre.bar_length


def _cheapest(costs: Float64Array, gains: Float64Array) -> tuple[float, list[int]]:
    """Return the least cost of a segmentation and the last notes of its phrases.

    It is found by dynamic programming. `costs` is a float array (notes, most notes) by
    the last note of a phrase and the number of notes before it, `gains` (notes,) by the
    last note.
    """
    count, most = costs.shape
    totals = np.zeros(count + 1)  # of the notes before each index
    begins = np.zeros(count + 1, np.int64)  # of the last phrase
    for end in range(count):
        before = np.maximum(end - np.arange(most), 0)
        candidates = totals[before] + costs[end]
        chosen = int(candidates.argmin())
        totals[end + 1] = candidates[chosen] - gains[end]
        begins[end + 1] = end - chosen
    ends = []
    end = count
    while end:
        ends.append(end - 1)
        end = int(begins[end])
    return float(totals[count]), ends[::-1]


# === Phrases as given ===


def ends_in_bars(
    notes: Sequence[Note], bars: IntArray, positions: IntArray, wanted: Sequence[int]
) -> list[int]:
    """Return the indices of the notes that end a phrase in some bars, and the last.

    If the melody begins with a pickup, a phrase ends before the place in the bar where
    the next pickup begins, unless the last note of the bar is longer.

    Args:
        notes: of the melody, in order; one or more.
        bars: int array (steps,), number of the bar; a pickup is bar 0.
        positions: int array (steps,), steps since the barline.
        wanted: numbers of bars.

    Raises:
        UsageError: there is no such bar, or no note sounds in it.
    """
    ends = {len(notes) - 1}
    for bar in wanted:
        steps = np.flatnonzero(bars == bar)
        if not len(steps):
            raise UsageError(
                f"expected phrases that end in bars {bars.min()} to {bars.max()}, got "
                f"bar {bar}"
            )
        sounding = [
            index
            for index, note in enumerate(notes)
            if note.start <= steps[-1] and note.end > steps[0]
        ]
        if not sounding:
            raise UsageError(
                f"expected a phrase that ends in bar {bar}, no note is in it"
            )
        last = sounding[-1]
        before = [
            index
            for index in sounding
            if positions[0] and notes[index].start < steps[0] + positions[0]
        ]
        if before and notes[before[-1]].length >= notes[last].length:
            last = before[-1]
        if steps[-1] + 1 < len(bars):
            ends.add(last)
    return sorted(ends)

"""From a written score to four voices on the grid: choice of staves, repeats, metre.

Readers of notation, such as `musicxml_reader`, return the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np

from chorale.errors import DataError, located
from chorale.formats import score_notes
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.score_notes import ScoreNote, join_ties
from chorale.formats.staff_voices import Guesses, separate_bar
from chorale.formats.voice_separation import match_voice_names
from chorale.formats.written_score import Staff, WrittenBar, WrittenScore
from chorale.music.metre import COMMON_TIME, Measure, Metre, number_measures
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import ALL_VOICES, VOICES

MOST_STEPS = 100_000  # an hour and a half; longer files are damaged

# Staves of the score and how many of the voices each holds, soprano first.
Layout = Sequence[tuple[Staff, int]]


def read_score(
    path: Path | str,
    parse: Callable[[Path], WrittenScore],
    voice: int | None = None,
    options: ReadingOptions | None = None,
) -> Reading:
    """Read a file of notation.

    Args:
        path: of the file.
        parse: returns the score in the file; may raise DataError.
        voice: as for `assemble`.
        options: as for `assemble`.

    Raises:
        DataError: there is no such file, it cannot be read, or does not hold the
            voices.
    """
    path = Path(path)
    if not path.exists() or path.is_dir():
        raise DataError("expected a score, there is no such file", path)
    with located(path):
        reading = assemble(parse(path), voice, options)
    return reading._replace(chorale=replace(reading.chorale, source=path.stem))


def assemble(
    score: WrittenScore,
    voice: int | None = None,
    options: ReadingOptions | None = None,
) -> Reading:
    """Return the four voices of a score, or a single line, on the grid.

    A step takes the note that sounds at its beginning, so of notes shorter than a
    sixteenth only those on the grid remain; tied notes are joined, and the fermatas of
    all voices are united. Repeats are read once, with the last ending. Bars are counted
    from the pickup, bar 0, or the first full bar; a short bar that completes the short
    one before it, as at a repeat, belongs to it.

    Args:
        score: of four staves, of two staves of two voices each, or with staves among
            others that are named after the voices.
        voice: if only one staff has notes, it is this voice, and the others are silent;
            otherwise one of four voices. None to read four voices.
        options: what the user says about the file.

    Returns:
        The chorale with the title, tempo and key of the score, see `decide_key`; the
        key is None without a key signature.

    Raises:
        DataError: the score does not hold the voices.
    """
    staves = _chosen(score.staves, options)
    sounding = [staff for staff in staves if _has_notes(staff)]
    if voice is None:
        return _read_staves(score, _four_voices(staves), range(VOICES), options)
    if not sounding:
        raise DataError("expected a melody, got no notes")
    if len(sounding) == 1:
        return _read_staves(score, [(sounding[0], 1)], [voice], options)
    try:
        return _read_staves(score, _four_voices(staves), range(VOICES), options)
    except DataError as error:
        raise DataError(
            f"expected one line, or four voices of which to take the "
            f"{ALL_VOICES[voice].name}: {error}"
        ) from None


# === Staves ===


def _chosen(staves: Sequence[Staff], options: ReadingOptions | None) -> list[Staff]:
    """Return the staves that the user names, or all."""
    if options is None or options.parts is None:
        return list(staves)
    unknown = [number for number in options.parts if not 0 < number <= len(staves)]
    if unknown:
        raise DataError(f"expected parts from 1 to {len(staves)}, got {unknown[0]}")
    return [staves[number - 1] for number in options.parts]


def _has_notes(staff: Staff) -> bool:
    return any(note.pitches for bar in staff.bars for line in bar for note in line)


def _four_voices(staves: Sequence[Staff]) -> Layout:
    """Return the four staves, or the two of two voices each, soprano first."""
    order = match_voice_names([staff.name for staff in staves])
    if order is not None:
        return [(staves[index], 1) for index in order]
    if len(staves) in (VOICES, VOICES // 2):
        return [(staff, VOICES // len(staves)) for staff in staves]
    raise DataError(
        f"expected four voices, on four staves or on two, got {len(staves)}"
    )


# === Bars ===


def _last_time(bars: Sequence[WrittenBar]) -> list[bool]:
    """Return for each bar whether it is played at the last repeat."""
    played = [True] * len(bars)
    for index, bar in enumerate(bars):
        if not bar.endings:
            continue
        # The bracket that follows directly, if it is a later ending.
        following = index
        while following < len(bars) and bars[following].endings == bar.endings:
            following += 1
        later = bars[following].endings if following < len(bars) else frozenset()
        if later and max(later) > max(bar.endings):
            played[index] = False
    return played


def _measures(
    bars: Sequence[WrittenBar], starts: Sequence[Fraction]
) -> tuple[list[Measure], list[int]]:
    """Return the measures on the grid, and the numbers of those that are too long.

    They are in common time if the score begins without a metre.
    """
    measures = []
    too_long = []
    metre = COMMON_TIME
    for index, bar in enumerate(bars):
        metre = bar.metre or metre
        length = math.ceil(starts[index + 1]) - math.ceil(starts[index])
        is_pickup = index == 0 and 0 < length < metre.bar_length and len(bars) > 1
        upbeat = bar.upbeat or bar.number == 0 or is_pickup
        measures.append(Measure(length=length, metre=metre, upbeat=upbeat))
        if length > metre.bar_length:
            too_long.append(bar.number)
    return measures, too_long


def _without_empty(
    score: WrittenScore, layout: Layout
) -> tuple[list[WrittenBar], list[list[list[list[ScoreNote]]]]]:
    """Return the bars that are read, and for each of them the lines of each staff.

    A metre that begins with a bar that is left out begins with the next one.
    """
    columns = []
    bars = []
    metre: Metre | None = None
    for index, (bar, played) in enumerate(
        zip(score.bars, _last_time(score.bars), strict=True)
    ):
        metre = bar.metre or metre
        if played and bar.length:
            bars.append(replace(bar, metre=metre))
            columns.append([staff.bars[index] for staff, _ in layout])
            metre = None
    return bars, columns


def _read_staves(
    score: WrittenScore,
    layout: Layout,
    voices: Sequence[int],
    options: ReadingOptions | None,
) -> Reading:
    """Return the chorale on some staves, which together hold `voices`."""
    counts = [len(staff.bars) for staff, _ in layout]
    if set(counts) != {len(score.bars)} or not score.bars:
        listed = ", ".join(map(str, counts))
        raise DataError(f"expected parts of equally many bars, got {listed}")
    played, columns = _without_empty(score, layout)
    starts = list(accumulate((bar.length for bar in played), initial=Fraction(0)))
    if not 0 < starts[-1] <= MOST_STEPS:
        raise DataError(
            f"expected a piece of at most {MOST_STEPS} sixteenths, "
            f"got {float(starts[-1]):.0f}"
        )
    measures, too_long = _measures(played, starts)
    bars, positions, metres = number_measures(
        measures, first_bar=max(played[0].number, 1)
    )
    guesses = [Guesses() for _ in layout]
    written: list[list[ScoreNote]] = [[] for _ in range(VOICES)]
    for column, measure, start in zip(columns, measures, starts, strict=False):
        lines = [
            line
            for staff, (_, count), guess in zip(column, layout, guesses, strict=True)
            for line in separate_bar(staff, count, measure.metre, guess)
        ]
        for voice, line in zip(voices, lines, strict=True):
            written[voice] += [note.delayed(start) for note in line]
    for (staff, count), guess in zip(layout, guesses, strict=True):
        if 2 * len(guess.unisons) > guess.notes:
            name = f" {staff.name}" if staff.name else ""
            raise DataError(
                f"expected {count} voices on the staff{name}, got one in most bars, "
                f"first in bar {guess.unisons[0]}"
            )
    joined = [join_ties(line) for line in written]
    fermatas = np.zeros(len(bars), np.bool_)
    for line in written:
        for note in line:
            if note.fermata:
                fermatas[slice(*note.span())] = True
    chorale = Chorale.from_notes(
        [score_notes.on_grid(line) for line in joined],
        len(bars),
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=score.bars[0].tempo or DEFAULT_TEMPO,
        title=score.title,
    )
    key, key_notes = (options or ReadingOptions()).key_of(
        score.bars[0].key, chorale.pitches
    )
    return Reading(
        replace(chorale, key=key),
        spelling=score_notes.spelling_on_grid(joined, chorale.steps),
        off_grid=sum(map(score_notes.count_off_grid, joined)),
        metre_assumed=not any(bar.metre for bar in score.bars),
        notes=(*score.notes, *key_notes, *_remarks(score, guesses, too_long)),
    )


# === Remarks ===


def _remarks(
    score: WrittenScore, guesses: Sequence[Guesses], too_long: Sequence[int]
) -> list[str]:
    """Return sentences on what is read differently from how it is written."""
    remarks = []
    omitted = [
        bar.number
        for bar, played in zip(score.bars, _last_time(score.bars), strict=True)
        if not played
    ]
    if omitted:
        remarks.append(
            f"repeats are read once, with the last ending: {_bars(omitted)} left out"
        )
    elif any(bar.repeat_start or bar.repeat_end for bar in score.bars):
        remarks.append("repeats are read once")
    if unisons := [bar for guess in guesses for bar in guess.unisons]:
        remarks.append(
            "notes that are written once for two voices are read as unisons in "
            + _bars(unisons)
        )
    if unwritten := [bar for guess in guesses for bar in guess.unwritten]:
        remarks.append(
            "where neither a note nor a rest is written for a voice, it is silent in "
            + _bars(unwritten)
        )
    if too_long:
        remarks.append(
            f"longer than the metre and counted as several bars: {_bars(too_long)}"
        )
    first = next((bar for bar in score.bars if bar.metre), None)
    if first is not None and score.bars[0].metre is None:
        remarks.append(
            f"there is no metre before bar {first.number}: the bars before are counted "
            "in 4/4"
        )
    return remarks


def _bars(numbers: Iterable[int]) -> str:
    """Return `bar 3`, or `bars 3, 5, 6`; at most the first ten."""
    distinct = sorted(set(numbers))
    listed = ", ".join(map(str, distinct[:10])) + ", …" * (len(distinct) > 10)
    return f"bar{'s' if len(distinct) > 1 else ''} {listed}"

"""From a written score to four voices on the grid: choice of staves, repeats, metre.

The readers of MusicXML, ABC and Humdrum return the score.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np

from chorale.errors import DataError, located
from chorale.formats.parts.choice import PartInfo, choose_line, choose_parts
from chorale.formats.places import list_bars
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.scores import notes as score_notes
from chorale.formats.scores.notes import ScoreNote, join_ties
from chorale.formats.scores.staff_voices import (
    Guesses,
    most_at_once,
    ordered_by_height,
    separate_bar,
    upper_line,
)
from chorale.formats.scores.written_score import (
    KeySignature,
    Line,
    Staff,
    WrittenBar,
    WrittenScore,
)
from chorale.music.metre import COMMON_TIME, Measure, Metre, number_measures
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import IntArray

MOST_STEPS = 100_000  # an hour and a half; longer files are damaged
_FINEST_TIME = 10**15  # denominator of a time in steps; finer ones are damaged

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
        score: of four voices, see `chorale.formats.parts.choice`, or a line.
        voice: the voice that a single line is, the others silent, or one of four. None
            to read four voices.
        options: what the user says about the file.

    Returns:
        The chorale with the title, tempo and key of the score, see `decide_key`; the
        key is None without a key signature.

    Raises:
        DataError: the score does not hold the voices.
    """
    wanted = options.parts if options else None
    layout, remarks = _choose_staves(score.staves, voice, wanted)
    score = replace(score, notes=(*score.notes, *remarks))
    reading = _read_layout(score, layout, voice)
    chorale = reading.chorale
    signature, signature_remarks = _signature(score, layout, chorale.pitches)
    key, key_remarks = (options or ReadingOptions()).key_of(signature, chorale.pitches)
    notes = (*reading.notes, *signature_remarks, *key_remarks)
    return reading._replace(chorale=replace(chorale, key=key), notes=notes)


def _read_layout(score: WrittenScore, layout: Layout, voice: int | None) -> Reading:
    """Return the voices on some staves; on one staff a line, or else four voices."""
    if voice is None or len(layout) > 1:
        return _read_staves(score, layout, range(VOICES))
    ((staff, count),) = layout
    try:
        return _read_staves(score, [(staff, 1)], [voice])
    except DataError as error:
        if count > 1:
            with contextlib.suppress(DataError):
                return _read_staves(score, layout, range(VOICES))
        melody = _melody(staff)
        if melody is None:
            raise DataError(
                f"{error}: leave only the melody in it, or write all four voices"
            ) from None
        return _read_staves(score, [(melody, 1)], [voice])


def _melody(staff: Staff) -> Staff | None:
    """Return a staff with its upper voice and the top notes of chords, which is said.

    None if there is only one voice, or if too many of its notes are chords.
    """
    found = upper_line(staff.bars)
    if found is None:
        return None
    bars, chords, seconds = found
    remarks = []
    if chords:
        remarks.append(f"of chords the top note is read in {list_bars(chords)}")
    if seconds:
        remarks.append(f"only the upper voice is read in {list_bars(seconds)}")
    if not remarks:
        return None
    return replace(staff, bars=bars, remarks=(*staff.remarks, *remarks))


# === Staves ===


def _choose_staves(
    staves: Sequence[Staff], voice: int | None, wanted: tuple[int, ...] | None
) -> tuple[Layout, tuple[str, ...]]:
    """Return the staves that hold the four voices, or the line, and remarks."""
    parts = [_describe(staff) for staff in staves]
    if voice is None:
        choice = choose_parts(parts, wanted)
    else:
        choice = choose_line(parts, voice, wanted)
    chosen = [staves[index] for index in choice.parts]
    for staff in chosen:
        if staff.percussion is not None:
            raise DataError(f"expected notes, got percussion in bar {staff.percussion}")
    most = [parts[index].most_at_once for index in choice.parts]
    if sorted(most) == [1, VOICES - 1]:  # three voices in one hand of a keyboard score
        return list(zip(chosen, most, strict=True)), choice.remarks
    is_line = voice is not None and len(chosen) == 1 and most[0] < VOICES
    count = 1 if is_line else VOICES // len(chosen)
    if count == 2 or is_line:
        chosen = [_upper_first(staff) for staff in chosen]
    return [(staff, count) for staff in chosen], choice.remarks


def _upper_first(staff: Staff) -> Staff:
    """Return a staff of two voices with the upper one first, said if it was not."""
    bars = None if staff.is_ordered else ordered_by_height(staff.bars)
    if bars is None:
        return staff
    name = f' "{staff.name}"' if staff.name else ""
    remark = (
        f"the two voices of the staff{name} are read by their height: the one that is "
        "written as the upper one is nearly always below the other"
    )
    return replace(staff, bars=bars, remarks=(*staff.remarks, remark))


def _describe(staff: Staff) -> PartInfo:
    """Return what the choice of parts needs to know of a staff."""
    pitches = [pitch for bar in staff.bars for line in bar for pitch in _pitches(line)]
    return PartInfo(
        name=staff.name,
        abbreviation=staff.abbreviation,
        clef=staff.clef,
        mean=fmean(pitches) if pitches else 0.0,
        lowest=min(pitches, default=0),
        highest=max(pitches, default=0),
        program=staff.program,
        has_notes=bool(pitches),
        most_at_once=max(map(most_at_once, staff.bars), default=0),
        voices=max(map(len, staff.bars), default=0),
    )


def _pitches(line: Line) -> Iterator[int]:
    return (pitch for note in line for pitch in note.pitches)


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
        upbeat = bar.upbeat or is_pickup
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


def _starts(bars: Sequence[WrittenBar]) -> list[Fraction]:
    """Return the beginning of each bar and the end of the last, in steps."""
    starts = [Fraction(0)]
    for bar in bars:
        starts.append(starts[-1] + bar.length)
        if starts[-1] > MOST_STEPS or starts[-1].denominator > _FINEST_TIME:
            raise DataError(
                f"expected a piece of at most {MOST_STEPS} sixteenths, got "
                f"{float(starts[-1]):.0f} to the end of bar {bar.number}"
            )
    if not starts[-1]:
        raise DataError("expected notes, got none")
    return starts


def _read_staves(score: WrittenScore, layout: Layout, voices: Sequence[int]) -> Reading:
    """Return the chorale on some staves, which together hold `voices`."""
    counts = [len(staff.bars) for staff, _ in layout]
    if set(counts) != {len(score.bars)} or not score.bars:
        listed = ", ".join(map(str, counts))
        raise DataError(f"expected parts of equally many bars, got {listed}")
    played, columns = _without_empty(score, layout)
    starts = _starts(played)
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
    for first, end in _fermata_spans(joined, columns, played, starts):
        fermatas[first:end] = True
    chorale = Chorale.from_notes(
        [score_notes.on_grid(line) for line in joined],
        len(bars),
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=score.bars[0].tempo or DEFAULT_TEMPO,
        title=score.title,
        credit=score.composer,
        lyrics=score_notes.lyrics_on_grid(joined),
    )
    return Reading(
        chorale,
        spelling=score_notes.spelling_on_grid(joined, chorale.steps),
        off_grid=sum(map(score_notes.count_off_grid, joined)),
        metre_assumed=not any(bar.metre for bar in score.bars),
        notes=(
            *score.notes,
            *dict.fromkeys(remark for staff, _ in layout for remark in staff.remarks),
            *_remarks(score, guesses, too_long),
        ),
    )


def _fermata_spans(
    joined: Sequence[Sequence[ScoreNote]],
    columns: Sequence[Sequence[Sequence[Line]]],
    bars: Sequence[WrittenBar],
    starts: Sequence[Fraction],
) -> Iterator[tuple[int, int]]:
    """Yield the first step of each fermata and the step after its last.

    A fermata on one of tied notes is over all of them.
    """
    for line in joined:
        yield from (note.span() for note in line if note.fermata)
    for column, bar, start in zip(columns, bars, starts, strict=False):
        for note in (note for staff in column for line in staff for note in line):
            if note.fermata and not note.pitches:
                yield note.delayed(start).span()
        for first, end in bar.fermatas:
            yield math.ceil(start + first), math.ceil(start + end)


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
            "repeats are read once, with the last ending, without " + list_bars(omitted)
        )
    elif any(bar.repeat_start or bar.repeat_end for bar in score.bars):
        remarks.append("repeats are read once")
    if unisons := [bar for guess in guesses for bar in guess.unisons]:
        remarks.append(
            "notes that are written once for two voices are read as unisons in "
            + list_bars(unisons)
        )
    if unwritten := [bar for guess in guesses for bar in guess.unwritten]:
        remarks.append(
            "where neither a note nor a rest is written for a voice, it is silent in "
            + list_bars(unwritten)
        )
    keys = [(bar.number, bar.key.fifths) for bar in score.bars if bar.key]
    if changes := [
        number for (_, before), (number, after) in pairwise(keys) if before != after
    ]:
        remarks.append(
            "the key signature changes, only the first is kept: " + list_bars(changes)
        )
    tempos = [
        (bar.number, bar.tempo)
        for index, bar in enumerate(score.bars)
        if bar.tempo or not index
    ]
    if changes := [
        number for (_, before), (number, after) in pairwise(tempos) if before != after
    ]:
        remarks.append(
            "the tempo changes, only that of the beginning is kept: "
            + list_bars(changes)
        )
    if too_long:
        remarks.append(
            f"longer than the metre and counted as several bars: {list_bars(too_long)}"
        )
    first = next((bar for bar in score.bars if bar.metre), None)
    if first is not None and score.bars[0].metre is None:
        remarks.append(
            f"there is no metre before bar {first.number}: the bars before are counted "
            "in 4/4"
        )
    return remarks


def _signature(
    score: WrittenScore, layout: Layout, pitches: IntArray
) -> tuple[KeySignature | None, tuple[str, ...]]:
    """Return the key signature of the staves that are read, and remarks.

    Of different ones it is that which most notes fit.
    """
    keys = [staff.key for staff, _ in layout if staff.key is not None]
    if not keys:
        return score.bars[0].key, ()
    distinct = {key.fifths for key in keys}
    if len(distinct) == 1:
        return next((key for key in keys if key.mode), keys[0]), ()
    classes = np.bincount(pitches[pitches != SILENCE] % 12, minlength=12)

    def fitting(key: KeySignature) -> int:
        scale = [7 * (key.fifths + place) % 12 for place in range(-1, 6)]
        return int(classes[scale].sum())

    remark = "parts have different key signatures, that which most notes fit is read"
    return max(keys, key=fitting), (remark,)

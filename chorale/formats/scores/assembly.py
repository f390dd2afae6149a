"""From a written score to four voices, or one, on the grid of sixteenths.

The readers of MusicXML, ABC, Humdrum and MEI return the score.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.errors import DataError, located
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.remarks import on_short_notes
from chorale.formats.scores import notes as score_notes
from chorale.formats.scores.bars import PlayedBars, fit_bars, play_bars
from chorale.formats.scores.notes import ScoreNote, join_ties
from chorale.formats.scores.remarks import remarks_on
from chorale.formats.scores.staff_choice import (
    Layout,
    choose_staves,
    with_melody_alone,
    with_one_note_of_divisi,
)
from chorale.formats.scores.staff_voices import Guesses, separate_bar
from chorale.formats.scores.written_score import Line, WrittenScore
from chorale.music.keys import KeySignature
from chorale.music.metre import number_measures
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import VOICES

# The lines of each staff that is read, in one bar.
_Column = Sequence[Sequence[Line]]


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

    A step takes the note that sounds at its beginning, so notes shorter than a
    sixteenth remain only if they begin on the grid; tied notes are joined, and the
    fermatas of all voices are united. Repeats are read once, with the last ending. Bars
    are counted from the pickup, bar 0, or the first full bar; a short bar that
    completes the short one before it, as at a repeat, belongs to it.

    Args:
        score: of four voices, see `chorale.formats.parts.choice`, or a line.
        voice: the voice that a single line is, the others silent, or one of four. None
            to read four voices.
        options: what the user says about the file.

    Returns:
        The chorale with the title and tempo of the score, its key undecided, and the
        key signatures of the staves that are read.

    Raises:
        DataError: the score does not hold the voices.
    """
    wanted = options.parts if options else None
    layout, remarks = choose_staves(score.staves, voice, wanted)
    score = replace(score, notes=(*score.notes, *remarks))
    return _read_layout(score, layout, voice)


def _read_layout(score: WrittenScore, layout: Layout, voice: int | None) -> Reading:
    """Return the voices on some staves; on one staff a line, or else four voices."""
    if voice is None or len(layout) > 1:
        layout = with_one_note_of_divisi(layout)
        return _read_staves(score, layout, range(VOICES))
    ((staff, count),) = layout
    try:
        return _read_staves(score, [(staff, 1)], [voice])
    except DataError as error:
        if count > 1:
            with contextlib.suppress(DataError):
                return _read_staves(score, layout, range(VOICES))
        melody = with_melody_alone(staff)
        if melody is None:
            raise DataError(
                f"{error}: leave only the melody in it, or write all four voices"
            ) from None
        return _read_staves(score, [(melody, 1)], [voice])


def _read_staves(score: WrittenScore, layout: Layout, voices: Sequence[int]) -> Reading:
    """Return the chorale on some staves, which together hold `voices`."""
    score = _with_bars_of(score, layout)
    played = play_bars(score.bars)
    columns = [[staff.bars[index] for staff, _ in layout] for index in played.indices]
    bars, positions, metres = number_measures(
        played.measures, first_bar=max(played.bars[0].number, 1)
    )
    guesses = [Guesses() for _ in layout]
    lines = _separate(columns, layout, voices, played, guesses)
    fermatas = np.zeros(len(bars), np.bool_)
    for first, end in _fermata_spans(lines, columns, played):
        fermatas[first:end] = True
    off_grid = [step for line in lines for step in score_notes.off_grid(line)]
    chorale = Chorale.from_notes(
        [score_notes.on_grid(line) for line in lines],
        len(bars),
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=score.bars[0].tempo or DEFAULT_TEMPO,
        title=score.title,
        credit=score.composer,
        lyrics=score_notes.lyrics_on_grid(lines),
    )
    return Reading(
        chorale,
        spelling=score_notes.spelling_on_grid(lines, chorale.steps),
        off_grid=len(off_grid),
        first_off_grid=min(off_grid, default=None),
        metre_assumed=not any(bar.metre for bar in score.bars),
        notes=(
            *score.notes,
            *dict.fromkeys(remark for staff, _ in layout for remark in staff.remarks),
            *remarks_on(score.bars, played, guesses),
            *on_short_notes(sum(map(score_notes.count_lost, lines))),
        ),
        signatures=_signatures(score, layout),
        first_change=played.first_change,
    )


def _with_bars_of(score: WrittenScore, layout: Layout) -> WrittenScore:
    """Return a score with the bars of the staves that are read.

    Staves that are left out, such as an accompaniment, may have more or longer bars.

    Raises:
        DataError: the staves have unequal numbers of bars, or none.
    """
    counts = [len(staff.bars) for staff, _ in layout]
    if len(set(counts)) != 1 or not counts[0]:
        listed = ", ".join(
            f'{len(staff.bars)} in "{staff.name}"'
            if staff.name
            else str(len(staff.bars))
            for staff, _ in layout
        )
        raise DataError(
            f"expected parts of equally many bars, got {listed}: fill the shorter ones "
            "with rests"
        )
    bars = score.bars[: counts[0]]
    if len(layout) < len(score.staves):
        bars = fit_bars(bars, [staff.bars for staff, _ in layout])
    return replace(score, bars=bars)


def _separate(
    columns: Sequence[_Column],
    layout: Layout,
    voices: Sequence[int],
    played: PlayedBars,
    guesses: Sequence[Guesses],
) -> list[list[ScoreNote]]:
    """Return the notes of the four voices, tied notes joined; `guesses` are counted."""
    written: list[list[ScoreNote]] = [[] for _ in range(VOICES)]
    for column, measure, start in zip(
        columns, played.measures, played.starts, strict=False
    ):
        lines: list[Line] = []
        for bar, (staff, count), guess in zip(column, layout, guesses, strict=True):
            sung_by = voices[len(lines) : len(lines) + count]
            try:
                lines += separate_bar(bar, count, measure.metre, guess, sung_by)
            except DataError as error:
                name = f"{staff.name}: " if staff.name else ""
                raise DataError(f"{name}{error}") from None
        for voice, line in zip(voices, lines, strict=True):
            written[voice] += [note.delayed(start) for note in line]
    for (staff, count), guess in zip(layout, guesses, strict=True):
        single = sorted([*guess.unisons, *guess.alone])
        if 2 * len(single) > guess.notes:
            name = f" {staff.name}" if staff.name else ""
            raise DataError(
                f"expected {count} voices on the staff{name}, got one in most bars, "
                f"first in bar {single[0]}"
            )
    return [join_ties(line) for line in written]


def _fermata_spans(
    lines: Sequence[Sequence[ScoreNote]],
    columns: Sequence[_Column],
    played: PlayedBars,
) -> Iterator[tuple[int, int]]:
    """Yield the first step of each fermata and the step after its last.

    A fermata on one of tied notes is over all of them.
    """
    for line in lines:
        yield from (note.span() for note in line if note.fermata)
    for column, bar, start in zip(columns, played.bars, played.starts, strict=False):
        for note in (note for staff in column for line in staff for note in line):
            if note.fermata and not note.pitches:
                yield note.delayed(start).span()
        for first, end in bar.fermatas:
            yield math.ceil(start + first), math.ceil(start + end)


def _signatures(score: WrittenScore, layout: Layout) -> tuple[KeySignature, ...]:
    """Return the key signatures of the staves that are read, or that of the score."""
    keys = [staff.key for staff, _ in layout if staff.key is not None]
    first = score.bars[0].key
    return tuple(keys) if keys or first is None else (first,)

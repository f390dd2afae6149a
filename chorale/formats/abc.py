"""ABC notation, read into a written score.

The reader follows the standard 2.1 of abcnotation.com. An accidental holds to the
barline in its own octave, as on paper. Repeats are marked, not played out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from chorale.errors import DataError, located
from chorale.formats.abc_events import AbcBar, Event, length_of
from chorale.formats.abc_remarks import Remarks, Spot
from chorale.formats.abc_text import MAX_BYTES, decode, select_tune, split_tunes
from chorale.formats.abc_tunes import TuneReader
from chorale.formats.abc_voices import VoiceReader
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.score_notes import ScoreNote, Syllable
from chorale.formats.score_reader import read_score
from chorale.formats.written_score import Line, Staff, WrittenBar, WrittenScore
from chorale.music.metre import STEPS_PER_QUARTER, Metre

MAX_STEPS = 1 << 20

_Value = TypeVar("_Value")


def read_tune(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a tune on the grid, see `score_reader.read_score`.

    Raises:
        DataError: as `read_abc`, or the tune does not hold the voices.
    """
    number = options.tune if options else None
    return read_score(path, lambda file: read_abc(file, number), voice, options)


def read_abc(path: Path, tune: int | None = None) -> WrittenScore:
    """Read a tune of a file in ABC notation.

    Args:
        path: the file. Its text is read as ABC, whatever it is.
        tune: the number of the tune, its X: field, in a book of tunes.

    Returns:
        The score, a staff for each voice. Grace notes are left out; `notes` says so.

    Raises:
        DataError: the file cannot be read, it is a book and no number is given, no tune
            or more than one has the number, or the tune is damaged.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror}", path) from error
    with located(path):
        if not raw.strip():
            raise DataError("expected a score, it is empty")
        chosen = select_tune(split_tunes(decode(raw)), tune)
        reader = TuneReader()
        voices = reader.read(chosen)
        if not voices:
            hint = f": {chosen.notes[0]}" if chosen.notes else ""
            raise DataError(f"expected a tune, got no notes{hint}")
        properties = [reader.finish(voice) for voice in voices]
        if len(voices) == 1:
            _leave_overlays_out(voices[0], reader.remarks)
        _fill_up(voices, reader.remarks)
        bars = _written_bars(voices)
        _say_short_bars(voices, bars, reader.remarks)
        staves = [
            Staff(
                name=own.name,
                abbreviation=own.abbreviation,
                clef=own.clef,
                bars=[
                    [_line(layer, written.number) for layer in bar.layers]
                    for bar, written in zip(voice.bars, bars, strict=True)
                ],
            )
            for voice, own in zip(voices, properties, strict=True)
        ]
    return WrittenScore(
        bars=bars,
        staves=staves,
        title=reader.title,
        composer=reader.composer,
        notes=(*chosen.notes, *reader.remarks.sentences([bar.number for bar in bars])),
    )


# === Bars ===


def _leave_overlays_out(voice: VoiceReader, remarks: Remarks) -> None:
    """Keep the first of several voices in each bar of a tune of one staff."""
    for index, bar in enumerate(voice.bars):
        if len(bar.layers) > 1:
            bar.layers = bar.layers[:1]
            bar.length = length_of(bar.layers[0]) or bar.length
            remarks.add("voices that begin with & are left out", Spot(index))


def _fill_up(voices: Sequence[VoiceReader], remarks: Remarks) -> None:
    """Let voices that end early rest in the last bars.

    Raises:
        DataError: bars that are there do not fit those of the other voices.
    """
    longest = max(voices, key=lambda voice: len(voice.bars))
    for voice in voices:
        count = len(voice.bars)
        if count == len(longest.bars):
            continue
        for bar, other in zip(voice.bars, longest.bars, strict=False):
            if bar.length != other.length:
                counts = ", ".join(
                    f"{voice.name}: {len(voice.bars)}" for voice in voices
                )
                raise DataError(
                    f"expected voices of equally many bars, got {counts}; "
                    f"rows {bar.row} and {other.row} differ first"
                )
        for filled in longest.bars[count:]:
            rest = Event([], filled.length, filled.length, len(voice.bars))
            voice.bars.append(AbcBar(filled.row, [[rest]], filled.length))
        remarks.add(
            f"voice {voice.name} ends after {count} of {len(longest.bars)} bars: "
            "it is silent from there"
        )


def _written_bars(voices: Sequence[VoiceReader]) -> list[WrittenBar]:
    """Return the bars of all voices, numbered.

    Raises:
        DataError: the piece is too long.
    """
    columns = list(zip(*(voice.bars for voice in voices), strict=True))
    lengths = [max(bar.length for bar in column) for column in columns]
    if sum(lengths, Fraction()) > MAX_STEPS:
        raise DataError(f"expected at most {MAX_STEPS // STEPS_PER_QUARTER} quarters")
    metres = [_first(bar.metre for bar in column) for column in columns]
    numbers, upbeats = _number(lengths, metres, [column[0] for column in columns])
    return [
        WrittenBar(
            number=number,
            length=length,
            metre=metre,
            key=_first(bar.key for bar in column),
            tempo=_first(bar.tempo for bar in column),
            upbeat=upbeat,
            repeat_start=any(bar.repeat_start for bar in column),
            repeat_end=any(bar.repeat_end for bar in column),
            endings=frozenset().union(*(bar.endings for bar in column)),
        )
        for column, length, metre, number, upbeat in zip(
            columns, lengths, metres, numbers, upbeats, strict=True
        )
    ]


def _first(values: Iterable[_Value | None]) -> _Value | None:
    return next((value for value in values if value is not None), None)


def _number(
    lengths: Sequence[Fraction], metres: Sequence[Metre | None], bars: Sequence[AbcBar]
) -> tuple[list[int], list[bool]]:
    """Return the number of each bar, and whether it is an upbeat.

    A short bar at the beginning, or after a double bar or a repeat sign, is an upbeat
    unless the next bar completes it. Bars that complete one another share a number.
    """
    numbers: list[int] = []
    upbeats: list[bool] = []
    metre: Metre | None = None
    number, position = 0, Fraction()
    last = len(lengths) - 1
    for index, (length, bar) in enumerate(zip(lengths, bars, strict=True)):
        metre = metres[index] or metre
        full = Fraction(metre.bar_length) if metre else length
        continues = position > 0 and position + length <= full
        completed = index + 1 < last and length + lengths[index + 1] == full
        upbeat = (
            bar.begins_section
            and length < full
            and not continues
            and not completed
            and index < last
        )
        if not continues:
            position = Fraction()
            number += not (upbeat and index == 0)
        position = Fraction() if upbeat else (position + length) % full
        numbers.append(number)
        upbeats.append(upbeat)
    return numbers, upbeats


def _say_short_bars(
    voices: Sequence[VoiceReader], bars: Sequence[WrittenBar], remarks: Remarks
) -> None:
    """Say where a voice has less than the others."""
    for voice in voices:
        for bar, written in zip(voice.bars, bars, strict=True):
            for layer in bar.layers:
                if length_of(layer) < written.length:
                    remarks.add(
                        "voices have bars of different lengths: "
                        "where a voice is shorter it is silent",
                        f"bar {written.number} of voice {voice.name}",
                    )


def _line(events: Sequence[Event], bar: int) -> Line:
    """Return the notes of a voice in a bar."""
    line: Line = []
    start = Fraction()
    for event in events:
        end = start + event.length
        pitches = event.pitches
        if len(pitches) > 1:
            pitches = sorted(pitches, key=lambda pitch: (-pitch.pitch, -pitch.number))
        line.append(
            ScoreNote(
                pitches=tuple([pitch.pitch for pitch in pitches]),
                tied=tuple([pitch.tied for pitch in pitches]),
                start=start,
                end=end,
                fermata=event.fermata,
                bar=bar,
                spelling=tuple([pitch.number for pitch in pitches]),
                syllables=tuple(
                    [
                        Syllable(text=text, verse=verse, joined=joined)
                        for verse, text, joined in event.syllables
                    ]
                ),
            )
        )
        start = end
    return line

"""Bars of all voices of a tune in ABC notation: barlines in common, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TypeVar

from chorale.errors import DataError
from chorale.formats.abc.events import AbcBar, Event, length_of
from chorale.formats.abc.remarks import Remarks
from chorale.formats.abc.voices import VoiceReader
from chorale.formats.limits import MOST_STEPS
from chorale.formats.scores.written_score import WrittenBar
from chorale.music.metre import Metre

_Value = TypeVar("_Value")


# === Barlines ===


def align_voices(voices: Sequence[VoiceReader], remarks: Remarks) -> None:
    """Give all voices equally many bars.

    Where a voice lacks barlines of another, its bars are divided there; a voice that
    ends early rests from there.

    Raises:
        DataError: the barlines of the voices do not fit each other.
    """
    longest = max(voices, key=lambda voice: len(voice.bars))
    times = _barlines(longest)
    for voice in voices:
        own = _barlines(voice)
        if own == times[: len(own)] or len(own) == len(times):
            continue
        if own[-1] not in times or not set(own) <= set(times):
            row = next(
                bar.row
                for bar, time in zip(voice.bars, own[1:], strict=True)
                if time not in times
            )
            counts = ", ".join(f"{voice.name}: {len(voice.bars)}" for voice in voices)
            raise DataError(
                f"expected voices with the same barlines, got bars {counts}; "
                f"row {row} does not fit voice {longest.name}"
            )
        bars = []
        for bar, (start, end) in zip(voice.bars, pairwise(own), strict=True):
            inner = [time - start for time in times if start < time < end]
            bars += _divided(bar, inner)
            if inner:
                remarks.add(
                    "barlines that a voice lacks are taken from the others",
                    f"row {bar.row} of voice {voice.name}",
                )
        voice.bars[:] = bars
    for voice in voices:
        count = len(voice.bars)
        for filled in longest.bars[count:]:
            rest = Event([], filled.length, filled.length, len(voice.bars))
            voice.bars.append(AbcBar(filled.row, [[rest]], filled.length))
        if count < len(longest.bars):
            remarks.add(
                f"voice {voice.name} ends after {count} of {len(longest.bars)} bars: "
                "it is silent from there"
            )


def cut_hidden_end(voices: Sequence[VoiceReader]) -> None:
    """Shorten the last bar to what is printed in it, if anything is.

    Some programs fill it with rests that are not seen, where it completes a pickup.
    """
    shown = Fraction(0)
    for voice in voices:
        for layer in voice.bars[-1].layers:
            ends = accumulate(event.length for event in layer)
            shown = max(
                [
                    shown,
                    *(
                        end
                        for event, end in zip(layer, ends, strict=True)
                        if not event.hidden
                    ),
                ]
            )
    for bar in (voice.bars[-1] for voice in voices):
        if 0 < shown < bar.length:
            bar.layers = [_between(layer, Fraction(0), shown) for layer in bar.layers]
            bar.length = shown


def _barlines(voice: VoiceReader) -> list[Fraction]:
    """Return the times of the barlines of a voice, the first and the last included."""
    return list(accumulate((bar.length for bar in voice.bars), initial=Fraction(0)))


def _divided(bar: AbcBar, times: Sequence[Fraction]) -> list[AbcBar]:
    """Return the parts of a bar between barlines; notes over them are tied."""
    bounds = [Fraction(0), *times, bar.length]
    parts = []
    for start, end in pairwise(bounds):
        layers = [_between(layer, start, end) for layer in bar.layers]
        first, last = start == 0, end == bar.length
        parts.append(
            replace(
                bar,
                layers=layers,
                length=end - start,
                begins_section=bar.begins_section and first,
                metre=bar.metre if first else None,
                key=bar.key if first else None,
                tempo=bar.tempo if first else None,
                repeat_start=bar.repeat_start and first,
                repeat_end=bar.repeat_end and last,
            )
        )
    return parts


def _between(events: Sequence[Event], start: Fraction, end: Fraction) -> list[Event]:
    """Return what sounds between two times, in steps from the first of the notes."""
    found = []
    ends = accumulate(event.length for event in events)
    for event, stop in zip(events, ends, strict=True):
        begin = stop - event.length
        length = min(stop, end) - max(begin, start)
        if length <= 0:
            continue
        part = replace(event, length=length)
        if begin < start:
            part.pitches = [replace(pitch, tied=True) for pitch in event.pitches]
            part.syllables = []
        found.append(part)
    return found


# === Written bars ===


def written_bars(voices: Sequence[VoiceReader]) -> list[WrittenBar]:
    """Return the bars of all voices, numbered.

    Raises:
        DataError: the piece is too long.
    """
    columns = list(zip(*(voice.bars for voice in voices), strict=True))
    lengths = [max(bar.length for bar in column) for column in columns]
    if sum(lengths, Fraction()) > MOST_STEPS:
        raise DataError(f"expected a piece of at most {MOST_STEPS} sixteenths")
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
        is_new_metre = index > 0 and metres[index] is not None
        continues = position > 0 and position + length <= full and not is_new_metre
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


def say_short_bars(
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

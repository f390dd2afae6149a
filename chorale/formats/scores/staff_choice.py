"""The staves that are read: those of the four voices, or that of a melody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from chorale.errors import DataError
from chorale.formats.parts.choice import choose_line, choose_parts
from chorale.formats.parts.info import PartInfo
from chorale.formats.places import list_bars
from chorale.formats.scores.staff_voices import (
    most_at_once,
    ordered_by_height,
    upper_line,
    without_divisi,
)
from chorale.formats.scores.written_score import Line, Staff
from chorale.music.voices import VOICE_NAMES, VOICES

# Staves of the score and how many of the voices each holds, soprano first.
Layout = Sequence[tuple[Staff, int]]


def choose_staves(
    staves: Sequence[Staff], voice: int | None, wanted: tuple[int, ...] | None
) -> tuple[Layout, tuple[str, ...]]:
    """Choose the staves that hold the four voices, or the line.

    Args:
        staves: of the score, from the top.
        voice: the voice that a single line is, or that is taken out of four; None to
            read four voices.
        wanted: numbers of staves from the user, see `parts.choice.choose_parts`.

    Returns:
        The staves, and sentences on the choice.

    Raises:
        DataError: as `choose_parts`, or there is percussion on a chosen staff.
    """
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


def with_melody_alone(staff: Staff) -> Staff | None:
    """Return a staff with its upper voice and the top notes of chords, which is said.

    None if there is only one voice, or if too many of its notes are chords.
    """
    found = upper_line(staff.bars)
    if found is None:
        return None
    bars, chords, seconds = found
    remarks = []
    if chords:
        remarks.append(f"only the top note of chords is read in {list_bars(chords)}")
    if seconds:
        remarks.append(f"only the upper voice is read in {list_bars(seconds)}")
    if not remarks:
        return None
    return replace(staff, bars=bars, remarks=(*staff.remarks, *remarks))


def with_one_note_of_divisi(layout: Layout) -> Layout:
    """Return four staves of one voice each, of few chords one note, which is said."""
    if len(layout) != VOICES:
        return layout
    single = []
    for voice, (staff, count) in enumerate(layout):
        bars, divided = without_divisi(staff.bars, voice)
        if divided:
            where = list_bars(divided)
            remark = f"the {VOICE_NAMES[voice]} is divided in {where}: one note is read"
            staff = replace(staff, bars=bars, remarks=(*staff.remarks, remark))
        single.append((staff, count))
    return single


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

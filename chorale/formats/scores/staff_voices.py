"""The voices on a staff: which notes of its written voices and chords belong to which.

Two voices on a staff are written as voices, as chords, or as both. A unison is often
written once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

from chorale.errors import DataError
from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.written_score import Line
from chorale.music.metre import Metre
from chorale.music.voices import ALL_VOICES, BASS, SOPRANO

# A voice may be divided in so large a share of its notes; of more than so many, in one.
_MOST_DIVISI, _FEW_NOTES = 0.05, 8

# Semitones beyond the textbook range of a voice in which it may sing in unison with
# another; Bach's basses reach E4.
_REACH_DOWN, _REACH_UP = 2, 4


@dataclass(kw_only=True)
class Guesses:
    """What was guessed about the voices of a staff, by numbers of bars."""

    notes: int = 0  # notes and chords of the staff
    unisons: list[int] = field(default_factory=list)  # written once for all voices
    unwritten: list[int] = field(default_factory=list)  # neither a note nor a rest
    # The same under a note that another voice cannot sing too.
    alone: list[int] = field(default_factory=list)


def separate_bar(
    lines: Sequence[Line],
    count: int,
    metre: Metre,
    guesses: Guesses,
    sung_by: Sequence[int] = (),
) -> list[Line]:
    """Return the notes of each of the `count` voices of a staff in one bar.

    A chord of as many notes as there are voices has a note of each. Of two voices, both
    sing a note if nothing is written for the other at the same time, not even a rest,
    unless the note is out of reach of the other.

    Args:
        lines: the written voices, the upper one first; times are in steps from the
            beginning of the bar.
        count: voices expected.
        metre: counts the beats of the bar in messages.
        guesses: receives what was guessed.
        sung_by: the indices of the voices, whose ranges bound what they sing in unison;
            empty for no bounds.

    Raises:
        DataError: there are more notes at once than voices, or too few to know which
            voices sing them.
    """
    written = _fewest_lines([line for line in lines if line], count)
    voices: list[Line] = [[] for _ in range(count)]
    for rank, line in enumerate(written):
        others = [mark for voice in written if voice is not line for mark in voice]
        for note in filter(_sounds, line):
            guesses.notes += 1
            if len(note.pitches) == count:
                for voice in range(count):
                    voices[voice].append(note.member(voice, count))
                continue
            at_once = [mark for mark in others if _overlap(note, mark)]
            if len(note.pitches) > 1 or (at_once and len(written) != count):
                raise _wrong_number(note, written, count, metre)
            if at_once:
                voices[rank].append(note)
                if _is_open(note, at_once):
                    guesses.unwritten.append(note.bar)
                continue
            if count > 2:  # which of so many sings it is unknown
                raise _wrong_number(note, written, count, metre)
            owner = rank if len(written) == count else None
            singers = [
                voice
                for voice in range(count)
                if voice == owner or _reaches(sung_by[voice : voice + 1], note)
            ] or list(range(count))
            for voice in singers:
                voices[voice].append(replace(note, syllables=()) if voice else note)
            is_unison = len(singers) == count
            (guesses.unisons if is_unison else guesses.alone).append(note.bar)
    for voice, line in enumerate(voices):
        voices[voice] = _without_doubles(line)
        for note, after in zip(voices[voice], voices[voice][1:], strict=False):
            if _overlap(note, after):
                raise _wrong_number(after, written, count, metre)
    return voices


def ordered_by_height(bars: Sequence[list[Line]]) -> list[list[Line]] | None:
    """Return the bars of a staff of two voices with the other voice first.

    None if they are in order, that is, if the first voice is not below the second in
    more than two thirds of the time in which both sound and differ.
    """
    below = differing = Fraction(0)
    for lines in bars:
        sounding = [line for line in lines if any(map(_sounds, line))]
        if len(sounding) == 2:
            time_below, time_differing = compared(*sounding)
            below, differing = below + time_below, differing + time_differing
    if 3 * below <= 2 * differing:
        return None
    return [lines[::-1] for lines in bars]


def compared(line: Line, other: Line) -> tuple[Fraction, Fraction]:
    """Return how long one voice sounds below another, and how long they differ."""
    below = differing = Fraction(0)
    for note in filter(_sounds, line):
        for mark in other:
            shared = min(note.end, mark.end) - max(note.start, mark.start)
            if mark.pitches and shared > 0 and note.pitches[0] != mark.pitches[0]:
                differing += shared
                below += shared if note.pitches[0] < mark.pitches[0] else 0
    return below, differing


def upper_line(
    bars: Sequence[list[Line]],
) -> tuple[list[list[Line]], list[int], list[int]] | None:
    """Return the melody: the upper voice of each bar, the top notes of chords.

    Returns:
        The bars, the numbers of those with chords, and of those with a second voice
        that is left out; None if more than a quarter of the notes are chords.
    """
    melody: list[list[Line]] = []
    chords: list[int] = []
    seconds: list[int] = []
    count = 0
    for lines in bars:
        written = _fewest_lines([line for line in lines if line], 1)
        sounding = [line for line in written if any(map(_sounds, line))] or written
        seconds += [mark.bar for line in sounding[1:] for mark in line[:1]]
        line = sounding[0] if sounding else []
        count += sum(map(_sounds, line))
        chords += [note.bar for note in line if len(note.pitches) > 1]
        melody.append([[note.member(0, max(len(note.pitches), 1)) for note in line]])
    return None if 4 * len(chords) > count else (melody, chords, seconds)


def without_divisi(
    bars: Sequence[list[Line]], voice: int
) -> tuple[list[list[Line]], list[int]]:
    """Return the bars of one voice, of its few chords one note.

    It is the highest of the soprano, the lowest of the bass, otherwise the one that is
    nearest to the note before.

    Returns:
        The bars, and the numbers of those with chords; none if there are many chords.
    """
    notes = [note for lines in bars for line in lines for note in line if note.pitches]
    chords = [note.bar for note in notes if len(note.pitches) > 1]
    most = max(len(notes) * _MOST_DIVISI, len(notes) > _FEW_NOTES)
    if not chords or len(chords) > most:
        return list(bars), []
    last = 0
    read: list[list[Line]] = []
    for lines in bars:
        read.append([])
        for line in lines:
            kept: Line = []
            for note in line:
                ranks = range(len(note.pitches))
                rank = {SOPRANO: 0, BASS: len(ranks) - 1}.get(voice)
                if rank is None and ranks:
                    rank = min(ranks, key=lambda rank: abs(note.pitches[rank] - last))
                kept.append(note.member(rank or 0, max(len(ranks), 1)))
                last = kept[-1].pitches[0] if ranks else last
            read[-1].append(kept)
    return read, chords


def most_at_once(lines: Iterable[Line]) -> int:
    """Return the most notes that sound at once in the lines of a bar."""
    changes = sorted(
        change
        for line in lines
        for note in line
        for change in (
            (note.start, len(note.pitches)),
            (note.end, -len(note.pitches)),
        )
    )
    # Notes end before others begin at the same time.
    return max(accumulate((change for _, change in changes), initial=0))


def _fewest_lines(lines: list[Line], count: int) -> list[Line]:
    """Leave out rests, or join lines that continue others, to get `count` lines."""
    silent = [line for line in lines if not any(map(_sounds, line))]
    for line in reversed(silent):
        if len(lines) > count:
            lines = [kept for kept in lines if kept is not line]
    joined: list[Line] = []
    for line in lines:
        sounding = list(filter(_sounds, line))
        for index, other in enumerate(joined):
            free = not any(_overlap(a, b) for a in sounding for b in other if b.pitches)
            if free and len(lines) > count:
                rests = (note for note in other if not note.pitches)
                kept = [r for r in rests if not any(_overlap(r, n) for n in sounding)]
                joined[index] = _in_order([*filter(_sounds, other), *sounding, *kept])
                break
        else:
            joined.append(line)
    return joined


def _sounds(note: ScoreNote) -> bool:
    return bool(note.pitches)


def _reaches(voices: Sequence[int], note: ScoreNote) -> bool:
    """Return whether a note is in the ranges of voices, or a little beyond."""
    return all(
        ALL_VOICES[voice].lowest - _REACH_DOWN
        <= note.pitches[0]
        <= ALL_VOICES[voice].highest + _REACH_UP
        for voice in voices
    )


def _overlap(note: ScoreNote, other: ScoreNote) -> bool:
    return note.start < other.end and other.start < note.end


def _in_order(notes: Iterable[ScoreNote]) -> Line:
    return sorted(notes, key=lambda note: (note.start, note.end))


def _is_open(note: ScoreNote, others: Iterable[ScoreNote]) -> bool:
    """Return whether the others leave a part of the duration of a note open."""
    reached = note.start
    for mark in _in_order(others):
        if mark.start > reached:
            return True
        reached = max(reached, mark.end)
    return reached < note.end


def _without_doubles(line: Line) -> Line:
    """Return the notes of a voice in order; a note that is written twice is one."""
    kept: Line = []
    for note in _in_order(line):
        if kept:
            last = kept[-1]
            if (last.start, last.end, last.pitches) == (
                note.start,
                note.end,
                note.pitches,
            ):
                continue
        kept.append(note)
    return kept


def _wrong_number(
    note: ScoreNote, lines: Sequence[Line], count: int, metre: Metre
) -> DataError:
    """Return the error of a wrong number of notes at the beginning of a note."""
    sounding = sum(
        len(mark.pitches)
        for line in lines
        for mark in line
        if mark.start <= note.start < mark.end
    )
    wanted = "one voice" if count == 1 else f"{count} voices"
    got = "1 note" if sounding == 1 else f"{sounding} notes at once"
    beat = int(note.start // metre.beat_length) + 1
    return DataError(
        f"expected {wanted} on a staff, got {got} in bar {note.bar}, beat {beat}"
    )

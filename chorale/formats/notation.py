"""Notation: note values, ties, spelling, accidentals, beams and fermata signs.

Decides how a chorale is written, independently of the file format.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

from chorale.formats.beams import beam
from chorale.formats.written_notes import NOTE_VALUES, Line, WrittenNote
from chorale.music.keys import estimate_key
from chorale.music.metre import Bar, Metre
from chorale.music.score import Chorale, Note
from chorale.music.spelling import Spelling, spell_in_context
from chorale.music.voices import ALTO, SILENCE, TENOR, VOICES
from chorale.utils.arrays import IntArray

_SHARPS = "FCGDAEB"  # letters in the order in which key signatures add sharps


class Notation(NamedTuple):
    """A chorale as written.

    Attributes:
        bars: with the notes of each voice, soprano first.
        unplaced: first step of the fermatas that begin or end while all voices hold
            their notes, and the step after their last, divided at barlines.
    """

    bars: list[tuple[Bar, list[Line]]]
    unplaced: list[tuple[int, int]]


def notate(
    chorale: Chorale,
    staves: int = VOICES // 2,
    *,
    spelling: IntArray | None = None,
) -> Notation:
    """Return a chorale as it is written on two staves, or on four.

    A fermata is on the last of tied notes. `spelling` has the diatonic numbers of the
    notes, int array (steps, 4); without it notes are spelled by key and harmony.
    """
    voices = VOICES // staves  # of a staff
    numbers = spelling
    if numbers is None:
        key = chorale.key or estimate_key(chorale.pitches)
        numbers = spell_in_context(chorale.pitches, chorale.onsets, key)
    signature = chorale.key.fifths if chorale.key else 0
    bars = chorale.written_bars()
    barlines = {bar.start for bar in bars}
    whole = [
        _whole_notes(chorale.notes(voice), numbers[:, voice], barlines)
        for voice in range(VOICES)
    ]
    unplaced = []
    for start, end in chorale.fermata_spans():
        signed = _fermata_voices(whole, (start, end), voices)
        for voice in signed:
            line, under = whole[voice], _range(whole[voice], start, end)
            line[under] = [replace(note, fermata=True) for note in line[under]]
        if not signed:
            edges = sorted({start, end, *barlines & set(range(start, end))})
            unplaced += list(pairwise(edges))
    lines = [_divide_line(_split(line, barlines), bars) for line in whole]
    pages = []
    for bar in bars:
        written = [beam(line[_range(line, bar.start, bar.end)], bar) for line in lines]
        by_staff = (written[i : i + voices] for i in range(0, VOICES, voices))
        marked = (_accidentals(staff, signature) for staff in by_staff)
        pages.append((bar, list(chain.from_iterable(marked))))
    return Notation(pages, unplaced)


def _whole_notes(notes: Iterable[Note], numbers: IntArray, barlines: set[int]) -> Line:
    """Return the notes of a voice, not divided, and the rests between, within bars."""
    line = _with_rests(notes, numbers)
    pieces = (
        [note] if note.spelling is not None else _split([note], barlines)
        for note in line
    )
    return list(chain.from_iterable(pieces))


def _range(line: Line, start: int, end: int) -> slice:
    """Return the indices of the notes that begin from one step to before another."""

    def first(step: int) -> int:
        return bisect_left(line, step, key=lambda note: note.start)

    return slice(first(start), first(end))


# === Spelling ===


def _with_rests(notes: Iterable[Note], numbers: IntArray) -> Line:
    """Return the notes of a voice, spelled, and the rests between them.

    `numbers` has the diatonic number at each step, int array (steps,).
    """
    line: Line = []
    end = 0
    for note in [*notes, Note(SILENCE, len(numbers), 0)]:
        if note.start > end:
            line.append(WrittenNote(end, note.start - end, spelling=None))
        if note.length:
            spelling = Spelling.of(note.pitch, int(numbers[note.start]))
            line.append(WrittenNote(note.start, note.length, spelling))
        end = note.end
    return line


def key_alters(signature: int) -> dict[str, int]:
    """Return the semitones of each letter in a key signature of so many sharps."""
    sharps, flats = _SHARPS[: max(signature, 0)], _SHARPS[min(signature, 0) or 7 :]
    return {letter: (letter in sharps) - (letter in flats) for letter in _SHARPS}


def _accidentals(staff: Sequence[Line], signature: int) -> list[Line]:
    """Mark the notes that need an accidental, of the voices on a staff in one bar."""
    in_key = key_alters(signature)
    in_bar: dict[tuple[str, int], int] = {}
    marked = set()
    numbered = [(note, voice) for voice, line in enumerate(staff) for note in line]
    for note, voice in sorted(numbered, key=lambda pair: pair[0].start):
        # An accidental holds over a tie across the barline, but for no other note.
        if note.spelling is None or note.tied_back:
            continue
        letter, alter, octave = note.spelling
        if alter != in_bar.get((letter, octave), in_key[letter]):
            marked.add((note.start, voice))
        in_bar[letter, octave] = alter
    return [
        [replace(note, accidental=(note.start, voice) in marked) for note in line]
        for voice, line in enumerate(staff)
    ]


# === Note values and ties ===


def _split(line: Line, edges: set[int]) -> Line:
    """Split the notes and rests of a voice at some steps, tying the notes."""
    pieces: Line = []
    ordered = sorted(edges)
    for note in line:
        first, last = bisect(ordered, note.start), bisect_left(ordered, note.end)
        inside = ordered[first:last]
        lengths = [b - a for a, b in pairwise([note.start, *inside, note.end])]
        pieces += _tie(note, lengths)
    return pieces


def _tie(note: WrittenNote, lengths: Sequence[int]) -> Line:
    """Return a note as tied notes of the lengths, or a rest as rests."""
    is_note = note.spelling is not None
    starts = list(accumulate(lengths, initial=note.start))
    return [
        replace(
            note,
            start=start,
            length=end - start,
            tied_back=note.tied_back if start == note.start else is_note,
            tied_on=note.tied_on if end == note.end else is_note,
            fermata=note.fermata and (end == note.end or not is_note),
        )
        for start, end in pairwise(starts)
    ]


def _divide_line(line: Line, bars: Sequence[Bar]) -> Line:
    """Divide the notes of a voice, already split at barlines, into note values."""
    pieces: Line = []
    remaining = iter(bars)
    bar = next(remaining)
    for note in line:
        while note.start >= bar.end:
            bar = next(remaining)
        # Readers extend a whole-bar rest to a full bar, so incomplete bars have none.
        if note.spelling is None and note.length == bar.length == bar.metre.bar_length:
            pieces.append(replace(note, whole_bar=True))
        else:
            position = bar.position + note.start - bar.start
            pieces += _tie(note, divide(note.length, position, bar.metre))
    return pieces


def divide(length: int, position: int, metre: Metre) -> list[int]:
    """Divide a length within a bar into note values that show the beats.

    `length` and `position`, of its beginning in the bar, are in steps, as are the
    lengths returned, which are in NOTE_VALUES.
    """
    beat = metre.beat_length
    middle = metre.bar_length // 2
    pieces = []
    while length:
        after_beat = position % beat
        hides_middle = position < middle < position + length
        is_syncopation = length == beat == 2 * after_beat  # by half a beat
        if is_syncopation and not (hides_middle and metre.numerator % 2 == 0):
            piece = length
        else:
            longest = min(length, beat - after_beat) if after_beat else length
            # In compound metre, values longer than a beat are whole beats.
            unit = beat if beat % 3 == 0 and longest > beat else 1
            piece = max(n for n in NOTE_VALUES if n <= longest and n % unit == 0)
        pieces.append(piece)
        position, length = position + piece, length - piece
    return pieces


# === Fermatas ===

_Span = tuple[int, int]  # the first step of a fermata and the step after its last


def _under(line: Line, span: _Span) -> Line:
    return line[_range(line, *span)]


def _fits(line: Line, span: _Span) -> bool:
    """Return whether a fermata begins and ends with notes or rests of a voice."""
    under = _under(line, span)
    return bool(under) and (under[0].start, under[-1].end) == span


def _fermata_voices(lines: Sequence[Line], span: _Span, voices: int) -> list[int]:
    """Return the voices that get the signs of a fermata; `voices` is those of a staff.

    On each staff a voice with a single note under the fermata, outer voices first. If
    there is none on either staff, the voice with the fewest signs: notes before rests,
    outer voices before inner ones.
    """

    def unfitness(voice: int) -> tuple[int, bool, bool]:
        under = _under(lines[voice], span)
        rests = any(note.spelling is None for note in under)
        return len(under), rests, voice in (ALTO, TENOR)

    fitting = [voice for voice in range(VOICES) if _fits(lines[voice], span)]
    ordered = sorted(fitting, key=unfitness)
    single = [voice for voice in ordered if len(_under(lines[voice], span)) == 1]
    by_staff = {voice // voices: voice for voice in reversed(single)}
    return list(by_staff.values()) or ordered[:1]

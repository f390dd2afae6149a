"""How a chorale is written down: note values, spelling, accidentals, beams, fermatas.

What every notation format has to know, and none of them how it is spelled in a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from chorale.formats.shared import Bar, fermata_spans, written_bars
from chorale.music.keys import Key, estimate_key
from chorale.music.score import STEPS_PER_QUARTER, STEPS_PER_WHOLE, Chorale, Metre, Note
from chorale.music.spelling import Spelling, spell
from chorale.music.voices import ALL_VOICES, ALTO, SILENCE, TENOR, VOICES

# Lengths in steps that one note head can have: its value and the dots behind it.
NOTE_VALUES = {
    1: ("16th", 0),
    2: ("eighth", 0),
    3: ("eighth", 1),
    4: ("quarter", 0),
    6: ("quarter", 1),
    8: ("half", 0),
    12: ("half", 1),
    16: ("whole", 0),
    24: ("whole", 1),
    32: ("breve", 0),
}
_FIFTHS = "FCGDAEB"  # the line of fifths; C is 0, F sharp 6, B flat -2


@dataclass(frozen=True, kw_only=True)
class Written:
    """A note or rest as written.

    Attributes:
        start, length: in steps.
        spelling: None for a rest.
        tied_back, tied_on: whether it continues the note before, and goes on after.
        whole_bar: whether it is a rest that fills its bar.
        accidental: whether one is written before it.
        fermata: whether one is written over it.
        beams: for eighths 1, for sixteenths 2, from the outermost; none without a beam.
            Each is `begin`, `continue`, `end`, `forward hook` or `backward hook`.
    """

    start: int
    length: int
    spelling: Spelling | None
    tied_back: bool = False
    tied_on: bool = False
    whole_bar: bool = False
    accidental: bool = False
    fermata: bool = False
    beams: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        return self.start + self.length


Line = list[Written]


def engrave(chorale: Chorale) -> list[tuple[Bar, list[Line]]]:
    """Return the bars of a chorale with what each voice has in them, soprano first."""
    key = chorale.key or estimate_key(chorale.pitches)
    signature = chorale.key.fifths if chorale.key else 0
    bars = written_bars(chorale)
    lines = [
        _spell(chorale.notes(voice), chorale.steps, key) for voice in range(VOICES)
    ]
    barlines = {bar.start for bar in bars}
    lines = [_cut(line, barlines) for line in lines]
    spans = fermata_spans(chorale)
    # A fermata that no voice can bear as it stands is the soprano's, by a tie.
    lost = [span for span in spans if not any(_fits(line, span) for line in lines)]
    lines[0] = _cut(lines[0], {edge for span in lost for edge in span})
    lines = [_divide(line, bars) for line in lines]
    for span in spans:
        for voice in _bearers(lines, span):
            lines[voice] = _hold(lines[voice], span)
    pages = []
    for bar in bars:
        voices = [
            [one for one in line if bar.start <= one.start < bar.end] for line in lines
        ]
        voices = [_beam(line, bar) for line in voices]
        upper, lower = voices[: VOICES // 2], voices[VOICES // 2 :]
        pages.append(
            (bar, [*_accidentals(upper, signature), *_accidentals(lower, signature)])
        )
    return pages


# === Spelling ===


def _spell(notes: Iterable[Note], steps: int, key: Key) -> Line:
    """Return the notes of a voice and the rests between them."""
    line: Line = []
    end = 0
    for note in [*notes, Note(SILENCE, steps, 0)]:
        if note.start > end:
            line.append(Written(start=end, length=note.start - end, spelling=None))
        if note.length:
            line.append(
                Written(
                    start=note.start,
                    length=note.length,
                    spelling=spell(note.pitch, key),
                )
            )
        end = note.start + note.length
    return line


def _accidentals(voices: list[Line], signature: int) -> list[Line]:
    """Mark the notes on one staff and in one bar that need an accidental."""
    sharps, flats = _FIFTHS[: max(signature, 0)], _FIFTHS[min(signature, 0) or 7 :]
    in_force = {letter: (letter in sharps) - (letter in flats) for letter in _FIFTHS}
    local: dict[tuple[str, int], int] = {}
    needed = set()
    order = sorted(
        (one.start, voice, index)
        for voice, line in enumerate(voices)
        for index, one in enumerate(line)
    )
    for _, voice, index in order:
        one = voices[voice][index]
        # An accidental holds over a tie, but for no note after it.
        if one.spelling is None or one.tied_back:
            continue
        letter, alter, octave = one.spelling
        if alter != local.get((letter, octave), in_force[letter]):
            needed.add((voice, index))
        local[letter, octave] = alter
    return [
        [
            replace(one, accidental=(voice, index) in needed)
            for index, one in enumerate(line)
        ]
        for voice, line in enumerate(voices)
    ]


# === Note values ===


def _cut(line: Line, edges: set[int]) -> Line:
    """Cut the notes and rests of a voice at some steps, and tie the notes."""
    pieces: Line = []
    for one in line:
        inside = sorted(edge for edge in edges if one.start < edge < one.end)
        lengths = [b - a for a, b in pairwise([one.start, *inside, one.end])]
        pieces += _tie(one, lengths)
    return pieces


def _tie(one: Written, lengths: list[int]) -> Line:
    """Return a note or rest as pieces of some lengths, which add up to its own."""
    pieces: Line = []
    start = one.start
    for place, length in enumerate(lengths):
        last = place == len(lengths) - 1
        sounds = one.spelling is not None
        pieces.append(
            replace(
                one,
                start=start,
                length=length,
                tied_back=one.tied_back if place == 0 else sounds,
                tied_on=one.tied_on if last else sounds,
            )
        )
        start += length
    return pieces


def _divide(line: Line, bars: list[Bar]) -> Line:
    """Divide what a voice has, already cut at barlines, into note values."""
    pieces: Line = []
    remaining = iter(bars)
    bar = next(remaining)
    for one in line:
        while one.start >= bar.end:
            bar = next(remaining)
        # Readers stretch such a rest to a full bar, so a short one has note values.
        if one.spelling is None and one.length == bar.length == bar.metre.bar_length:
            pieces.append(replace(one, whole_bar=True))
        else:
            position = bar.position + one.start - bar.start
            pieces += _tie(one, divide(one.length, position, bar.metre))
    return pieces


def divide(length: int, position: int, metre: Metre) -> list[int]:
    """Divide a length into note values that show the beat.

    Args:
        length: in steps, within one bar.
        position: of its beginning in the bar, in steps.
        metre: of the bar.

    Returns:
        Lengths of `NOTE_VALUES`, in order.
    """
    beat = beat_length(metre)
    pieces = []
    while length:
        since = position % beat
        if since == 0:
            # Values longer than a dotted beat are made of whole beats.
            whole = beat % 3 == 0 and length > beat
            fitting = [
                n for n in NOTE_VALUES if n <= length and not (whole and n % beat)
            ]
            piece = max(fitting)
        elif length == beat == 2 * since and not _crosses_middle(
            position, length, metre
        ):
            piece = length  # a syncopation by half a beat
        else:
            piece = max(n for n in NOTE_VALUES if n <= min(length, beat - since))
        pieces.append(piece)
        position, length = position + piece, length - piece
    return pieces


def beat_length(metre: Metre) -> int:
    """Return the steps of a beat: three units in 6/8 and its like, else a quarter."""
    unit = STEPS_PER_WHOLE // metre.denominator
    if metre.numerator % 3 == 0 and unit < STEPS_PER_QUARTER:
        return 3 * unit
    return min(unit, STEPS_PER_QUARTER)


def _crosses_middle(position: int, length: int, metre: Metre) -> bool:
    middle = metre.bar_length // 2
    return metre.numerator % 2 == 0 and position < middle < position + length


# === Beams ===


def _beam(line: Line, bar: Bar) -> Line:
    """Beam the notes of a voice in one bar that lie in the same beat."""
    beat = beat_length(bar.metre)

    def beat_of(one: Written) -> tuple[int, bool]:
        flagged = one.spelling is not None and one.length < STEPS_PER_QUARTER
        return (bar.position + one.start - bar.start) // beat, flagged

    beamed: Line = []
    for (_, flagged), group in groupby(line, beat_of):
        members = list(group)
        beamed += _beam_group(members) if flagged else members
    return beamed


def _beam_group(members: Line) -> Line:
    if len(members) == 1:
        return members
    last = len(members) - 1
    beamed = []
    for place, one in enumerate(members):
        outer = "begin" if place == 0 else "end" if place == last else "continue"
        if one.length > 1:
            beamed.append(replace(one, beams=(outer,)))
            continue
        before = place > 0 and members[place - 1].length == 1
        after = place < last and members[place + 1].length == 1
        lone = "forward hook" if place == 0 else "backward hook"
        inner = {
            (False, True): "begin",
            (True, True): "continue",
            (True, False): "end",
            (False, False): lone,
        }[before, after]
        beamed.append(replace(one, beams=(outer, inner)))
    return beamed


# === Fermatas ===

_Span = tuple[int, int]


def _under(line: Line, span: _Span) -> Line:
    return [one for one in line if span[0] <= one.start < span[1]]


def _fits(line: Line, span: _Span) -> bool:
    """Return whether what a voice has under a fermata begins and ends with it."""
    under = _under(line, span)
    return bool(under) and (under[0].start, under[-1].end) == span


def _bearers(lines: list[Line], span: _Span) -> list[int]:
    """Return the voices that bear a fermata: one on each staff if one note does.

    Else it is the one voice that needs the fewest signs. Notes come before rests, outer
    voices before inner ones.
    """

    def unfitness(voice: int) -> tuple[int, bool, bool]:
        under = _under(lines[voice], span)
        rests = any(one.spelling is None for one in under)
        return len(under), rests, voice in (ALTO, TENOR)

    fitting = [voice for voice in range(VOICES) if _fits(lines[voice], span)]
    ordered = sorted(fitting, key=unfitness)
    single = [voice for voice in ordered if len(_under(lines[voice], span)) == 1]
    by_staff = {ALL_VOICES[voice].staff: voice for voice in reversed(single)}
    return list(by_staff.values()) or ordered[:1]


def _hold(line: Line, span: _Span) -> Line:
    """Put the sign on each note or rest that a fermata covers."""
    return [
        replace(one, fermata=True) if span[0] <= one.start < span[1] else one
        for one in line
    ]

"""Reads MusicXML, partwise and timewise, plain and compressed, as a written score."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.limits import MOST_STAVES
from chorale.formats.musicxml.file import SCORE_ENDINGS, read_root
from chorale.formats.musicxml.parts import PartMeasure, PartReader, Sound
from chorale.formats.musicxml.values import decimal, integer, words
from chorale.formats.musicxml.writer import SOFTWARE
from chorale.formats.places import list_bars
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.remarks import on_transposition
from chorale.formats.scores.assembly import read_score
from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.written_score import (
    Line,
    Staff,
    WrittenBar,
    WrittenScore,
)
from chorale.music.metre import COMMON_TIME

_MOST_AT_ONCE = 32  # lines of one voice on a staff in a bar


def read_musicxml(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a MusicXML file, see `scores.assembly.read_score`.

    Raises:
        DataError: the file cannot be read, or does not hold the voices.
    """
    return read_score(path, open_musicxml, voice, options)


def open_musicxml(path: Path) -> WrittenScore:
    """Return the score in a MusicXML file at sounding pitch.

    Grace notes, cue notes, chord symbols and figured bass are left out, and rests that
    are not printed. All but figured bass and rests are said.

    Raises:
        DataError: the file cannot be read or is no score.
    """
    return score_of(read_root(path))


def score_of(root: Element) -> WrittenScore:
    """Return the score of a root element.

    Raises:
        DataError: it is no score.
    """
    measures = _measures_by_part(root)
    declared = {part.get("id", ""): part for part in root.iter("score-part")}
    order = [name for name in declared if name in measures]
    order += [name for name in measures if name not in declared]
    if not order:
        raise DataError("expected a score with parts, got none")
    software = words(root.find("identification/encoding/software"))
    readers = [PartReader(own=software == SOFTWARE) for _ in order]
    for name, reader in zip(order, readers, strict=True):
        for attributes, elements in measures[name]:
            reader.read(attributes, elements)
    bars, remarks = _bars_of([reader.measures for reader in readers])
    staves = [
        staff
        for name, reader in zip(order, readers, strict=True)
        for staff in _staves_of(reader, declared.get(name), bars)
    ]
    if any(reader.has_jumps for reader in readers):
        remarks.append("jumps such as da capo are not followed: read as written")
    if texts := set[int]().union(*(reader.coloured_texts for reader in readers)):
        places = list_bars(bars[place].number for place in sorted(texts))
        remarks.append(
            f"texts in colour, such as the marks of a check, are left out in {places}"
        )
    return WrittenScore(
        bars=bars,
        staves=staves,
        title=_title(root),
        composer=_composer(root),
        notes=tuple(remarks),
    )


_Measures = list[tuple[dict[str, str], Iterable[Element]]]


def _measures_by_part(root: Element) -> dict[str, _Measures]:
    """Return attributes and elements of the measures of each part."""
    parts: dict[str, _Measures] = defaultdict(list)
    if root.tag == "score-partwise":
        for part in root.findall("part"):
            for measure in part.findall("measure"):
                parts[part.get("id", "")].append((measure.attrib, measure))
    elif root.tag == "score-timewise":
        for measure in root.findall("measure"):
            for part in measure.findall("part"):
                parts[part.get("id", "")].append((measure.attrib, part))
    else:
        way_out = " (export it as MusicXML)" if root.tag.startswith("muse") else ""
        raise DataError(
            "expected a score, cannot read it: expected MusicXML, that is "
            f"score-partwise or score-timewise, got {root.tag[:40]}{way_out}"
        )
    return parts


# === Bars ===


def _bars_of(
    parts: Sequence[Sequence[PartMeasure]],
) -> tuple[list[WrittenBar], list[str]]:
    """Return the bars of all parts together, and remarks."""
    bars: list[WrittenBar] = []
    differing: list[int] = []
    metre = COMMON_TIME
    count = max(map(len, parts))
    for index in range(count):
        column = [part[index] for part in parts if index < len(part)]
        first = column[0]
        number = first.number if first.number is not None else len(bars)
        if first.number is None and bars:
            number = bars[-1].number + (not first.implicit)
        metres = [measure.metre for measure in column if measure.metre]
        if len({(metre.numerator, metre.denominator) for metre in metres}) > 1:
            differing.append(number)
        metre = metres[0] if metres else metre
        # Some programs write an incomplete bar at the end as one that is not counted.
        is_last = index + 1 == count
        is_end = is_last and index > 0 and first.number is None
        length = _length(column, metre.bar_length)
        printed = max(measure.printed for measure in column)
        if is_last and printed:  # some programs fill it with rests that are not seen
            length = min(length, printed)
        bars.append(
            WrittenBar(
                number=max(number, 0),
                length=length,
                metre=metres[0] if metres else None,
                key=next((key for bar in column for key in bar.keys.values()), None),
                tempo=next((bar.tempo for bar in column if bar.tempo), None),
                upbeat=first.implicit and not is_end,
                repeat_start=any(measure.repeat_start for measure in column),
                repeat_end=any(measure.repeat_end for measure in column),
                endings=max((bar.endings for bar in column), key=len),
                fermatas=tuple(span for bar in column for span in bar.fermatas),
            )
        )
    remarks = []
    if differing:
        remarks.append(
            "parts have different metres, that of the first part is read, in "
            + list_bars(differing)
        )
    return bars, remarks


def _length(column: Sequence[PartMeasure], full: int) -> Fraction:
    """Return the length of a bar, that of its longest part; `full` if it is empty."""
    length = max(measure.length for measure in column)
    rests = max(measure.rest_length for measure in column)
    # In a pickup, some programs give a whole-bar rest the length of a full bar.
    if not (length and column[0].implicit):
        length = max(length, rests)
    return length or Fraction(0 if column[0].implicit else full)


# === Staves ===


def _staves_of(
    reader: PartReader, declared: Element | None, bars: Sequence[WrittenBar]
) -> list[Staff]:
    """Return the staves of a part from the top of the page."""
    measures = reader.measures
    count = min(reader.staves, MOST_STAVES)
    numbers = [bar.number for bar in bars]
    keys = measures[0].keys if measures else {}
    place_of = _places(measures) if count > 1 else (lambda sound: (1, sound.voice))
    voices: list[dict[str, list[list[Sound]]]] = [{} for _ in range(count)]
    for index, measure in enumerate(measures):
        for sound in measure.sounds:
            staff, voice = place_of(sound)
            lines = voices[min(staff, count) - 1]
            if voice not in lines:
                lines[voice] = [[] for _ in measures]
            lines[voice][index].append(sound)
    remarks = tuple(
        f"{what} are read as semitones in {listed}"
        if what == "microtones"
        else f"{what} are left out in {listed}"
        for what, places in sorted(reader.left_out.items())
        for listed in [list_bars(numbers[place] for place in places)]
    )
    name = words(None if declared is None else declared.find("part-name"))
    part = f'the part for "{name}"' if name else "the part"
    remarks += tuple(
        on_transposition(part, each.chromatic, each.diatonic)
        for each in reader.transpositions
    )
    unpitched = [
        number
        for number, measure in zip(numbers, measures, strict=False)
        if measure.unpitched
    ]
    staves = []
    for index, lines in enumerate(voices):
        ordered = [lines[voice] for voice in _order(lines)]
        staves.append(
            Staff(
                name=name,
                abbreviation=words(
                    None if declared is None else declared.find("part-abbreviation")
                ),
                clef=reader.clefs.get(index + 1, ""),
                program=_program(declared),
                key=keys.get(index + 1, keys.get(0)),
                bars=[
                    [
                        line
                        for voice in ordered
                        for line in _lines(voice[place], bars[place])
                    ]
                    for place in range(len(measures))
                ],
                percussion=unpitched[0] if unpitched else None,
                remarks=remarks,
                is_ordered=reader.is_own,
            )
        )
    return staves


def _program(declared: Element | None) -> int | None:
    """Return the General MIDI program of a part, counted from 0."""
    program = None if declared is None else declared.findtext(".//midi-program")
    number = integer(program)
    return number - 1 if number is not None and 0 < number <= 128 else None


def _places(
    measures: Sequence[PartMeasure],
) -> Callable[[Sound], tuple[int, str]]:
    """Return which staff and voice a sound of a part on several staves belongs to.

    A voice that moves between staves belongs to the staff where it is most of the time,
    unless it is on both at once, which makes it several voices.
    """
    times: dict[str, Counter[int]] = defaultdict(Counter)
    divided = set()
    for measure in measures:
        ends: dict[str, tuple[int, Fraction]] = {}
        for sound in sorted(measure.sounds, key=lambda sound: sound.start):
            times[sound.voice][sound.staff] += sound.end - sound.start  # type: ignore[assignment]
            staff, end = ends.get(sound.voice, (sound.staff, Fraction(0)))
            if staff != sound.staff and sound.start < end:
                divided.add(sound.voice)
            ends[sound.voice] = sound.staff, max(end, sound.end)
    homes = {voice: staves.most_common(1)[0][0] for voice, staves in times.items()}

    def place(sound: Sound) -> tuple[int, str]:
        staff = sound.staff if sound.voice in divided else homes[sound.voice]
        return staff, sound.voice

    return place


def _order(lines: dict[str, list[list[Sound]]]) -> list[str]:
    """Return the voices of a staff, the upper one first.

    By their numbers, unless there are two and their stems and heights say otherwise.
    """

    def number(voice: str) -> tuple[bool, int]:
        digits = re.search(r"\d{1,6}$", voice)
        return digits is None, int(digits[0]) if digits else 0

    ordered = sorted(lines, key=number)
    sounding = [
        voice
        for voice in ordered
        if any(sound.pitches for bar in lines[voice] for sound in bar)
    ]
    if len(sounding) != 2:
        return ordered
    upper, lower = sounding
    both = [bars for bars in zip(lines[upper], lines[lower], strict=True) if all(bars)]
    ups = [
        sum((sound.stem == "up") - (sound.stem == "down") for sound in bar)
        for bars in both
        for bar in bars
    ]
    if sum(ups[::2]) >= sum(ups[1::2]):
        return ordered
    heights = [
        [pitch for bars in both for sound in bars[place] for pitch, *_ in sound.pitches]
        for place in range(2)
    ]
    # Stems of many single notes point by the line on which these are.
    if all(heights) and fmean(heights[0]) > fmean(heights[1]):
        return ordered
    return [lower, upper, *ordered[2:]]


def _lines(sounds: Iterable[Sound], bar: WrittenBar) -> list[Line]:
    """Return the notes of one voice in a bar, as several lines where they overlap.

    Raises:
        DataError: too many notes sound at once.
    """
    lines: list[Line] = []
    for sound in sounds:
        end = min(sound.end, bar.length) if sound.whole_bar else sound.end
        pitches = sorted(sound.pitches, key=lambda pitch: -pitch[0])
        note = ScoreNote(
            pitches=tuple(pitch for pitch, _, _ in pitches),
            tied=tuple(tied for _, _, tied in pitches),
            start=sound.start,
            end=end,
            fermata=sound.fermata,
            bar=bar.number,
            spelling=tuple(number for _, number, _ in pitches),
            syllables=tuple(sound.syllables),
        )
        free = next((line for line in lines if line[-1].end <= note.start), None)
        if free is not None:
            free.append(note)
        elif len(lines) < _MOST_AT_ONCE:
            lines.append([note])
        else:
            raise DataError(
                f"expected at most {_MOST_AT_ONCE} notes at once in a voice, "
                f"got more in bar {bar.number}"
            )
    return lines


# === Title and composer ===


def _title(root: Element) -> str:
    """Return the title of the work, else of the movement, else the largest credit."""
    for name in ("work/work-title", "movement-title"):
        title = words(root.find(name))
        # Some programs write the name of a file as the title.
        if title and not title.lower().endswith((".mxl", *SCORE_ENDINGS)):
            return title
    return _credit(root, "title")


def _composer(root: Element) -> str:
    creators = root.findall("identification/creator")
    named = (
        words(creator) for creator in creators if creator.get("type") == "composer"
    )
    return next(filter(None, named), "") or _credit(root, "composer")


def _credit(root: Element, kind: str) -> str:
    """Return the text of a credit of a kind; of a title without kind the largest."""
    largest, size = "", Fraction(0)
    for credit in root.findall("credit"):
        text = " ".join(filter(None, map(words, credit.findall("credit-words"))))
        kinds = [words(element).lower() for element in credit.findall("credit-type")]
        if kind in kinds:
            return text
        if kinds or credit.get("page", "1") != "1":
            continue
        for element in credit.findall("credit-words"):
            font = decimal(element.get("font-size"))
            if font is not None and font > size:
                largest, size = words(element), font
    return largest if kind == "title" else ""

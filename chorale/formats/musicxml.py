"""MusicXML: written by ourselves, read through music21.

A chorale is written as a choral score on two staves, soprano and alto above, tenor and
bass below. What is read may have the voices on four staves or on two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, chain
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from chorale.errors import DataError
from chorale.files import write_text
from chorale.formats import Bar, Reading, naming, voices_by_name
from chorale.formats.engraving import NOTE_VALUES, Line, Written, engrave
from chorale.formats.scores import (
    Measure,
    Sound,
    count_bars,
    count_off_grid,
    join_ties,
    on_grid,
    open_score,
    sounds_of,
    spelling_on_grid,
)
from chorale.keys import Key, estimate_key
from chorale.score import (
    COMMON_TIME,
    DEFAULT_TEMPO,
    STEPS_PER_QUARTER,
    STEPS_PER_WHOLE,
    Chorale,
    IntArray,
    Metre,
)
from chorale.voices import ALL_VOICES, INSTRUMENTS, VOICES

DIVISIONS = STEPS_PER_QUARTER  # durations are counted in steps

_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" \
"http://www.musicxml.org/dtds/partwise.dtd">
"""
_CLEFS = {1: ("G", 2), 2: ("F", 4)}  # sign and line, by staff
_ACCIDENTALS = {
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
}

# === Writing ===


def write_musicxml(chorale: Chorale, path: Path | str) -> None:
    """Write a score on two staves, each a part of two voices.

    It has the key, where known, the metres, the tempo for playing, and every stem,
    beam and accidental; pitches are spelled by the key. A pickup is measure 0.

    Raises:
        OutputError: the file cannot be written.
    """
    root = Element("score-partwise", version="4.0")
    if title := "".join(filter(str.isprintable, chorale.title)):
        _add(_add(root, "work"), "work-title", title)
    encoding = _add(_add(root, "identification"), "encoding")
    _add(encoding, "software", "chorale")
    for element in ("accidental", "beam", "stem"):
        _add(encoding, "supports", element=element, type="yes")
    staves = sorted({voice.staff for voice in ALL_VOICES})
    _add_part_list(root, staves)
    bars = engrave(chorale)
    for staff in staves:
        part = _add(root, "part", id=f"P{staff}")
        for index, (bar, lines) in enumerate(bars):
            measure = _add(part, "measure", number=str(bar.number))
            if bar.position:  # a pickup, or what completes a short bar: not counted
                measure.set("implicit", "yes")
            before = bars[index - 1][0] if index else None
            _add_attributes(measure, bar, before, chorale.key, staff)
            if before is None and staff == staves[0]:
                _add(measure, "sound", tempo=f"{chorale.tempo:g}")
            _add_voices(measure, bar, lines, staff)
        barline = _add(part[-1], "barline", location="right")
        _add(barline, "bar-style", "light-heavy")
    indent(root)
    write_text(path, _HEADER + tostring(root, encoding="unicode") + "\n")


def _add(parent: Element, name: str, text: object = None, **attributes: str) -> Element:
    """Add an element to another, and return it."""
    element = SubElement(parent, name, attributes)
    if text is not None:
        element.text = str(text)
    return element


def _add_part_list(root: Element, staves: Sequence[int]) -> None:
    """Name the parts, bracket their staves and give them a choir to play on."""
    parts = _add(root, "part-list")
    group = _add(parts, "part-group", type="start", number="1")
    _add(group, "group-symbol", "bracket")
    _add(group, "group-barline", "yes")
    for staff in staves:
        names = [
            voice.name.capitalize() for voice in ALL_VOICES if voice.staff == staff
        ]
        part = _add(parts, "score-part", id=f"P{staff}")
        _add(part, "part-name", "\n".join(names))
        _add(part, "part-abbreviation", "\n".join(name[0] for name in names))
        instrument = _add(part, "score-instrument", id=f"P{staff}-I1")
        _add(instrument, "instrument-name", "Choir")
        sound = _add(part, "midi-instrument", id=f"P{staff}-I1")
        _add(sound, "midi-channel", staff)
        _add(sound, "midi-program", INSTRUMENTS["choir"][0] + 1)
    _add(parts, "part-group", type="stop", number="1")


def _add_attributes(
    measure: Element, bar: Bar, before: Bar | None, key: Key | None, staff: int
) -> None:
    """Write clef and key before the first bar, and the metre where it is new."""
    if before is not None and before.metre == bar.metre:
        return
    attributes = _add(measure, "attributes")
    if before is None:
        _add(attributes, "divisions", DIVISIONS)
        if key is not None:
            signature = _add(attributes, "key")
            _add(signature, "fifths", key.fifths)
            _add(signature, "mode", key.mode)
    time = _add(attributes, "time")
    _add(time, "beats", bar.metre.numerator)
    _add(time, "beat-type", bar.metre.denominator)
    if before is None:
        sign, line = _CLEFS[staff]
        clef = _add(attributes, "clef")
        _add(clef, "sign", sign)
        _add(clef, "line", line)


def _add_voices(measure: Element, bar: Bar, lines: Sequence[Line], staff: int) -> None:
    """Write the voices of a staff in one bar, one after another."""
    number = 0
    for voice, line in zip(ALL_VOICES, lines, strict=True):
        if voice.staff != staff:
            continue
        if number:
            _add(_add(measure, "backup"), "duration", bar.length)
        number += 1
        for written in line:
            _add_note(measure, written, number, voice.stem)


def _add_note(measure: Element, written: Written, number: int, stem: str) -> None:
    """Write a note or a rest, its elements in the order that MusicXML prescribes."""
    note = _add(measure, "note")
    spelling = written.spelling
    if spelling is None:
        _add(note, "rest", **({"measure": "yes"} if written.whole_bar else {}))
    else:
        pitch = _add(note, "pitch")
        _add(pitch, "step", spelling.letter)
        if spelling.alter:
            _add(pitch, "alter", spelling.alter)
        _add(pitch, "octave", spelling.octave)
    _add(note, "duration", written.length)
    ties = {"stop": written.tied_back, "start": written.tied_on}
    for kind in (kind for kind, tied in ties.items() if tied):
        _add(note, "tie", type=kind)
    _add(note, "voice", number)
    if not written.whole_bar:
        value, dots = NOTE_VALUES[written.length]
        _add(note, "type", value)
        for _ in range(dots):
            _add(note, "dot")
    if spelling is not None:
        if written.accidental:
            _add(note, "accidental", _ACCIDENTALS[spelling.alter])
        if written.length < STEPS_PER_WHOLE:
            _add(note, "stem", stem)
    for level, beam in enumerate(written.beams, start=1):
        _add(note, "beam", beam, number=str(level))
    if written.fermata or any(ties.values()):
        notations = _add(note, "notations")
        for kind in (kind for kind, tied in ties.items() if tied):
            _add(notations, "tied", type=kind)
        if written.fermata:
            # Over the upper voice of a staff, upside down under the lower one.
            side = "upright" if stem == "up" else "inverted"
            _add(notations, "fermata", type=side)


# === Reading ===


def read_score(path: Path | str) -> Chorale:
    """Read a score file that music21 opens: MusicXML, plain or compressed, and others.

    Repeats are read as written, once.

    Raises:
        DataError: the file cannot be read, or does not hold four voices.
    """
    return read_spelled_score(path).chorale


def read_spelled_score(path: Path | str) -> Reading:
    """Read a score file as `read_score` does, with its spelling.

    Raises:
        DataError: as `read_score`.
    """
    with naming(path):
        reading = spelled_from_score(open_score(path))
    return reading._replace(chorale=replace(reading.chorale, source=Path(path).stem))


def chorale_from_score(score: Any) -> Chorale:
    """Lay a music21 score on the grid, see `spelled_from_score`."""
    return spelled_from_score(score).chorale


def spelled_from_score(score: Any) -> Reading:
    """Lay a music21 score on the grid, as written.

    A step takes the note that sounds at its beginning, so of notes shorter than a
    sixteenth only those on the grid remain; grace notes are left out. Tied notes are
    one, a fermata stands over the written note that bears it, and the fermatas of all
    voices are united. Bars are counted from the pickup, bar 0, or the first full bar; a
    short bar that completes the short one before it, as at a repeat, belongs to it.

    Args:
        score: a music21 Score of four parts in the order of the voices, of any parts of
            which four are named after the voices, or of two parts of two voices each.

    Returns:
        The chorale, with the title, tempo and key that the score gives; where the key
        signature does not say major or minor, the notes decide.

    Raises:
        DataError: the score does not hold four voices of one note at a time.
    """
    columns = _columns(_choose_parts(list(score.parts)))
    starts = _starts(columns)
    bars, positions, metres = count_bars(
        _read_measures(columns, starts), first_bar=max(columns[0][0].number, 1)
    )
    lines: list[list[Sound]] = [[] for _ in range(VOICES)]
    for column, start in zip(columns, starts, strict=False):
        count = VOICES // len(column)
        staves = [_read_voices(measure, start, count) for measure in column]
        for line, sounds in zip(lines, chain(*staves), strict=True):
            line += sounds
    fermatas = np.zeros(len(bars), np.bool_)
    for sound in chain(*lines):
        if sound.fermata:
            fermatas[slice(*sound.span())] = True
    sung = [join_ties(line) for line in lines]
    chorale = Chorale.from_notes(
        [on_grid(line) for line in sung],
        len(bars),
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=_tempo(score),
        title=_title(score),
    )
    return Reading(
        replace(chorale, key=_key(score, chorale.pitches)),
        spelling_on_grid(sung, chorale.steps),
        sum(map(count_off_grid, sung)),
    )


def _choose_parts(parts: list[Any]) -> list[Any]:
    """Return the four parts, or the two of two voices each, soprano first."""
    order = voices_by_name([part.partName or "" for part in parts])
    if order is not None:
        return [parts[place] for place in order]
    if len(parts) in (VOICES, VOICES // 2):
        return parts
    raise DataError(
        f"expected four voices, on four staves or on two, got {len(parts)} "
        + ("part" if len(parts) == 1 else "parts")
    )


def _columns(parts: list[Any]) -> list[tuple[Any, ...]]:
    """Return the music21 measures that stand one below the other."""
    measures = [list(part.getElementsByClass("Measure")) for part in parts]
    counts = {len(one) for one in measures}
    if len(counts) > 1 or counts == {0}:
        listed = ", ".join(str(len(one)) for one in measures)
        raise DataError(f"expected parts of equally many bars, got {listed}")
    return list(zip(*measures, strict=True))


def _starts(columns: Sequence[tuple[Any, ...]]) -> list[Fraction]:
    """Return where each bar begins, in steps, and where the last one ends.

    A part may leave the end of a bar out, which makes its own offsets useless.
    """
    lengths = (
        max(Fraction(measure.highestTime) for measure in column) for column in columns
    )
    steps = (length * STEPS_PER_QUARTER for length in lengths)
    return list(accumulate(steps, initial=Fraction(0)))


def _read_measures(
    columns: Sequence[tuple[Any, ...]], starts: Sequence[Fraction]
) -> list[Measure]:
    """Return the bars, common time where the score begins without a signature."""
    measures = []
    metre = COMMON_TIME
    for index, (first, *_) in enumerate(columns):
        signature = first.timeSignature
        if signature is not None:
            metre = Metre(signature.numerator, signature.denominator)
        # What is not counted is an upbeat. Music21 pads whatever begins the piece or
        # follows a short bar, which is one where a metre begins and a bar comes after.
        padded = first.paddingLeft > 0 and (index == 0 or signature is not None)
        measures.append(
            Measure(
                length=math.ceil(starts[index + 1]) - math.ceil(starts[index]),
                metre=metre,
                upbeat=first.number == 0
                or first.showNumber == "never"
                or (padded and index < len(columns) - 1),
            )
        )
    return measures


def _read_voices(measure: Any, start: Fraction, count: int) -> list[list[Sound]]:
    """Return what each of the voices of one staff sings in one bar.

    Two voices on a staff are written apart, or as chords of two notes.
    """
    voices = sorted(measure.voices, key=lambda voice: str(voice.id))
    if len(voices) == count > 1:
        return [
            [sound.voice(0, 1) for sound in sounds_of(voice, measure.number, start)]
            for voice in voices
        ]
    sounds = sounds_of(measure.flatten(), measure.number, start)
    return [[sound.voice(place, count) for sound in sounds] for place in range(count)]


def _title(score: Any) -> str:
    """Return the title of the work, else that of the movement; may be empty."""
    if score.metadata is None:
        return ""
    # Not `metadata.title`, which moves articles about.
    titles = [str(text) for text in score.metadata["title"]]
    titles += [str(text) for text in score.metadata["movementName"]]
    # Where a score has no title, music21 gives it the name of the file.
    file = Path(score.metadata.filePath or "").name
    return next((title for title in titles if title != file), "")


def _tempo(score: Any) -> float:
    """Return the first tempo, in quarters a minute."""
    mark = score.recurse().getElementsByClass("MetronomeMark").first()
    # music21 counts in seconds a beat, which leaves a trace of rounding.
    return round((mark and mark.getQuarterBPM()) or DEFAULT_TEMPO, 2)


def _key(score: Any, pitches: IntArray) -> Key | None:
    """Return the first key; None without a key signature of up to seven."""
    signature = score.recurse().getElementsByClass("KeySignature").first()
    if signature is None or signature.sharps is None or abs(signature.sharps) > 7:
        return None
    keys = {
        mode: Key.from_fifths(signature.sharps, mode) for mode in ("major", "minor")
    }
    written = keys.get(getattr(signature, "mode", ""))
    return written or estimate_key(pitches, list(keys.values()))

"""Score files read with music21: MusicXML, Humdrum and others.

The voices may be on four staves or two, or the file may hold a single line.
"""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError, located
from chorale.formats import score_notes
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.score_notes import ScoreNote, join_ties
from chorale.formats.voice_separation import match_voice_names
from chorale.music.keys import Key, estimate_key, estimate_melody_key, keys_near
from chorale.music.metre import (
    COMMON_TIME,
    STEPS_PER_QUARTER,
    Measure,
    Metre,
    number_measures,
)
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import ALL_VOICES, SILENCE, VOICES
from chorale.utils.arrays import IntArray

# Church modes by the third above their tonic.
_MODES = {
    "dorian": "minor",
    "phrygian": "minor",
    "lydian": "major",
    "mixolydian": "major",
}


def read_score(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a score of four voices, see `from_music21`, or one voice, see `_read_line`.

    Raises:
        DataError: the file cannot be read, or does not hold the voices.
    """
    with located(path):
        score = open_score(path)
        reading = from_music21(score) if voice is None else _read_line(score, voice)
    return reading._replace(chorale=replace(reading.chorale, source=Path(path).stem))


def _read_line(score: Any, voice: int) -> Reading:
    """Return a single line, or one of four voices, of a music21 score.

    If only one part has notes, it is the voice, the others are silent, and of first and
    second endings the first are left out; otherwise as `from_music21`.

    Raises:
        DataError: the score has no notes, or holds neither one line nor four voices.
    """
    parts = [
        part
        for part in score.parts
        if any("Harmony" not in note.classes for note in part.recurse().notes)
    ]
    if not parts:
        raise DataError("expected a melody, got no notes")
    if len(parts) == 1:
        (part,) = parts
        if not part.hasMeasures():
            part = part.makeMeasures()
        reading = _read_parts(score, [_without_first_endings(part)], [voice])
        key = _melody_key(score, reading.chorale.pitches[:, voice])
        return reading._replace(chorale=replace(reading.chorale, key=key))
    try:
        return from_music21(score)
    except DataError as error:
        raise DataError(
            f"expected one line, or four voices of which to take the "
            f"{ALL_VOICES[voice].name}: {error}"
        ) from None


def open_score(path: Path | str) -> Any:
    """Return a music21 Score at sounding pitch.

    Raises:
        DataError: there is no such file, music21 cannot read it, or it holds several
            pieces.
    """
    from music21 import converter

    path = Path(path)
    if not path.is_file():
        raise DataError("expected a score, there is no such file", path)
    if not path.stat().st_size:
        raise DataError("expected a score, it is empty", path)
    try:
        # Without forceSource, the cache of another version of music21 may be read.
        # Warnings of music21 about a file are not meant for our users.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            score = converter.parse(path, forceSource=True)
            if "Opus" not in score.classes:
                score.toSoundingPitch(inPlace=True)
    except Exception as error:  # the parsers raise any exception for damaged files
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(f"expected a score, cannot read it: {reason}", path) from error
    if "Opus" in score.classes:
        raise DataError(f"expected one piece, got {len(score.scores)}", path)
    return score


def from_music21(score: Any) -> Reading:
    """Convert a music21 score of four voices.

    A step takes the note that sounds at its beginning, so of notes shorter than a
    sixteenth only those on the grid remain; grace notes are left out, tied notes are
    joined, and the fermatas of all voices are united. Repeats are read once, as
    written. Bars are counted from the pickup, bar 0, or the first full bar; a short bar
    that completes the short one before it, as at a repeat, belongs to it.

    Args:
        score: a music21 Score of four parts in the order of the voices, of any parts of
            which four are named after the voices, or of two parts of two voices each.

    Returns:
        The chorale with the title, tempo and key of the score; if the key signature has
        no mode, it is estimated from the notes.

    Raises:
        DataError: the score does not hold four voices of one note at a time.
    """
    return _read_parts(score, _choose_parts(list(score.parts)), range(VOICES))


def _without_first_endings(part: Any) -> list[Any]:
    """Return the measures of a part that are played at the last repeat."""
    brackets = list(part.recurse().getElementsByClass("RepeatBracket"))
    first = {
        measure.id
        for bracket in brackets
        for measure in bracket.getSpannedElements()
        if str(bracket.number).startswith("1") and len(brackets) > 1
    }
    measures = part.getElementsByClass("Measure")
    return [measure for measure in measures if measure.id not in first]


def _read_parts(score: Any, parts: Sequence[Any], voices: Sequence[int]) -> Reading:
    """Convert parts of a music21 Score, or lists of measures, with `voices` in them.

    Each part holds equally many of the voices.
    """
    columns = _columns(parts)
    starts = _starts(columns)
    bars, positions, metres = number_measures(
        _read_measures(columns, starts), first_bar=max(columns[0][0].number, 1)
    )
    written: list[list[ScoreNote]] = [[] for _ in range(VOICES)]
    for column, start in zip(columns, starts, strict=False):
        count = len(voices) // len(column)
        staves = [_read_voices(measure, start, count) for measure in column]
        for voice, notes in zip(voices, chain(*staves), strict=True):
            written[voice] += notes
    fermatas = np.zeros(len(bars), np.bool_)
    for note in chain(*written):
        if note.fermata:
            fermatas[slice(*note.span())] = True
    lines = [join_ties(line) for line in written]
    chorale = Chorale.from_notes(
        [score_notes.on_grid(line) for line in lines],
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
        spelling=score_notes.spelling_on_grid(lines, chorale.steps),
        off_grid=sum(map(score_notes.count_off_grid, lines)),
        metre_assumed=_first(score, "TimeSignature") is None,
    )


def _choose_parts(parts: list[Any]) -> list[Any]:
    """Return the four parts, or the two of two voices each, soprano first."""
    order = match_voice_names([part.partName or "" for part in parts])
    if order is not None:
        return [parts[index] for index in order]
    if len(parts) in (VOICES, VOICES // 2):
        return parts
    raise DataError(f"expected four voices, on four staves or on two, got {len(parts)}")


# === Measures ===


def read_notes(stream: Any, bar: int, start: Fraction = Fraction(0)) -> list[ScoreNote]:
    """Return the notes, chords and rests of a music21 measure, or of one voice of it.

    Grace notes and chord symbols are left out. `bar` is the number of the measure in
    the score, `start` its beginning in steps.

    Raises:
        DataError: there is percussion among them.
    """
    found = []
    for element in stream.notesAndRests:
        if element.duration.isGrace or "Harmony" in element.classes:
            continue
        if not element.isRest and not element.pitches:
            raise DataError(f"expected notes, got percussion in bar {bar}")
        notes = [] if element.isRest else getattr(element, "notes", [element])
        notes = sorted(notes, key=lambda note: -note.pitch.midi)
        begin = start + Fraction(element.offset) * STEPS_PER_QUARTER
        found.append(
            ScoreNote(
                pitches=tuple(note.pitch.midi for note in notes),
                tied=tuple(
                    note.tie is not None and note.tie.type in ("stop", "continue")
                    for note in notes
                ),
                start=begin,
                end=begin + Fraction(element.quarterLength) * STEPS_PER_QUARTER,
                fermata=any("Fermata" in mark.classes for mark in element.expressions),
                bar=bar,
                # music21 counts diatonic numbers from 1.
                spelling=tuple(note.pitch.diatonicNoteNum - 1 for note in notes),
            )
        )
    return found


def _columns(parts: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the simultaneous music21 measures of all parts, in order."""
    measures = [
        part if isinstance(part, list) else list(part.getElementsByClass("Measure"))
        for part in parts
    ]
    counts = [len(part) for part in measures]
    if len(set(counts)) > 1 or counts[0] == 0:
        listed = ", ".join(map(str, counts))
        raise DataError(f"expected parts of equally many bars, got {listed}")
    return list(zip(*measures, strict=True))


def _starts(columns: Sequence[tuple[Any, ...]]) -> list[Fraction]:
    """Return the beginning of each measure, and the end of the last, in steps."""
    # Not the offsets of music21, as a part may omit the end of a measure.
    lengths = (
        max(Fraction(measure.highestTime) * STEPS_PER_QUARTER for measure in column)
        for column in columns
    )
    return list(accumulate(lengths, initial=Fraction(0)))


def _read_measures(
    columns: Sequence[tuple[Any, ...]], starts: Sequence[Fraction]
) -> list[Measure]:
    """Return the measures, in common time if the score begins without a metre."""
    signatures = (first.timeSignature for first, *_ in columns)
    written = [
        None if mark is None else Metre(mark.numerator, mark.denominator)
        for mark in signatures
    ]
    measures = []
    metre = COMMON_TIME
    for index, (first, *_) in enumerate(columns):
        signature = written[index]
        is_last = index + 1 == len(columns)
        # music21 gives an upbeat after a repeat a time signature of its own length,
        # and the next measure the one in force again. Neither is a change of metre.
        is_upbeat = (
            signature is not None
            and 2 * signature.bar_length <= metre.bar_length
            and not is_last
            and written[index + 1] == metre
        )
        is_redundant = is_upbeat or (index > 0 and signature == metre)
        change = None if is_redundant else signature
        metre = change or metre
        # music21 also pads the first measure of each section. A padded one is an upbeat
        # only where a metre begins and another measure follows.
        is_padded = first.paddingLeft > 0 and not is_last
        measures.append(
            Measure(
                length=math.ceil(starts[index + 1]) - math.ceil(starts[index]),
                metre=metre,
                upbeat=first.number == 0
                or first.showNumber == "never"
                or signature != change
                or (is_padded and (index == 0 or change is not None)),
            )
        )
    return measures


def _read_voices(measure: Any, start: Fraction, count: int) -> list[list[ScoreNote]]:
    """Return the notes of each of the `count` voices of a staff in one measure."""
    # Two voices are written as separate voices or as chords of two notes.
    voices = sorted(measure.voices, key=lambda voice: str(voice.id))
    if len(voices) == count > 1:
        return [
            [note.member(0, 1) for note in read_notes(voice, measure.number, start)]
            for voice in voices
        ]
    notes = read_notes(measure.flatten(), measure.number, start)
    return [[note.member(rank, count) for note in notes] for rank in range(count)]


# === Title, tempo and key ===


def _first(score: Any, name: str) -> Any:
    """Return the first element of a music21 class in a score, or None."""
    return score.recurse().getElementsByClass(name).first()


def _title(score: Any) -> str:
    """Return the title of the work, else that of the movement; may be empty."""
    if score.metadata is None:
        return ""
    # `metadata.title` would move the article of a title to its end.
    titles = [*score.metadata["title"], *score.metadata["movementName"]]
    # Scores without a title get the name of the file from music21.
    file = Path(score.metadata.filePath or "").name
    return next((str(title) for title in titles if str(title) != file), "")


def _tempo(score: Any) -> float:
    """Return the first tempo, in quarters per minute."""
    mark = _first(score, "MetronomeMark")
    # music21 calculates in seconds per beat, which leaves a rounding error.
    return round((mark and mark.getQuarterBPM()) or DEFAULT_TEMPO, 2)


def _key(score: Any, pitches: IntArray) -> Key | None:
    """Return the first key; None without a signature of at most 7 sharps or flats."""
    signature = _first(score, "KeySignature")
    if signature is None or signature.sharps is None or abs(signature.sharps) > 7:
        return None
    mode = getattr(signature, "mode", "")
    if mode in _MODES:
        return Key.from_tonic_class(signature.tonic.pitchClass, _MODES[mode])
    modes = [mode] if mode in ("major", "minor") else ["major", "minor"]
    return estimate_key(pitches, [Key.from_fifths(signature.sharps, m) for m in modes])


def _melody_key(score: Any, line: IntArray) -> Key:
    """Return the key of a single line.

    If the score names a tonic, the mode is that of the third above it that sounds
    longer: collections of songs often omit the mode, and music21 then assumes major. If
    there is only a key signature, its neighbors are considered too, for church modes.
    """
    written = _key(score, line)
    if written is None:
        return estimate_melody_key(line)
    signature = _first(score, "KeySignature")
    if not hasattr(signature, "tonic"):
        return estimate_melody_key(line, keys_near(signature.sharps))
    above = (line[line != SILENCE] - written.tonic_class) % 12
    minor, major = (int((above == third).sum()) for third in (3, 4))
    mode = "minor" if minor > major else "major"
    if minor == major or mode == written.mode:
        return written
    return Key.from_tonic_class(written.tonic_class, mode)

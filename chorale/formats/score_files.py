"""Score files of any kind that music21 opens: MusicXML, ABC, Humdrum and others.

The voices may stand on four staves or on two, or be one line alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.formats.score_events import (
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
from chorale.formats.shared import Reading, naming, voices_by_name
from chorale.music.keys import Key, estimate_key, estimate_melody_key
from chorale.music.score import (
    COMMON_TIME,
    DEFAULT_TEMPO,
    STEPS_PER_QUARTER,
    Chorale,
    Metre,
)
from chorale.music.voices import ALL_VOICES, SILENCE, VOICES
from chorale.utils.arrays import IntArray

# Church modes by the third over their tonic.
_MODES = {
    "dorian": "minor",
    "phrygian": "minor",
    "lydian": "major",
    "mixolydian": "major",
}


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
    return _lay_out(score, _choose_parts(list(score.parts)), range(VOICES))


def line_from_score(score: Any, voice: int) -> Reading:
    """Lay one voice of a music21 score on the grid, the others silent.

    Where only one part has notes, it is the voice, and of its first and second endings
    the first are left out; else as `spelled_from_score`.

    Args:
        score: a music21 Score.
        voice: which voice it is, or which of four.

    Raises:
        DataError: there are no notes, several at once, or parts that are neither one
            line nor four voices.
    """
    parts = [part for part in score.parts if _has_notes(part)]
    if not parts:
        raise DataError("expected a melody, got no notes")
    if len(parts) == 1:
        (part,) = parts
        if not part.hasMeasures():
            part = part.makeMeasures()
        reading = _lay_out(score, [_without_first_endings(part)], [voice])
        key = _key_of_line(score, reading.chorale.pitches[:, voice])
        return reading._replace(chorale=replace(reading.chorale, key=key))
    try:
        reading = spelled_from_score(score)
    except DataError as error:
        raise DataError(
            f"expected one line, or four voices of which to take the "
            f"{ALL_VOICES[voice].name}: {error}"
        ) from None
    others = np.arange(VOICES) != voice
    pitches, onsets = (
        np.where(others, 0, table)
        for table in (reading.chorale.pitches, reading.chorale.onsets)
    )
    chorale = replace(reading.chorale, pitches=pitches, onsets=onsets)
    return reading._replace(chorale=chorale)


def _has_notes(part: Any) -> bool:
    return any("Harmony" not in note.classes for note in part.recurse().notes)


def _without_first_endings(part: Any) -> list[Any]:
    """Return the measures of a part that are played the last time round."""
    brackets = list(part.recurse().getElementsByClass("RepeatBracket"))
    first = {
        measure.id
        for bracket in brackets
        for measure in bracket.getSpannedElements()
        if str(bracket.number).startswith("1") and len(brackets) > 1
    }
    return [one for one in part.getElementsByClass("Measure") if one.id not in first]


def _lay_out(score: Any, parts: Sequence[Any], voices: Sequence[int]) -> Reading:
    """Lay the parts of a score on the grid.

    Args:
        score: what they are of.
        parts: music21 parts, or lists of measures.
        voices: which voices they sing, equally many on each part.
    """
    columns = _columns(parts)
    starts = _starts(columns)
    bars, positions, metres = count_bars(
        _read_measures(columns, starts), first_bar=max(columns[0][0].number, 1)
    )
    lines: list[list[Sound]] = [[] for _ in range(VOICES)]
    for column, start in zip(columns, starts, strict=False):
        count = len(voices) // len(column)
        staves = [_read_voices(measure, start, count) for measure in column]
        for voice, sounds in zip(voices, chain(*staves), strict=True):
            lines[voice] += sounds
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
        score.recurse().getElementsByClass("TimeSignature").first() is None,
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


def _columns(parts: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the music21 measures that stand one below the other."""
    measures = [
        part if isinstance(part, list) else list(part.getElementsByClass("Measure"))
        for part in parts
    ]
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
    signatures = _signatures(columns)
    measures = []
    metre = COMMON_TIME
    for index, (first, *_) in enumerate(columns):
        signature = signatures[index]
        metre = signature or metre
        # What is not counted is an upbeat. Music21 pads whatever begins the piece or
        # follows a short bar, which is one where a metre begins and a bar comes after.
        padded = first.paddingLeft > 0 and (index == 0 or signature is not None)
        measures.append(
            Measure(
                length=math.ceil(starts[index + 1]) - math.ceil(starts[index]),
                metre=metre,
                upbeat=first.number == 0
                or first.showNumber == "never"
                or (first.timeSignature is not None and signature is None)
                or (padded and index < len(columns) - 1),
            )
        )
    return measures


def _signatures(columns: Sequence[tuple[Any, ...]]) -> list[Metre | None]:
    """Return the time signature that each bar begins, if any.

    A signature of one short bar, as music21 gives to an upbeat after a repeat, is none,
    and neither is that which ends it.
    """
    signatures: list[Metre | None] = []
    metre = COMMON_TIME
    for index, (first, *_) in enumerate(columns):
        written = _metre(first)
        after = _metre(columns[index + 1][0]) if index + 1 < len(columns) else None
        is_upbeat = (
            written is not None
            and 2 * written.bar_length <= metre.bar_length
            and after == metre
        )
        if written is None or is_upbeat or (index and written == metre):
            signatures.append(None)
            continue
        signatures.append(written)
        metre = written
    return signatures


def _metre(measure: Any) -> Metre | None:
    signature = measure.timeSignature
    if signature is None:
        return None
    return Metre(signature.numerator, signature.denominator)


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
    mode = getattr(signature, "mode", "")
    if mode in _MODES:
        return Key.of_tonic_class(signature.tonic.pitchClass, _MODES[mode])
    written = keys.get(mode)
    return written or estimate_key(pitches, list(keys.values()))


def _key_of_line(score: Any, line: IntArray) -> Key:
    """Return the key of one voice.

    If the score gives a tonic, the mode is that of the third that sounds more over it:
    collections of songs often leave the mode out, which then reads as major. If it
    gives a key signature alone, church modes are looked for too.
    """
    written = _key(score, line)
    if written is None:
        return estimate_melody_key(line)
    signature = score.recurse().getElementsByClass("KeySignature").first()
    if hasattr(signature, "tonic"):
        above = (line[line != SILENCE] - written.tonic_class) % 12
        minor, major = (int((above == third).sum()) for third in (3, 4))
        if minor == major:
            return written
        mode = "minor" if minor > major else "major"
        if mode == written.mode:
            return written
        return Key.of_tonic_class(written.tonic_class, mode)
    fifths = (signature.sharps + more for more in (0, -1, 1))
    return estimate_melody_key(
        line,
        [
            Key.from_fifths(one, mode)
            for one in fifths
            if abs(one) <= 7
            for mode in ("major", "minor")
        ],
    )

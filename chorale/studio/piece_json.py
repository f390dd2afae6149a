"""Pieces as JSON documents, as the page keeps them and the server takes them.

    {"steps": 64, "voices": [[[pitch, start, length], …] ×4],
     "fermatas": [[start, end], …],
     "bars": [{"start": 0, "number": 1, "position": 0}, …],
     "metres": [{"step": 0, "numerator": 4, "denominator": 4}, …],
     "key": "D minor" or null, "tempo": 72.0, "title": "", "source": "", "credit": "",
     "lyrics": [{"voice": 0, "step": 0, "verse": 1, "text": "Wie", "joined": false}, …]}

Only `steps` and `voices` are required. Steps are sixteenths from 0, voices go from the
soprano to the bass, and a bar is what is between two barlines; its position is the
steps since the barline at its beginning, not 0 for a pickup.

Cells, a set of steps of each voice, are ranges of steps: [[[start, end], …] ×4].
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.formats.reading import FASTEST, SLOWEST
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import COMMON_TIME, Metre
from chorale.music.score import DEFAULT_TEMPO, Chorale, Note
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICE_NAMES, VOICES
from chorale.studio.shared_types import JsonObject
from chorale.utils.arrays import BoolArray, IntArray

Cells = list[list[list[int]]]  # ranges of steps of each voice

# Limits of a piece: a long chorale has a thousand steps and as many notes.
MOST_STEPS = 20_000  # sixteenths, 1,250 bars of 4/4
MOST_NOTES = 40_000
_MOST_LYRICS = 40_000
_MOST_METRES = 2_000
LONGEST_TEXT = 1_000  # characters of a title, a source, a credit or a syllable
_LARGEST_NUMBER = 1_000_000  # of a bar, and of the steps before a barline
_SHOWN = 40  # characters of a value in a message

FIELDS = (
    "steps voices fermatas bars metres key tempo title source credit lyrics"
).split()
_REQUIRED = ("steps", "voices")


def to_json(chorale: Chorale) -> JsonObject:
    """Return a chorale as a JSON document, from which `from_json` makes it again."""
    return {
        "steps": chorale.steps,
        "voices": [
            [list(note) for note in chorale.notes(voice)] for voice in range(VOICES)
        ],
        "fermatas": [list(span) for span in chorale.fermata_spans()],
        "bars": [
            {"start": bar.start, "number": bar.number, "position": bar.position}
            for bar in chorale.written_bars()
        ],
        "metres": [
            {
                "step": metre.step,
                "numerator": metre.numerator,
                "denominator": metre.denominator,
            }
            for metre in chorale.metres
        ],
        "key": None if chorale.key is None else chorale.key.name,
        "tempo": float(chorale.tempo),
        "title": chorale.title,
        "source": chorale.source,
        "credit": chorale.credit,
        "lyrics": [
            {
                "voice": int(lyric.voice),
                "step": int(lyric.step),
                "verse": lyric.verse,
                "text": lyric.text,
                "joined": lyric.joined,
            }
            for lyric in chorale.lyrics
        ],
    }


def from_json(document: object) -> Chorale:
    """Return the chorale of a JSON document.

    Args:
        document: see the module; only `steps` and `voices` are required.

    Raises:
        DataError: the document has another form or exceeds a limit; the message is one
            sentence that names the field.
    """
    values = _object(document, "the piece", FIELDS, _REQUIRED)
    steps = _integer(values["steps"], "steps", 1, MOST_STEPS)
    metres = _metres(values.get("metres"))
    bars = _bars(values.get("bars"), steps)
    return Chorale.from_notes(
        _voices(values["voices"], steps),
        steps,
        fermatas=_mask(values.get("fermatas", []), steps, "fermatas"),
        bars=None if bars is None else bars[0],
        positions=None if bars is None else bars[1],
        metres=metres,
        key=_key(values.get("key")),
        tempo=_tempo(values.get("tempo", DEFAULT_TEMPO)),
        title=_text(values.get("title", ""), "title"),
        source=_text(values.get("source", ""), "source"),
        credit=_text(values.get("credit", ""), "credit"),
        lyrics=_lyrics(values.get("lyrics", []), steps),
    )


def cells_to_json(cells: BoolArray) -> Cells:
    """Return cells, bool array (steps, 4), as ranges of steps of each voice."""
    ranges = []
    for line in cells.T:
        padded = np.concatenate([[0], line, [0]]).astype(np.int64)
        edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
        ranges.append(edges.tolist())
    return ranges


def cells_from_json(document: object, steps: int, name: str = "cells") -> BoolArray:
    """Return cells, ranges of steps of each voice, as a bool array (steps, 4).

    Args:
        document: four lists of ranges [start, end], which may overlap.
        steps: length of the piece.
        name: of the field, for messages.

    Raises:
        DataError: the document has another form; the message names the field.
    """
    lines = _of_voices(document, name)
    masks = [_mask(line, steps, f"{name}[{v}]") for v, line in enumerate(lines)]
    return np.stack(masks, axis=1)


# === Parts of a piece ===


def _voices(document: object, steps: int) -> list[list[Note]]:
    lines = _of_voices(document, "voices")
    if sum(len(line) for line in lines if isinstance(line, list)) > MOST_NOTES:
        raise DataError(f"expected voices of at most {MOST_NOTES:,} notes, got more")
    return [_line(line, steps, voice) for voice, line in enumerate(lines)]


def _line(document: object, steps: int, voice: int) -> list[Note]:
    notes = []
    name = f"voices[{voice}]"
    taken = np.zeros(steps, np.bool_)
    for number, values in enumerate(_list(document, name, MOST_NOTES)):
        place = f"{name}[{number}]"
        numbers = _list(values, place, 3)
        if len(numbers) != 3:
            raise DataError(
                f"expected {place} of the form [pitch, start, length], got "
                f"{_shown(values)}"
            )
        pitch = _integer(
            numbers[0], f"the pitch in {place}", LOWEST_PITCH, HIGHEST_PITCH
        )
        start = _integer(numbers[1], f"the start in {place}", 0, steps - 1)
        length = _integer(numbers[2], f"the length in {place}", 1, steps - start)
        if taken[start : start + length].any():
            raise DataError(
                f"expected one note at a time, {place} overlaps another note of the "
                f"{VOICE_NAMES[voice]}"
            )
        taken[start : start + length] = True
        notes.append(Note(pitch, start, length))
    return notes


def _bars(document: object, steps: int) -> tuple[IntArray, IntArray] | None:
    """Return the numbers and positions of bars, int arrays (steps,); None if absent."""
    if document is None or document == []:
        return None
    numbers, positions = np.zeros((2, steps), np.int64)
    names = ("start", "number", "position")
    after = 0
    for place, values in _objects(document, "bars", MOST_STEPS, names, names):
        start = _integer(values["start"], f"{place}.start", 0, steps - 1)
        if start < after or (place == "bars[0]" and start):
            wanted = "0 at first, then later in each bar"
            raise DataError(f"expected {place}.start {wanted}, got {start}")
        after = start + 1
        number = _integer(values["number"], f"{place}.number", 0, _LARGEST_NUMBER)
        first = _integer(values["position"], f"{place}.position", 0, _LARGEST_NUMBER)
        numbers[start:] = number
        positions[start:] = first + np.arange(steps - start)
    return numbers, positions


def _metres(document: object) -> tuple[Metre, ...]:
    if document is None or document == []:
        return (COMMON_TIME,)
    metres: list[Metre] = []
    names = ("step", "numerator", "denominator")
    for place, values in _objects(document, "metres", _MOST_METRES, names, names):
        step = _integer(values["step"], f"{place}.step", 0, MOST_STEPS)
        if step <= metres[-1].step if metres else step:
            wanted = "0 at first, then later in each metre"
            raise DataError(f"expected {place}.step {wanted}, got {step}")
        upper, lower = (
            _integer(values[name], f"{place}.{name}", 1, _LARGEST_NUMBER)
            for name in names[1:]
        )
        try:
            metres.append(Metre(upper, lower, step))
        except DataError as error:
            raise DataError(f"{place}: {error}") from None
    return tuple(metres)


def _key(document: object) -> Key | None:
    if document is None:
        return None
    try:
        return Key.parse(document if isinstance(document, str) else "")
    except DataError:
        raise DataError(
            "expected key to be null or a name such as 'G major' or 'Bb minor', got "
            f"{_shown(document)}"
        ) from None


def _tempo(document: object) -> float:
    is_number = isinstance(document, int | float) and not isinstance(document, bool)
    if is_number and SLOWEST <= document <= FASTEST:  # type: ignore[operator]
        return float(document)  # type: ignore[arg-type]
    raise DataError(
        f"expected tempo from {SLOWEST} to {FASTEST} quarters per minute, got "
        f"{_shown(document)}"
    )


def _lyrics(document: object, steps: int) -> tuple[Lyric, ...]:
    lyrics = []
    names = ("voice", "step", "verse", "text", "joined")
    required = ("voice", "step", "text")
    for place, values in _objects(document, "lyrics", _MOST_LYRICS, names, required):
        joined = values.get("joined", False)
        if not isinstance(joined, bool):
            raise DataError(
                f"expected {place}.joined to be true or false, got {_shown(joined)}"
            )
        lyrics.append(
            Lyric(
                step=_integer(values["step"], f"{place}.step", 0, steps - 1),
                voice=_integer(values["voice"], f"{place}.voice", 0, VOICES - 1),
                verse=_integer(values.get("verse", 1), f"{place}.verse", 1, 1000),
                text=_text(values["text"], f"{place}.text"),
                joined=joined,
            )
        )
    return tuple(lyrics)


def _mask(document: object, steps: int, name: str) -> BoolArray:
    """Return ranges of steps as a bool array (steps,)."""
    mask = np.zeros(steps, np.bool_)
    for number, values in enumerate(_list(document, name, MOST_STEPS)):
        place = f"{name}[{number}]"
        ends = _list(values, place, 2)
        if len(ends) != 2:
            raise DataError(
                f"expected {place} of the form [start, end], got {_shown(values)}"
            )
        start = _integer(ends[0], f"the start in {place}", 0, steps - 1)
        end = _integer(ends[1], f"the end in {place}", start + 1, steps)
        mask[start:end] = True
    return mask


# === Values ===


def _integer(value: object, name: str, least: int, most: int) -> int:
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and least <= value <= most
    ):
        return value
    raise DataError(
        f"expected {name} to be a whole number from {least} to {most}, got "
        f"{_shown(value)}"
    )


def _text(value: object, name: str) -> str:
    """Return a text that can be stored: JSON may hold halves of characters."""
    if not isinstance(value, str):
        raise DataError(f"expected {name} to be text, got {_shown(value)}")
    if len(value) > LONGEST_TEXT:
        raise DataError(
            f"expected {name} of at most {LONGEST_TEXT} characters, got {len(value)}"
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise DataError(f"expected {name} of Unicode characters, got half of one")
    return value


def _list(value: object, name: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"expected {name} to be a list, got {_shown(value)}")
    if len(value) > most:
        raise DataError(
            f"expected {name} of at most {most:,} entries, got {len(value)}"
        )
    return value


def _of_voices(value: object, name: str) -> list[Any]:
    lines = _list(value, name, VOICES)
    if len(lines) != VOICES:
        raise DataError(
            f"expected {name} of {VOICES} lists, one per voice, got {len(lines)}"
        )
    return lines


def _object(
    value: object, name: str, known: Sequence[str], required: Sequence[str]
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"expected {name} to be a JSON object, got {_shown(value)}")
    for field in required:
        if field not in value:
            raise DataError(f"expected {name} to have the field {field}, it has none")
    for field in value:
        if field not in known:
            raise DataError(
                f"expected {name} to have the fields {', '.join(known)}, got "
                f"{_shown(field)}"
            )
    return value


def _objects(
    value: object, name: str, most: int, known: Sequence[str], required: Sequence[str]
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of a list, each with its place for messages."""
    for number, each in enumerate(_list(value, name, most)):
        place = f"{name}[{number}]"
        yield place, _object(each, place, known, required)


def _shown(value: object) -> str:
    """Return a value for a message, shortened."""
    if isinstance(value, dict | list):
        return f"a JSON {'object' if isinstance(value, dict) else 'list'}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    if isinstance(value, int) and abs(value) > 10**_SHOWN:
        return "a huge number"
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def piece_of(body: object) -> Chorale:
    """Return the chorale in the field `piece` of a JSON object.

    Raises:
        DataError: it has none, or a malformed one.
    """
    if not isinstance(body, dict) or "piece" not in body:
        raise DataError("expected a JSON object with the field piece")
    return from_json(body["piece"])

"""Ranges of the voices: which notes the pieces of a corpus may have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.formats.places import places_in
from chorale.music.keys import parse_pitch, pitch_name
from chorale.music.score import Chorale
from chorale.music.voices import (
    ALL_VOICES,
    HIGHEST_PITCH,
    LOWEST_PITCH,
    SILENCE,
    VOICE_NAMES,
    VOICES,
)
from chorale.utils.text import counted

# Semitones beyond the textbook range of a voice, down and up. Bach's chorales need 4,
# the basses of Palestrina's and the altos of Monteverdi's pieces, whose clefs move all
# voices, up to 12.
_BEYOND = 12


class Span(NamedTuple):
    """A lowest and a highest MIDI note, both included."""

    lowest: int
    highest: int

    @property
    def name(self) -> str:
        return f"{pitch_name(self.lowest)} to {pitch_name(self.highest)}"


Ranges = tuple[Span, ...]  # of the four voices, soprano first

SATB: Ranges = tuple(
    Span(voice.lowest - _BEYOND, voice.highest + _BEYOND) for voice in ALL_VOICES
)
ANY: Ranges = (Span(LOWEST_PITCH, HIGHEST_PITCH),) * VOICES
_NAMED = {"satb": SATB, "any": ANY}
_EXAMPLES = "satb, any, C2-C6, or four ranges such as C4-A5,G3-E5,C3-A4,E2-D4"


def parse_ranges(text: str) -> Ranges:
    """Parse the ranges of the voices.

    Args:
        text: `satb` for what people sing, an octave beyond the textbook ranges; `any`
            for every MIDI note; a range of all voices, `C2-C6`; or four ranges, soprano
            first, with commas between.

    Raises:
        UsageError: the text has another form, or a lowest note is above a highest.
    """
    wanted = text.strip().lower()
    if wanted in _NAMED:
        return _NAMED[wanted]
    spans = [_parse_span(word, text) for word in wanted.split(",")]
    if len(spans) not in (1, VOICES):
        raise UsageError(
            f"expected one range or {VOICES}, soprano first, got {len(spans)}: {text!r}"
        )
    return tuple(spans) * (VOICES // len(spans))


def _parse_span(word: str, text: str) -> Span:
    low, _, high = word.partition("-")
    try:
        span = Span(parse_pitch(low), parse_pitch(high))
    except DataError:
        raise UsageError(f"expected a range: {_EXAMPLES}; got {text!r}") from None
    if span.lowest > span.highest:
        raise UsageError(
            f"expected a range from its lowest to its highest note, got {word!r}"
        )
    return span


def check_ranges(chorale: Chorale, ranges: Sequence[Span]) -> None:
    """Raise a DataError if a note is outside the range of its voice.

    The message names the first such note of each voice, with bar and beat.
    """
    problems = []
    for voice, span in enumerate(ranges):
        pitches = chorale.pitches[:, voice]
        outside = pitches != SILENCE
        outside &= (pitches < span.lowest) | (pitches > span.highest)
        if not outside.any():
            continue
        count = int((outside & chorale.onsets[:, voice]).sum())
        step = int(np.argmax(outside))
        place = places_in(chorale.bars, chorale.positions, chorale.metres)(step)
        others = f" and {counted(count - 1, 'more note')}" if count > 1 else ""
        problems.append(
            f"the {VOICE_NAMES[voice]} leaves its range: expected {span.name}, got "
            f"{pitch_name(int(pitches[step]))} in {place}{others}"
        )
    if problems:
        raise DataError("; ".join(problems))

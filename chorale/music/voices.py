"""The four voices: names, ranges, staves and MIDI instruments.

A voice is an index: 0 soprano, 1 alto, 2 tenor, 3 bass, in that order everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from chorale.utils.checks import check_choice

VOICES = 4
SOPRANO, ALTO, TENOR, BASS = range(VOICES)

# The order in which networks write the voices of a step: outer voices first, as taught
# in harmony lessons. Part of every model's definition.
VOICE_ORDER: tuple[int, ...] = (SOPRANO, BASS, ALTO, TENOR)

SILENCE = 0  # the pitch of a silent voice
LOWEST_PITCH, HIGHEST_PITCH = 1, 127  # of sounding MIDI notes


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One of the four voices.

    Attributes:
        name: in lower case.
        lowest, highest: textbook range, MIDI notes, inclusive.
        staff: of a choral score on two staves; 1 = upper, 2 = lower.
        stem: direction of the stems on that staff, `up` or `down`.
    """

    name: str
    lowest: int
    highest: int
    staff: int
    stem: str


# Ranges as in Aldwell & Schachter, Harmony and Voice Leading, chapter 5.
ALL_VOICES = (
    Voice(name="soprano", lowest=60, highest=79, staff=1, stem="up"),
    Voice(name="alto", lowest=55, highest=74, staff=1, stem="down"),
    Voice(name="tenor", lowest=48, highest=67, staff=2, stem="up"),
    Voice(name="bass", lowest=40, highest=60, staff=2, stem="down"),
)
VOICE_NAMES = tuple(voice.name for voice in ALL_VOICES)

# General MIDI programs, counted from 0, soprano to bass.
INSTRUMENTS: dict[str, tuple[int, int, int, int]] = {
    "choir": (52, 52, 52, 52),
    "organ": (19, 19, 19, 19),
    "piano": (0, 0, 0, 0),
    "harpsichord": (6, 6, 6, 6),
    "strings": (40, 40, 41, 42),
    "brass": (56, 60, 57, 58),
    "woodwinds": (73, 68, 71, 70),
}


def voice_named(name: str) -> int:
    """Return the index of the voice with a name.

    Raises:
        UsageError: there is no such voice.
    """
    wanted = name.strip().casefold()
    check_choice("a voice", wanted, VOICE_NAMES)
    return VOICE_NAMES.index(wanted)

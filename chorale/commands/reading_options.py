"""Options of the commands that read chorales: settings for reading a file."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any

import typer

from chorale.commands.printing import print_remarks
from chorale.errors import UsageError
from chorale.formats.files import READABLE_FORMATS
from chorale.formats.reading import FASTEST, SLOWEST, ReadingOptions
from chorale.music.key_decision import parse_key
from chorale.music.keys import Key
from chorale.utils.checks import check_choice

READING = "Reading"  # panel of the help
_option = partial(typer.Option, rich_help_panel=READING)

_FROM_HELP: dict[str, Any] = {
    "metavar": "FORMAT",
    "help": f"Format of the file, one of {', '.join(READABLE_FORMATS)}; needed for "
    "/dev/stdin and other files without an ending.",
    "show_default": "by the ending of the file",
}
From = Annotated[str | None, _option("--from", **_FROM_HELP)]
# For commands that have no --format for what they write.
FromFormat = Annotated[str | None, _option("--from", "--format", **_FROM_HELP)]
Parts = Annotated[
    str | None,
    _option(
        metavar="N,...",
        help="Numbers of the parts to read, from 1: the staves from the top of the "
        "score, or the tracks of a MIDI file; soprano first: four, such as 1,2,3,4, or "
        "one or two with several voices each.",
        show_default="by names, clefs and ranges",
    ),
]
Track = Annotated[
    int | None,
    _option(
        metavar="N",
        help="Number of the part with the melody, from 1: the staves from the top of "
        "the score, or the tracks of a MIDI file.",
        show_default="the only one, or that of --voice",
    ),
]
Tune = Annotated[
    int | None,
    _option(
        metavar="N",
        help="Number of the tune, the X: field, in a book of tunes in ABC.",
        show_default="the only one",
    ),
]
KeyName = Annotated[
    str | None,
    _option(
        "--key",
        metavar="KEY",
        help="Key, such as 'E minor', 'Bb major' or 'D dorian', instead of the one in "
        "the file.",
        show_default="that of the file, or estimated from the notes",
    ),
]
Tempo = Annotated[
    float | None,
    _option(
        help=f"Tempo in quarters per minute, {SLOWEST} to {FASTEST}, instead of the "
        "one in the file.",
        show_default="that of the file",
    ),
]
Phrases = Annotated[
    str | None,
    _option(
        metavar="N,...",
        help="Bars in which a phrase of the melody ends, such as 4,8,12,16, a pickup "
        "being bar 0; none for a single phrase.",
        show_default="at the fermatas, or guessed",
    ),
]


def reading_options(context: typer.Context) -> ReadingOptions:
    """Return what the options of a command say about the file it reads.

    A key that is read otherwise than it is named is printed.

    Raises:
        UsageError: a value out of bounds, or --track together with --parts.
    """
    asked = context.params
    parts, track = asked.get("parts"), asked.get("track")
    if parts is not None and track is not None:
        raise UsageError("--track N is the same as --parts N: leave one out")
    if track is not None:
        parts = str(track)
    key: Key | None = None
    remarks: tuple[str, ...] = ()
    if asked.get("key") is not None:
        key, remarks = parse_key(asked["key"])
    print_remarks(*remarks)
    source_format = asked.get("source_format")
    if source_format is not None:
        check_choice("--from", source_format, READABLE_FORMATS)
    return ReadingOptions(
        format=source_format,
        tune=asked.get("tune"),
        parts=None if parts is None else _parse_parts(parts),
        key=key,
        tempo=asked.get("tempo"),
    )


def parse_phrases(text: str | None) -> tuple[int, ...] | None:
    """Return the bars in which phrases end, empty for `none`; None if not given.

    Raises:
        UsageError: other text than numbers separated by commas.
    """
    if text is None:
        return None
    if text.strip().casefold() == "none":
        return ()
    if not re.fullmatch(r"\s*\d{1,6}(\s*,\s*\d{1,6})*\s*", text):
        raise UsageError(
            f"expected --phrases with numbers of bars such as 4,8,12,16, or none, got "
            f"{text!r}"
        )
    return tuple(int(number) for number in text.split(","))


def _parse_parts(text: str) -> tuple[int, ...]:
    """Return the numbers of parts such as `1,2,3,4`."""
    if not re.fullmatch(r"\s*\d{1,4}\s*(,\s*\d{1,4}\s*)*", text):
        raise UsageError(
            f"expected --parts with numbers of parts such as 1,2,3,4, got {text!r}"
        )
    return tuple(map(int, text.split(",")))

"""Files that the studio hands out: content, media type, and a name that is safe."""

from __future__ import annotations

import re

from chorale.errors import DataError
from chorale.evaluation.marked_scores import ENDING, marked_name, write_marked
from chorale.formats.files import OUTPUT_ENDINGS, losses, write
from chorale.music.harmony.analyzing import analyze
from chorale.music.score import Chorale
from chorale.studio.piece_json import piece_of
from chorale.studio.shared_types import File
from chorale.utils.checks import check_choice
from chorale.utils.temporary import temporary_folder
from chorale.utils.text import to_ascii
from chorale.voice_leading.checking import check

MEDIA_TYPES = {
    "midi": "audio/midi",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "csv": "text/csv",
    "wav": "audio/wav",
    "abc": "text/vnd.abc",
    "humdrum": "text/plain",
    "svg": "image/svg+xml",
    "png": "image/png",
}
MARKED = "marked"  # a MusicXML file with the findings of the check
_LONGEST_SOUND = 900.0  # seconds of a WAV file, of which one has 5 MB a minute
_LONGEST_NAME = 60  # characters


def format_names() -> tuple[str, ...]:
    """Return the names of the formats that files can have."""
    return tuple(name for name in MEDIA_TYPES if name in OUTPUT_ENDINGS)


def export(body: object, name: str = "midi") -> File:
    """Return the `piece` of a body as a file: content, media type and name.

    Args:
        body: {"piece": …}.
        name: of a format, one of `format_names`, or MARKED.

    Raises:
        UsageError, DataError, MissingExtraError: as `file_of`, or there is no piece.
    """
    chorale = piece_of(body)
    return marked_score_of(chorale) if name == MARKED else file_of(chorale, name)


def marked_score_of(chorale: Chorale) -> File:
    """Return a piece with its findings of level standard and its harmonic analysis."""
    with temporary_folder() as folder:
        path = folder / f"{marked_name(slug(chorale))}{ENDING}"
        write_marked(chorale, path, check(chorale), analyze(chorale))
        return path.read_bytes(), MEDIA_TYPES["musicxml"], path.name


def file_of(chorale: Chorale, name: str) -> File:
    """Return a piece as a file of a format: content, media type and name.

    Raises:
        UsageError: there is no such format.
        DataError: the piece is too long for it.
        MissingExtraError: a picture needs an extra that is not installed.
    """
    check_choice("format to be", name, format_names())
    ending = OUTPUT_ENDINGS[name]
    seconds = float((15 / chorale.step_tempos()).sum())  # of sixteenths
    if name == "wav" and seconds > _LONGEST_SOUND:
        raise DataError(
            f"expected at most {_LONGEST_SOUND / 60:g} minutes of sound, got "
            f"{seconds / 60:.0f}: export a part of the piece"
        )
    with temporary_folder() as folder:
        path = folder / f"{slug(chorale)}{ending}"
        write(chorale, path)
        return path.read_bytes(), MEDIA_TYPES[name], path.name


def lost_in(chorale: Chorale, name: str) -> list[str]:
    """Return sentences on what a file of a format does not hold."""
    return losses(chorale, f"chorale{OUTPUT_ENDINGS[name]}")


def slug(chorale: Chorale) -> str:
    """Return a name for the files of a piece: letters, digits and hyphens."""
    text = to_ascii(chorale.title or chorale.source).lower()
    plain = re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:_LONGEST_NAME].strip("-")
    return plain or "chorale"

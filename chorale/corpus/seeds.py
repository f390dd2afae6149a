"""Seeds: the openings that a model continues, and the plans that it follows.

The numbered seeds are the held-out test chorales, so that no model recites what it has
learnt from.
"""

from __future__ import annotations

import re
from pathlib import Path

from chorale.corpus.index import Entry, read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.errors import UsageError
from chorale.formats.files import read
from chorale.music.score import Chorale

NO_SEED = "none"


def numbered_seeds() -> tuple[Entry, ...]:
    """Return the index entries of the held-out test chorales; seed 1 comes first."""
    return tuple(
        entry for entry in read_index(bundled_corpus()) if entry.split == "test"
    )


def find_seed(name: str) -> Chorale | None:
    """Return the chorale that a name stands for, loading no other.

    Args:
        name: a number from 1 in `numbered_seeds`, the catalogue number of a bundled
            piece such as `bwv253`, a CSV, MIDI or MusicXML file, or `none`.

    Returns:
        The whole chorale; None for `none`.

    Raises:
        UsageError: there is no such seed.
        DataError: the file is no chorale of four voices.
    """
    if name == NO_SEED:
        return None
    if re.fullmatch(r"[+-]?\d{1,9}", name):
        return _numbered(int(name))
    folder = bundled_corpus()
    catalogue_number = name.casefold().replace(" ", "")
    for entry in read_index(folder):
        if f"bwv{entry.bwv}".casefold() == catalogue_number:
            return load_entry(entry, folder)
    if Path(name).is_file():
        return read(name)
    raise UsageError(
        f"there is no seed {name!r}: expected a number from 1 to "
        f"{len(numbered_seeds())} (`chorale seeds` lists them), a bundled chorale such "
        f"as bwv253, a CSV, MIDI or MusicXML file that exists, or {NO_SEED}"
    )


def find_bundled(name: str) -> Chorale | None:
    """Return the bundled chorale of a number or catalogue number, None of other names.

    A file of that name comes first: it is none of ours.

    Raises:
        UsageError: there is no such chorale.
    """
    wanted = name.casefold().replace(" ", "")
    if Path(name).exists() or not re.fullmatch(r"[0-9]{1,9}|bwv[^/]*", wanted):
        return None
    return find_seed(name)


def _numbered(number: int) -> Chorale:
    entries = numbered_seeds()
    if not 1 <= number <= len(entries):
        raise UsageError(
            f"expected a seed from 1 to {len(entries)}, got {number}; "
            "`chorale seeds` lists them"
        )
    return load_entry(entries[number - 1], bundled_corpus())

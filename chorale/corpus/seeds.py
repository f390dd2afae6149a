"""Seeds: the chorales whose openings a model continues and whose plans it follows.

The numbered seeds are those of the held-out test split: no model was trained on them.
"""

from __future__ import annotations

import re
from pathlib import Path

from chorale.corpus.index import Entry, read_index
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.errors import UsageError
from chorale.formats.files import READABLE_NAMES, read
from chorale.music.score import Chorale

NO_SEED = "none"


def numbered_seeds() -> tuple[Entry, ...]:
    """Return the index entries of the test split; the first is seed 1."""
    return tuple(
        entry for entry in read_index(bundled_corpus()) if entry.split == "test"
    )


def find_seed(name: str | Chorale) -> Chorale | None:
    """Find and load the chorale with a name.

    Args:
        name: a number in `numbered_seeds`, counted from 1, the catalogue number of a
            bundled piece such as `bwv253`, a file that can be read, or `none`; or a
            chorale.

    Returns:
        The whole chorale; None for `none`.

    Raises:
        UsageError: there is no such seed.
        DataError: the file does not hold a chorale of four voices.
    """
    if isinstance(name, Chorale):
        return name
    if name == NO_SEED:
        return None
    folder = bundled_corpus()
    if re.fullmatch(r"[+-]?\d{1,9}", name):
        entries = numbered_seeds()
        if not 1 <= int(name) <= len(entries):
            raise UsageError(
                f"expected a seed from 1 to {len(entries)}, got {int(name)}; "
                "`chorale seeds` lists them"
            )
        return load_entry(entries[int(name) - 1], folder)
    catalogue_number = name.casefold().replace(" ", "")
    for entry in read_index(folder):
        if f"bwv{entry.bwv}".casefold() == catalogue_number:
            return load_entry(entry, folder)
    if Path(name).exists() and not Path(name).is_dir():
        return read(name)
    raise UsageError(
        f"there is no seed {name!r}: expected a number from 1 to "
        f"{len(numbered_seeds())} (`chorale seeds` lists them), a bundled chorale such "
        f"as bwv253, a {READABLE_NAMES} file that exists, or {NO_SEED}"
    )


def find_bundled(name: str) -> Chorale | None:
    """Load a bundled chorale by number or catalogue number; None for other names.

    Existing files have precedence and also give None.

    Raises:
        UsageError: there is no such chorale.
    """
    wanted = name.casefold().replace(" ", "")
    if Path(name).exists() or not re.fullmatch(r"[0-9]{1,9}|bwv[^/]*", wanted):
        return None
    return find_seed(name)

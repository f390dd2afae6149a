"""What identifies a source, and what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chorale.corpus.importing.archives import MEMBER_BYTES
from chorale.corpus.importing.sources import Source
from chorale.corpus.loading import annotations_path
from chorale.corpus.reading import entry_of
from chorale.errors import DataError
from chorale.utils.files import sha256


def identity_of(source: Source) -> str:
    """Return what identifies a source; empty if it cannot be read.

    It changes with all that is read of it: a CSV is read with its annotations and with
    its entry in the index of its corpus.
    """
    if source.member is not None:
        return f"{source.archive}:{source.member.place}"
    try:
        size = source.path.stat().st_size
        if size > MEMBER_BYTES:  # it is refused whatever is in it
            return f"{size} bytes"
        return content_of(source.path)
    except OSError:
        return ""


def content_of(path: Path) -> str:
    """Return what is equal for files that are read alike.

    It is the SHA-256 of a file; of a CSV in a corpus that of all that belongs to it.

    Raises:
        OSError: the file cannot be read.
    """
    content = sha256(path)
    if path.suffix.lower() != ".csv":
        return content
    annotations = annotations_path(path)
    belonging = [sha256(annotations) if annotations.is_file() else ""]
    try:
        entry = entry_of(path)
        belonging.append(repr(entry) if entry else "")
    except DataError as error:
        belonging.append(str(error))
    if not any(belonging):
        return content
    return hashlib.sha256("\n".join([content, *belonging]).encode()).hexdigest()

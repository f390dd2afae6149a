"""The journal of an import: what became of each source, so that a rerun continues.

It is a file of lines of JSON beside the corpus to be, which is removed when the corpus
is whole. A line that was not written to its end, as the process was killed, is dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from chorale.corpus.importing.pieces import Music, Outcome, Piece
from chorale.errors import OutputError
from chorale.utils.files import cannot_write

_ENDING = ".unfinished"


class Journal:
    """The outcomes of sources, by what identifies their content.

    Use `open_journal`. Outcomes are on disk; only their places are in memory.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self._places: dict[str, int] = {}
        self._file = path.open("a+b")
        try:
            _lock(self._file, path)
        except OutputError:
            self._file.close()
            raise
        if not self._restore(settings):
            self._places.clear()
            self._file.truncate(0)
            self._append(dict(settings))

    def __contains__(self, identity: str) -> bool:
        return identity in self._places

    def __len__(self) -> int:
        return len(self._places)

    def add(self, identity: str, outcome: Outcome) -> None:
        """Add the outcome of a source; it outlives this process at once.

        Raises:
            OutputError: the file cannot be written.
        """
        try:
            self._places[identity] = self._append([identity, asdict(outcome)])
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def outcome(self, identity: str) -> Outcome:
        """Return the outcome of a source.

        Raises:
            OutputError: the file cannot be read.
        """
        try:
            self._file.seek(self._places[identity])
            return _parse(json.loads(self._file.readline())[1])
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def close(self) -> None:
        self._file.close()

    def remove(self) -> None:
        """Remove the file: the corpus is whole."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _append(self, value: Any) -> int:
        """Append a line; return its place in the file."""
        place = self._file.seek(0, os.SEEK_END)
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._file.write(f"{line}\n".encode())
        self._file.flush()
        return place

    def _restore(self, settings: Mapping[str, Any]) -> bool:
        """Find the outcomes of an earlier run; return whether its settings are these.

        What follows the last whole line is cut off.
        """
        self._file.seek(0)
        place = 0
        first = True
        for line in self._file:
            try:
                value = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n"):
                break
            if first and value != settings:
                return False
            if not first:
                self._places[value[0]] = place
            first = False
            place += len(line)
        self._file.truncate(place)
        return not first


def journal_path(output: Path) -> Path:
    """Return the path of the journal of the import into a folder."""
    return output.with_name(f"{output.name}{_ENDING}")


@contextlib.contextmanager
def open_journal(output: Path, settings: Mapping[str, Any]) -> Iterator[Journal]:
    """Open the journal of the import into a folder; begin a new one if need be.

    A journal of other settings is begun again.

    Args:
        output: the folder of the corpus.
        settings: all on which outcomes depend apart from the content of a source.

    Raises:
        OutputError: it cannot be written, or another import is writing it.
    """
    path = journal_path(output)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = Journal(path, settings)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield journal
    finally:
        journal.close()


def _lock(file: IO[bytes], path: Path) -> None:
    """Keep other imports from a journal until this process closes it, or ends.

    Raises:
        OutputError: another import has it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(
            f"{path}: another import into this folder is running: wait for it, or name "
            "another folder"
        ) from None
    except OSError:  # a file system without locks
        return


def _parse(values: Mapping[str, Any]) -> Outcome:
    """Return an outcome from its JSON."""
    return Outcome(
        sha256=values["sha256"],
        content=values["content"],
        pieces=tuple(map(_parse_piece, values["pieces"])),
    )


def _parse_piece(values: Mapping[str, Any]) -> Piece:
    fields = dict(values)
    music = fields["music"]
    if music is not None:
        fields["music"] = Music(**{**music, "passages": tuple(music["passages"])})
    for name in ("changes", "notes"):
        fields[name] = tuple(fields[name])
    return Piece(**fields)

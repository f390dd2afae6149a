"""What a process opens, as Python's audit hooks tell.

Hooks cannot be removed: use them in a process of their own.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
_FILES = ("open", "os.listdir", "os.scandir", "shutil.copyfile", "os.rename")
_OUTSIDE = ("socket.", "urllib.", "subprocess.", "os.system", "os.exec", "webbrowser.")
_OUTSIDE += ("os.spawn", "os.posix_spawn", "ctypes.dlopen")
_PICKLES = ("pickle.find_class",)


class Audit:
    """Records what is opened in its blocks, apart from what is allowed."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: tuple[str, ...] = ()
        self._is_on = False
        libraries = {sysconfig.get_paths()[name] for name in ("stdlib", "platlib")}
        prefixes = (sys.prefix, sys.base_prefix, *zoneinfo.TZPATH)  # pandas reads UTC
        self._libraries = (*libraries, *prefixes, str(PACKAGE))
        sys.addaudithook(self._hear)

    @contextmanager
    def only(self, *paths: Path, unpickling: bool = False) -> Iterator[None]:
        """Allow files at or below some paths, and code and data of libraries."""
        self._allowed = tuple(os.path.realpath(path) for path in paths)
        self._unpickling = unpickling
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event in _FILES:
            if not self._is_allowed(arguments[0]):
                self.found.append(f"{event} {arguments[0]!r}")
        elif (event in _PICKLES and not self._unpickling) or (
            event.startswith(_OUTSIDE)
            and not (event == "ctypes.dlopen" and self._is_allowed(arguments[0]))
        ):
            self.found.append(f"{event} {arguments}")

    def _is_allowed(self, path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # a descriptor that is open already
        whole = os.path.realpath(os.fsdecode(path))
        return any(
            whole == each or whole.startswith(each + os.sep)
            for each in (*self._allowed, *self._libraries)
        )

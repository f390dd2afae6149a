"""TensorFlow without its own log lines about hardware and compilers.

Its libraries write some of them to file descriptor 2 while they are loaded, whatever
TF_CPP_MIN_LOG_LEVEL says. So the descriptor is redirected during the import, and all
other lines are passed on afterwards. With TF_CPP_MIN_LOG_LEVEL=0 all lines are shown.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"  # 0 shows all, 3 only fatal errors
_STDERR = 2
_LOG_LINE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog"
    # The severity with month and day, or the date with the severity.
    r"|[IWE]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\]"
    r"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] [\w./-]+:\d+\]"
    # The second line of a message about instructions of the CPU.
    r"|To enable the following instructions: "
)


def quieten_tensorflow() -> None:
    """Keep TensorFlow's log lines from stderr when it is imported; do not import it."""
    if os.environ.setdefault(_LEVEL, "3") == "0":
        return
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def without_log_lines(text: str) -> str:
    """Return a text without the lines of TensorFlow's log."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not _LOG_LINE.match(line))


class _Finder(MetaPathFinder):
    """Import hook: finds TensorFlow where it is, and loads it with stderr filtered."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the specification of TensorFlow, or None for other modules."""
        if fullname != "tensorflow":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_quietly(module: ModuleType) -> None:
                with _filtered_stderr():
                    load(module)

            spec.loader.exec_module = load_quietly  # type: ignore[method-assign]
        return spec


@contextmanager
def _filtered_stderr() -> Iterator[None]:
    """Pass on what is written to file descriptor 2 at the end, without log lines."""
    try:
        stderr = os.dup(_STDERR)
    except OSError:  # it is closed
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(stderr, _STDERR)
            os.close(stderr)
            written.seek(0)
            text = without_log_lines(written.read().decode(errors="replace"))
            if text:
                os.write(_STDERR, text.encode())

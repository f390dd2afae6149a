"""The standard streams: closed, full, cut off, or in an encoding of few characters."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback


def prepare_streams() -> None:
    """Make the standard streams safe to use.

    Closed ones are opened as empty ones. Characters that the encoding of stdout does
    not have become question marks; bytes of file names that are no UTF-8 stay as they
    are.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Otherwise the next file that is opened would get the descriptor, and what
            # libraries write to stdout would end up in it.
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "replace")


def describe_os_error(error: OSError) -> str:
    """Return the message for an error that no part of the program has explained."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{error.filename}: {reason}"
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    # Printing ends in the library of the command line, or in the last flush of `main`.
    room = frame.f_globals["__name__"].partition(".")[0]
    if room in ("typer", "click", "rich") or frame.f_code.co_name == "main":
        discard_stdout()
        return f"cannot write to stdout: {reason}"
    return f"cannot write: {reason}: make room, also in {_temporary_folder()}"


def discard_stdout() -> None:
    """Discard what is left to print, as the interpreter would try again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "the folder for temporary files"

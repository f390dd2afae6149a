"""The command line run in this process, which saves starting an interpreter."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest import mock

from chorale.commands import main


def run_command(
    *words: Path | str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `chorale` with some words, in a folder; return exit code and output."""
    out, err = io.StringIO(), io.StringIO()
    code: int | str | None = 0
    with (
        mock.patch.object(sys, "argv", ["chorale", *map(str, words)]),
        contextlib.chdir(folder or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code
    return subprocess.CompletedProcess(
        words, int(code or 0), out.getvalue(), err.getvalue()
    )


def outcome(*words: Path | str) -> tuple[int, str, str]:
    """Run `chorale` with some words; return exit code, stdout and stderr."""
    done = run_command(*words)
    return done.returncode, done.stdout, done.stderr

"""Processes that run trials, one for each `Measure.process`.

They stay alive between trials, so that nothing is loaded twice, and wait without work
while another one measures.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from chorale.benchmarks.measures import Measure


class Workers:
    """Starts a process when it is first needed, and ends all with the `with` block.

    Args:
        folder: for temporary files of all measures.

    Attributes:
        megabytes: peak memory of each process up to now, by name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.megabytes: dict[str, float] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            process.kill()
            _end(process)

    def ask(self, measure: Measure) -> dict[str, Any]:
        """Let a measure be prepared, the first time, or one trial be run.

        Returns:
            `weights` after it is prepared, `figures` after a trial, or `error`.
        """
        process = self._process(measure.process)
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(f"{measure.name}\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        if not line:  # it was killed, perhaps for its memory
            del self._processes[measure.process]
            return {"error": f"its process ended with exit code {_end(process)}"}
        answer: dict[str, Any] = json.loads(line)
        self.megabytes[measure.process] = answer.pop("megabytes")
        return answer

    def _process(self, name: str) -> subprocess.Popen[str]:
        if name not in self._processes:
            module = "chorale.benchmarks.worker"
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._processes[name]


def _end(process: subprocess.Popen[str]) -> int:
    """Wait for a process that ends, and return its exit code."""
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with contextlib.suppress(OSError):  # not all was written
            pipe.close()
    return process.wait()

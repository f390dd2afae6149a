"""Training in another process, which is killed in the middle of an epoch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent


class Killer:
    """A progress callback that kills its process after a number of batches."""

    def __init__(self, batches: int) -> None:
        self.remaining = batches

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        pass

    def finish_batch(self, loss: float) -> None:
        self.remaining -= 1
        if not self.remaining:
            os.kill(os.getpid(), signal.SIGKILL)

    def finish_epoch(self, row: dict[str, float]) -> None:
        pass


def run_python(*words: object) -> subprocess.CompletedProcess[str]:
    """Run Python with some words; the helpers of tests can be imported."""
    path = os.pathsep.join([str(PACKAGE), str(TESTS)])
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def train_until_killed(code: str, *words: object) -> None:
    """Run a script that trains and is killed."""
    killed = run_python("-c", code, *words)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

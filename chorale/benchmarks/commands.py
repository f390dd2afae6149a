"""Commands in fresh processes: seconds and peak memory, from the start to the end.

They are compared with the import of TensorFlow and Keras, and with that of NumPy.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.benchmarks.sampling import BARS, SEED
from chorale.errors import ChoraleError

_PYTHON = (sys.executable,)
_CHORALE = (*_PYTHON, "-m", "chorale")
_GENERATE = f"generate --seed {SEED} --bars {BARS}"
_PIECE = f"chorale-seed{SEED}.mid"  # what it writes
_WRITES = ("generate", "harmonize", "rewrite")


class CommandError(ChoraleError):
    """A command that was measured fails."""


def run_fresh(command: Sequence[str]) -> Figures:
    """Run a command in a process of its own and return its seconds and peak memory.

    The process that starts it is small: on Linux the peak memory of a process is at
    least that of the process that it was started from.

    Raises:
        CommandError: it fails.
    """
    launch = (*_PYTHON, "-m", "chorale.benchmarks.launch")
    done = subprocess.run([*launch, *command], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CommandError(f"{' '.join(command)} fails: {last}")
    figures: Figures = json.loads(done.stdout)
    return figures


def _prepare(folder: Path, words: str) -> Prepared:
    """Prepare a command of chorale; the piece that it may read is written before."""
    name, *rest = words.split()
    piece = folder / _PIECE
    if _PIECE in rest and not piece.exists():
        run_fresh((*_CHORALE, *_GENERATE.split(), "--output", str(folder)))
    command = [*_CHORALE, name, *(str(piece) if w == _PIECE else w for w in rest)]
    if name in _WRITES:
        command += ["--output", str(folder / name), "--force"]
    return Prepared(lambda: run_fresh(command))


def _prepare_import(_: Path, modules: str) -> Prepared:
    return Prepared(lambda: run_fresh((*_PYTHON, "-c", f"import {modules}")))


def _import(modules: str, *needed: str) -> Measure:
    return Measure(
        name=f"cold/import-{modules.split(',')[0]}",
        title=f"import {modules}",
        prepare=partial(_prepare_import, modules=modules),
        process="commands",
        quick=True,
        modules=needed,
    )


def _command(
    name: str, words: str, *, quick: bool = False, rounds: int | None = None
) -> Measure:
    return Measure(
        name=f"cold/{name}",
        title=f"chorale {words.replace(_PIECE, 'PIECE')}",
        prepare=partial(_prepare, words=words),
        process="commands",
        quick=quick,
        rounds=rounds,
    )


MEASURES = (
    _import("tensorflow, keras", "tensorflow", "keras"),
    _import("numpy"),
    _command("help", "--help", quick=True),
    _command("generate", _GENERATE, quick=True),
    _command("harmonize", f"harmonize {_PIECE}", quick=True),
    _command("rewrite", f"rewrite {_PIECE} --bars 5-8", quick=True),
    _command("evaluate", "evaluate --model jsb --split valid"),
    _command("judge", "judge -n 256", rounds=3),
)

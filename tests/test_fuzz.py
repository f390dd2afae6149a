"""Damaged files of every format and model: read, or refused by an error of the package.

Nothing else may come of them: no other exception, no warning, no more than ten seconds,
no gigabyte more of memory, no other file and no socket opened. A short test is run
always. The long one is run by

    CHORALE_FUZZ=2000 pytest -m slow tests/test_fuzz.py

with so many damaged copies of each case, after those of the short test;
`CHORALE_FUZZ_FIRST` begins at another number, `CHORALE_FUZZ_CASES=midi,abc` takes some
cases. A number always gives the same damage:

    python tests/fuzz_worker.py CASES midi 17 18

shows what comes of number 17, where CASES is the folder that a failure names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fuzz_cases import CASES, add_models, write_cases
from fuzz_worker import INVALID, PATIENCE

TESTS = Path(__file__).parent
FINE = ("read", "refused")
TIMEOUT = "Timeout ("  # as faulthandler says it
MODELS = ("next-step", "infiller", "classifier", "run", "checkpoint", "suite")
SHORT = 20  # damaged copies of each case
LONG = int(os.environ.get("CHORALE_FUZZ", "16"))
FIRST = int(os.environ.get("CHORALE_FUZZ_FIRST", str(SHORT)))
CHOSEN = os.environ.get("CHORALE_FUZZ_CASES", ",".join(sorted(CASES))).split(",")
Row = dict[str, Any]


def fuzz(cases: Path, case: str, first: int, count: int) -> list[Row]:
    """Return what came of damaged copies of a case, from a number on."""
    rows: list[Row] = []
    last = first + count
    while first < last:
        done, death = run_worker(cases, case, first, last)
        rows += [row for row in done if "outcome" in row]
        if not death:
            return rows
        assert done, death  # a fault of the worker, not of a reader
        # The last line names the file that was being read.
        place = done[-1]
        if TIMEOUT in death:  # a busy machine may be slow; a hang is one twice
            again, death = run_worker(cases, case, place["index"], place["index"] + 1)
            place = again[-1]
        outcome = f"died: {death}" if death else place["outcome"]
        rows.append({"seconds": PATIENCE, **place, "outcome": outcome})
        first = place["index"] + 1
    return rows


def run_worker(cases: Path, case: str, first: int, last: int) -> tuple[list[Row], str]:
    """Return the lines of a worker, and of what it died."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    worker = subprocess.run(
        [sys.executable, TESTS / "fuzz_worker.py", cases, case, str(first), str(last)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert worker.returncode != INVALID, worker.stderr
    rows = [json.loads(line) for line in worker.stdout.splitlines()]
    if not worker.returncode:
        return rows, ""
    return rows, f"exit code {worker.returncode}, {worker.stderr[-3000:]}"


def is_wrong(row: Row) -> bool:
    """Return whether neither the file was read nor an error of the package raised.

    A graph that was changed, and its hash with it, may abort ONNX Runtime: hashes are
    for damage, not for malice.
    """
    is_abort = row["outcome"].startswith("died: exit code -")
    return not (
        row["outcome"].startswith(FINE)
        or (is_abort and row["target"].endswith(".onnx"))
    )


def check(cases: Path, case: str, rows: list[Row]) -> None:
    """Fail with the first damage that something else came of."""
    wrong = [row for row in rows if is_wrong(row)]
    assert not wrong, (
        f"{case}: {len(wrong)} of {len(rows)}, such as number {wrong[0]['index']} of "
        f"{cases} ({wrong[0]['target']}): {wrong[0]['outcome']}"
    )


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of all cases that need no training."""
    folder = tmp_path_factory.mktemp("fuzz") / "cases"
    write_cases(folder)
    return folder


@pytest.fixture(scope="module")
def models(
    next_step_run: Path,
    infiller_run: Path,
    classifier_run: Path,
    suite_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return the folder of the cases of models, runs and suites."""
    folder = tmp_path_factory.mktemp("fuzz") / "models"
    add_models(
        folder,
        next_step=next_step_run,
        infiller=infiller_run,
        classifier=classifier_run,
        suite=suite_folder,
    )
    return folder


@pytest.mark.parametrize("case", sorted(set(CASES) - set(MODELS)))
def test_damaged_files_are_read_or_refused(cases: Path, case: str) -> None:
    check(cases, case, fuzz(cases, case, 0, SHORT))


@pytest.mark.keras
@pytest.mark.parametrize("case", MODELS)
def test_damaged_models_are_opened_or_refused(models: Path, case: str) -> None:
    check(models, case, fuzz(models, case, 0, SHORT))


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("case", CHOSEN)
def test_many_damaged_files_are_read_or_refused(
    cases: Path, models: Path, case: str
) -> None:
    folder = models if case in MODELS else cases
    check(folder, case, fuzz(folder, case, FIRST, LONG))

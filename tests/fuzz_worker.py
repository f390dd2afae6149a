"""Reads damaged files one after another and prints a line of JSON for each.

    python fuzz_worker.py CASES CASE FIRST LAST

A line with the number and the file comes before each, in case that the process dies.
The line after it has the seconds and the outcome too: `read`, `refused` and why, or
what is wrong. The process ends itself, with a traceback, if a file takes too long.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from random import Random

import onnxruntime  # noqa: F401 - looks for the version of the system, once
from audited import Audit
from fuzz_cases import CASES, repair
from mutations import mutate, mutate_records

from chorale.errors import UNEXPECTED, ChoraleError

SECONDS = 10  # of computing
PATIENCE = 60  # seconds until a file hangs, on a machine that may be busy
INVALID = 3  # exit code if the file is not read before it is damaged
MEMORY = 1 << 30  # bytes more than the process has after a first file


def damage(folder: Path, case: str, index: int) -> str:
    """Damage a file of a case; return its name."""
    random = Random(f"{case} {index}")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = random.choice(files)
    change = mutate
    if path.suffix == ".tfrecord" and random.random() < 0.7:
        change = mutate_records
    path.write_bytes(change(path.read_bytes(), random))
    if random.random() < 0.9:
        repair(folder)
    return str(path.relative_to(folder))


def read(folder: Path, case: str, audit: Audit) -> str:
    """Read a case; return `read`, `refused` and why, or what is wrong."""
    audit.found.clear()
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            audit.only(folder, unpickling=case == "sketch-rnn"),
        ):
            warnings.simplefilter("always")
            CASES[case](folder)
        outcome = "read"
    except ChoraleError as error:
        cause: BaseException | None = error
        while cause is not None:
            # A pickle, which is opened on the user's word, may name any size.
            is_pickle = case == "sketch-rnn"
            if (isinstance(cause, MemoryError) and not is_pickle) or (
                "bad_alloc" in str(cause)
            ):
                return "memory: " + "".join(traceback.format_exception(error))
            cause = cause.__cause__ or cause.__context__
        if UNEXPECTED in str(error):
            return "unexpected: " + "".join(traceback.format_exception(error))
        if not str(error).isprintable():
            return f"unprintable: {str(error)!r}"
        outcome = f"refused: {error}"
    except Exception as error:
        return "foreign: " + "".join(traceback.format_exception(error))
    if audit.found:
        return f"opened: {audit.found}"
    if warned:
        return f"warning: {warned[0]}"
    return outcome


def used_memory() -> int:
    """Return the address space of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(cases: Path, case: str, first: int, last: int) -> None:
    audit = Audit()
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no result
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / case
        for index in range(first - 1, last):
            shutil.copytree(cases / case, folder)
            target = "" if index < first else damage(folder, case, index)
            if index >= first:  # in case that it dies
                results.write(json.dumps({"index": index, "target": target}) + "\n")
                results.flush()
                faulthandler.dump_traceback_later(PATIENCE, exit=True)
            began = time.process_time()
            outcome = read(folder, case, audit)
            seconds = time.process_time() - began
            if seconds > SECONDS:
                outcome = f"slow: {outcome}"
            faulthandler.cancel_dump_traceback_later()
            shutil.rmtree(folder)
            if index < first:  # the valid case: libraries are loaded
                if outcome != "read":
                    sys.stderr.write(f"the valid case of {case}: {outcome}\n")
                    sys.exit(INVALID)
                limit = used_memory() + MEMORY
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
                continue
            row = {"index": index, "target": target, "outcome": outcome}
            results.write(json.dumps({**row, "seconds": round(seconds, 3)}) + "\n")
            results.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

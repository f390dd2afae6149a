#!/usr/bin/env python
"""Run notebooks from a clean kernel and store their outputs in place.

    python notebooks/run.py              # all notebooks, quick settings
    python notebooks/run.py --full       # trained longer, as their stored outputs
    python notebooks/run.py 03 04        # some of them
    python notebooks/run.py --check      # run, measure the time, store nothing

A notebook that trains reads CHORALE_FULL in its first code cell; `--full` sets it. The
metadata of a notebook hold a hash of its code cells, by which `tests/test_notebooks.py`
notices outputs of other code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chorale.utils.quiet_tensorflow import without_log_lines

FOLDER = Path(__file__).resolve().parent
TIMEOUT = 3600  # seconds per cell

# What differs from run to run and teaches nothing.
NOISE = {
    r"\x1b\[[0-9;]*[A-Za-z]": "",  # colors of a terminal
    r" at 0x[0-9a-f]{6,}": "",  # addresses of objects
    r" *\d+s \d+[mu]?s/(step|epoch)": "",  # progress of Keras
}


def code_hash(notebook: dict[str, Any]) -> str:
    """Return the SHA-256 of the code cells of a notebook, in their order."""
    cells = [
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def find(names: Iterable[str]) -> list[Path]:
    """Return the notebooks that begin with these names, or are at these paths.

    No names are all notebooks.

    Raises:
        SystemExit: no notebook has such a name.
    """
    every = sorted(FOLDER.glob("*.ipynb"))
    found = []
    for name in names:
        paths = [path for path in every if path.name.startswith(name)]
        if not paths and Path(name).suffix == ".ipynb" and Path(name).is_file():
            paths = [Path(name)]
        if not paths:
            known = ", ".join(path.stem for path in every)
            raise SystemExit(f"expected names out of {known}, got {name}")
        found += paths
    return list(dict.fromkeys(found)) or every


def without_noise(value: Any) -> Any:
    """Return outputs without what differs from run to run."""
    if isinstance(value, dict):
        return {
            key: data if key.startswith(("image/", "audio/")) else without_noise(data)
            for key, data in value.items()
        }
    if isinstance(value, list):
        return [without_noise(item) for item in value]
    if isinstance(value, str):
        value = without_log_lines(value)
        for pattern, instead in NOISE.items():
            value = re.sub(pattern, instead, value)
    return value


def run(path: Path, *, store: bool) -> None:
    """Run a notebook in its folder and store its outputs.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; nothing is stored.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
    )
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.from_dict(output)
                for output in map(without_noise, cell.outputs)
                if output.get("text") != ""
            ]
    # Versions of Python differ, and the outputs do not depend on them.
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["outputs_of"] = {"code_sha256": code_hash(notebook)}
    if store:
        draft = path.with_suffix(".draft")
        nbformat.write(notebook, draft)
        draft.replace(path)


def main() -> int:
    """Run the notebooks that the command line names; return the exit code."""
    from nbclient.exceptions import CellExecutionError

    parser = argparse.ArgumentParser(
        description="Run notebooks and store their outputs."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="such as 03; by default all"
    )
    parser.add_argument("--full", action="store_true", help="train longer")
    parser.add_argument("--check", action="store_true", help="store nothing")
    options = parser.parse_args()
    os.environ.pop("CHORALE_FULL", None)
    if options.full:
        os.environ["CHORALE_FULL"] = "1"
    failed = 0
    for path in find(options.names):
        start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            run(path, store=not options.check)
            outcome = f"{path.stat().st_size / 1e6:.2f} MB"
        except CellExecutionError as error:
            failed += 1
            outcome = f"failed, nothing stored:\n{error}"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{path.stem}: {time.monotonic() - start:.0f} s, "
            f"{cpu:.0f} s of CPU time, {outcome}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

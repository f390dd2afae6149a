"""Many commands in one folder, and the same command in other surroundings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chorale.formats.files import read

PACKAGE = Path(__file__).parents[2]
WORDS = ("generate", "--seed", "3", "--bars", "4", "--format", "midi,csv")


def start(
    folder: Path, *words: str, cores: int = 0, **environment: str
) -> subprocess.Popen[str]:
    """Start `chorale` in a folder, on some cores, 0 for all."""
    limit = f"os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:{cores}]);"
    code = f"import os, sys; {limit if cores else ''}"
    code += (
        f"sys.argv = ['chorale', *{words}]; from chorale.commands import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors


@pytest.mark.slow
def test_eight_commands_in_one_folder_each_leave_their_files(tmp_path: Path) -> None:
    processes = [
        start(tmp_path, *WORDS, "--random-state", str(index)) for index in range(8)
    ]
    for process in processes:
        finish(process)
    files = sorted(path for path in tmp_path.iterdir() if path.suffix == ".mid")
    assert len(files) == 8
    assert len({read(path).pitches.tobytes() for path in files}) > 4
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_bytes_depend_on_neither_hash_seed_nor_cores(tmp_path: Path) -> None:
    tune = tmp_path / "tune.abc"
    tune.write_text("X:1\nM:4/4\nL:1/4\nK:G\nGABc|d2B2|cBAG|G4|]\n")
    contents = []
    for hash_seed, cores in (("0", 0), ("1", 1), ("2", 0)):
        folder = tmp_path / f"{hash_seed}-{cores}"
        folder.mkdir()
        environment = {"PYTHONHASHSEED": hash_seed}
        for words in (WORDS, ("harmonize", str(tune), "--format", "musicxml")):
            finish(start(folder, *words, cores=cores, **environment))
        files = sorted(folder.iterdir())
        assert len(files) == 3
        contents.append({path.name: path.read_bytes() for path in files})
    assert contents[0] == contents[1] == contents[2]

"""Readers open the file that they are given, no other, no socket and no pickle.

Python's audit hooks report it, in a process of its own: hooks cannot be removed. The
fuzz test listens in the same way while it reads damaged files.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_cases import CASES, write_cases
from test_fuzz import MODELS

TESTS = Path(__file__).parent


def run(code: str, *words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python code in a folder, with a temporary folder of its own."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    (folder / "tmp").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, words)],
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder / "tmp")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_readers_open_nothing_but_the_file(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from audited import Audit
from fuzz_cases import CASES

audit, folder = Audit(), Path(sys.argv[1])
for name in sys.argv[2:]:
    with audit.only(folder / name, unpickling=name == "sketch-rnn"):
        CASES[name](folder / name)
print(*audit.found, sep="\\n")
"""
    write_cases(tmp_path / "cases")
    names = sorted(set(CASES) - set(MODELS))
    done = run(code, tmp_path / "cases", *names, folder=tmp_path)
    assert done.stdout.strip() == ""
    # No cache of parsed scores is left behind.
    assert not list((tmp_path / "tmp").iterdir())


def test_models_open_nothing_but_their_folder(tmp_path: Path) -> None:
    code = """
import onnxruntime  # looks for the version of the system, once
from audited import Audit
from fuzz_cases import read_classifier, read_infiller, read_next_step
from chorale.nn.cards import PRETRAINED

audit = Audit()
reads = {
    "jsb": read_next_step, "counterpoint": read_infiller, "quickdraw": read_classifier
}
for name, read in reads.items():
    with audit.only(PRETRAINED / name):
        read(PRETRAINED / name)
print(*audit.found, sep="\\n")
"""
    assert run(code, folder=tmp_path).stdout.strip() == ""


ADDRESSES = [
    "{folder}/tune.abc",
    "tune.abc",
    "file://{folder}/tune.abc",
    "https://example.org/tune.abc",
    "%%abc-include tune.abc\n",
    "X:1\nT:A tune\nI:abc-include tune.abc\nK:C\n",
    "bwv66.6",
    "tinynotation: 4/4 c4 d e f",
    '<!DOCTYPE a [<!ENTITY b SYSTEM "tune.abc">]><a>&b;</a>',
    '<!DOCTYPE score-partwise SYSTEM "tune.abc"><score-partwise/>',
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="tune.abc"/></svg>',
    '<?xml-stylesheet href="tune.abc"?><svg xmlns="http://www.w3.org/2000/svg"/>',
]
TUNE = "X:1\nT:A tune\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n"
ENDINGS = ("abc", "krn", "musicxml", "xml", "mxl", "mid", "csv", "svg", "json")


def test_no_content_is_taken_for_an_address(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from audited import Audit
from chorale.errors import ChoraleError
from chorale.formats.files import read_line
from chorale.sketches.formats.files import read_sketches

audit = Audit()
for path in sorted(Path("files").iterdir()):
    try:
        with audit.only(path):
            if path.suffix in (".svg", ".json"):
                list(read_sketches(path))
            else:
                read_line(path, 0)
        print(path, "was read")
    except ChoraleError:
        pass
print(*audit.found, sep="\\n")
"""
    (tmp_path / "files").mkdir()
    for name in (tmp_path / "tune.abc", tmp_path / "files" / "tune.abc"):
        name.write_text(TUNE)
    for ending in ENDINGS:
        for index, content in enumerate(ADDRESSES):
            path = tmp_path / "files" / f"{index}.{ending}"
            path.write_text(content.format(folder=tmp_path))
    # The tune that they name is the only one that is music.
    said = run(code, folder=tmp_path).stdout.strip()
    assert said == "files/tune.abc was read"


@pytest.mark.parametrize("name", ["cat.npz", "cat.json", "cat.ndjson"])
def test_nothing_is_unpickled_without_trust(name: str, tmp_path: Path) -> None:
    code = """
import sys
from audited import Audit
from chorale.errors import ChoraleError
from chorale.sketches.formats.files import read_sketches

audit = Audit()
with audit.only(sys.argv[1]):
    try:
        list(read_sketches(sys.argv[1]))
    except ChoraleError as error:
        print("refused")
print(*audit.found, sep="\\n")
"""
    write_cases(tmp_path / "cases")
    path = tmp_path / name
    path.write_bytes((tmp_path / "cases" / "sketch-rnn" / "cat.npz").read_bytes())
    assert run(code, path, folder=tmp_path).stdout.split() == ["refused"]

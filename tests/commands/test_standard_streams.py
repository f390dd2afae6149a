"""Standard streams that are closed, full, cut off, or in another encoding; Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import run_command
from strategies import little_chorale

from chorale.formats.files import write

TITLE = "Wär Gott ♭"


def shell(
    line: str, folder: Path, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell code in which $chorale is the command."""
    environment = {
        **os.environ,
        "chorale": f"{sys.executable} -m chorale",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **variables,
    }
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a chorale in two formats."""
    write(little_chorale(), tmp_path / "hymn.mid")
    write(little_chorale(), tmp_path / "hymn.musicxml")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "$chorale convert hymn.mid out.csv >&-",
        "$chorale convert hymn.mid out.csv <&-",
        "$chorale convert hymn.mid out.csv <&- >&- 2>&-",
        "$chorale check hymn.mid >&-",
        "$chorale --help >&-",
        "$chorale seeds --json >&-",
    ],
)
def test_closed_streams_do_no_harm(folder: Path, line: str) -> None:
    done = shell(line, folder)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    if "out.csv" in line:
        # Nothing but the file is in the file: no descriptor was mixed up.
        rows = (folder / "out.csv").read_text().splitlines()
        assert rows[0] == "note0,note1,note2,note3"
        assert len(rows) == little_chorale().steps + 1


@pytest.mark.parametrize(
    "line",
    [
        "$chorale sketch classify - <&-",
        "$chorale convert /dev/stdin out.csv --from midi <&-",
    ],
)
def test_a_closed_stdin_that_is_read_is_one_clear_error(
    folder: Path, line: str
) -> None:
    done = shell(line, folder)
    assert done.returncode == 1
    assert done.stderr.startswith(b"chorale: ") and done.stderr.count(b"\n") == 1


def test_a_full_stdout_is_named(folder: Path) -> None:
    done = shell("$chorale seeds >/dev/full", folder)
    assert done.returncode == 1
    assert done.stderr == b"chorale: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize(
    "line", ["$chorale seeds | head -1", "$chorale seeds --json | head -c 1"]
)
def test_a_reader_may_stop_early(folder: Path, line: str) -> None:
    done = shell(line, folder)
    assert done.stdout and done.stderr == b""


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C"},
    ],
)
def test_other_encodings_do_no_harm(folder: Path, variables: dict[str, str]) -> None:
    (folder / f"{TITLE}.mid").write_bytes((folder / "hymn.mid").read_bytes())
    for line in (
        "$chorale convert *G*.mid out.csv && $chorale check *G*.mid --json",
        "$chorale convert hymn.mid *G*.mid --force",
        "$chorale convert missing-♭.mid out.csv || test $? = 1",
        "$chorale --help && $chorale seeds",
    ):
        done = shell(line, folder, **variables)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr


def test_file_names_that_are_no_text_are_printed_as_they_are(folder: Path) -> None:
    name = b"hymn\xff.csv"
    done = shell("$chorale convert hymn.mid $'hymn\\xff.csv'", folder)
    assert (done.returncode, done.stdout) == (0, name + b"\n")
    assert name in [os.fsencode(path.name) for path in folder.iterdir()]


def test_json_is_json_in_any_encoding(folder: Path) -> None:
    line = "$chorale seeds --json"
    titles = {}
    for encoding in ("utf-8", "ascii"):
        done = shell(line, folder, PYTHONIOENCODING=encoding)
        titles[encoding] = [row["title"] for row in json.loads(done.stdout)]
    assert len(titles["ascii"]) == len(titles["utf-8"])


@pytest.mark.parametrize(
    "line",
    [
        "$chorale check /dev/stdin --from midi < hymn.mid",
        "cat hymn.mid | $chorale check /dev/stdin --from midi",
        "$chorale check <(cat hymn.musicxml) --from musicxml",
        "cat hymn.mid | $chorale convert /dev/stdin out.csv --from midi",
        "cat hymn.mid | $chorale harmonize /dev/stdin --from midi --best-of 1 "
        "--particles 1 --format csv",
    ],
)
def test_streams_are_read(folder: Path, line: str) -> None:
    done = shell(line, folder)
    assert done.returncode == 0, done.stderr
    # Names of files written come from the name of the stream.
    assert not list(Path("/dev").glob("stdin-*"))


def test_a_stream_without_a_format_says_what_to_do(folder: Path) -> None:
    done = shell("cat hymn.mid | $chorale check /dev/stdin", folder)
    assert done.returncode == 1
    assert b"name its format, as with --from midi" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_drawings_are_read_from_streams(tmp_path: Path) -> None:
    drawing = '<svg viewBox="0 0 99 99"><path d="M9 9L90 9L90 90L9 90Z"/></svg>'
    (tmp_path / "a.svg").write_text(drawing)
    plain = shell("$chorale sketch classify a.svg", tmp_path)
    piped = shell(
        "cat a.svg | $chorale sketch classify /dev/stdin --from svg", tmp_path
    )
    assert plain.returncode == piped.returncode == 0
    words = [done.stdout.partition(b": ")[2] for done in (plain, piped)]
    assert words[0] == words[1] and words[0]


def test_ctrl_c_ends_with_one_line_and_130(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "chorale", "check", "pipe", "--from", "midi"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Jobs in the background ignore SIGINT, and so would this one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with (folder / "pipe").open("wb"):  # as soon as the command reads from it
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"chorale: stopped\n")


# === Options ===


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("generate --random-state -1", "expected --random-state of at least 0, got -1"),
        ("generate --best-of 0", "expected --best-of of at least 1, got 0"),
        ("generate --temperature 0", "expected --temperature above 0, got 0"),
        ("forecast run --seeds 0", "expected --seeds of at least 1, got 0"),
        ("generate --top-k 0", "expected --top-k of at least 1, got 0"),
    ],
)
def test_messages_name_the_option(tmp_path: Path, words: str, message: str) -> None:
    done = run_command(*words.split(), folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"chorale: {message}")

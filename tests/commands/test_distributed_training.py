"""Training on several devices and machines: what the commands take and refuse.

Worker processes of this machine stand for machines.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from command_line import outcome

from chorale.commands import restarting
from chorale.commands.restarting import start_again
from chorale.errors import WorkerLostError
from chorale.nn import workers

TRAIN = "train --network gru --units 8 --layers 1 --voice-units 8 --crop 16".split()


def config(index: int, ports: list[int]) -> str:
    """Return the TF_CONFIG of a worker of this machine."""
    addresses = [f"localhost:{port}" for port in ports]
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


# === What is refused ===


@pytest.mark.parametrize("command", ["train", "sketch train --data none"])
@pytest.mark.parametrize(
    "variable, options, message",
    [
        ("{", "", "TF_CONFIG does not describe a training on several machines"),
        (config(0, [1, 2]), "--resume", "on several machines, the command that began"),
        ("", "--devices 0", "expected --devices of at least 1, got 0"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_read(
    command: str,
    variable: str,
    options: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_CONFIG", variable)
    words = [*command.split(), "--output", tmp_path / "run", *options.split()]
    code, out, err = outcome(*words)
    assert (code, out) == (2, "") and message in err
    assert not (tmp_path / "run").exists()


@pytest.mark.keras
def test_devices_that_are_not_there_leave_no_run(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = [*TRAIN, "--corpus", tiny_corpus, "--output", run, "--devices", "64"]
    code, _, err = outcome(*words)
    assert code == 2 and "expected 64 devices on this machine, found" in err
    assert not run.exists()


@pytest.mark.keras
@pytest.mark.parametrize("options, variable", [("--devices 2", ""), ("", [1, 2])])
def test_only_tensorflow_trains_on_several(
    options: str,
    variable: str | list[int],
    tiny_corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "exports_here", lambda: False)
    if isinstance(variable, list):
        variable = config(0, variable)
    monkeypatch.setenv("TF_CONFIG", variable)
    run = tmp_path / "run"
    words = [*TRAIN, "--corpus", tiny_corpus, "--output", run, *options.split()]
    code, _, err = outcome(*words)
    assert code == 2 and "needs Keras on TensorFlow" in err
    assert not run.exists()


@pytest.mark.keras
def test_a_chief_does_not_go_on_with_a_run_of_other_options(
    next_step_run: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", config(0, [1, 2]))
    before = {path: path.stat().st_mtime for path in next_step_run.rglob("*")}
    code, _, err = outcome(*TRAIN, "--corpus", tiny_corpus, "--output", next_step_run)
    assert code == 2 and "holds a run with other options" in err
    assert before == {path: path.stat().st_mtime for path in next_step_run.rglob("*")}


# === Starting again ===


def test_a_command_starts_again_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class ReplacedError(Exception):
        """In place of the process."""

    started = []

    def execute(program: str, words: list[str]) -> None:
        started.append((program, words))
        raise ReplacedError

    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "chorale", "train"])
    monkeypatch.setenv("CHORALE_RESTARTS", "0")
    lost = WorkerLostError("worker 1 was lost")
    for trained in (False, False, True, False, False, False, False):
        with pytest.raises(ReplacedError):
            start_again(lost, trained=trained)
    with pytest.raises(WorkerLostError, match="worker 1"):
        start_again(lost, trained=False)
    words = [sys.executable, "-m", "chorale", "train"]
    assert started == [(sys.executable, words)] * 7
    assert capsys.readouterr().err.count("worker 1 was lost: starting again") == 7
    assert restarting._MOST == 5

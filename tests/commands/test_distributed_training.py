"""Training on several devices and machines: what the commands take and refuse.

Worker processes of this machine stand for machines.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import outcome, run_command
from killed import PACKAGE, TESTS
from ports import free_ports
from tiny import without_xla

from chorale.commands import restarting
from chorale.commands.restarting import start_again
from chorale.corpus.loading import load_corpus
from chorale.errors import UsageError, WorkerLostError
from chorale.nn import workers
from chorale.training.chorale_networks import resume_training

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


@pytest.mark.keras
def test_a_library_call_does_not_resume_on_several_machines_either(
    next_step_run: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", config(1, [1, 2]))
    with pytest.raises(UsageError, match="the command that began a run goes on"):
        resume_training(load_corpus(tiny_corpus), next_step_run)


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


# === Workers ===

# Without dropout, which differs from replica to replica. Batches of three rows, which
# two workers cannot share evenly.
NO_DROPOUT = "--dropout 0 --input-dropout 0 --batch-size 3".split()
EPOCHS = 6
KILLED_AFTER = 2


class Worker:
    """The command `chorale` in a process, see tests/worker.py; it may start again."""

    def __init__(self, words: list[Any], log: Path, **environment: str) -> None:
        self._words = [sys.executable, TESTS / "worker.py", *words]
        path = os.pathsep.join([str(PACKAGE), str(TESTS)])
        self._environment = {**os.environ, "PYTHONPATH": path, **environment}
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as file:
            self._process = subprocess.Popen(
                list(map(str, self._words)),
                env={**self._environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdout=file,
                stderr=file,
            )

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait_for(self, words: str, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while words not in self.said:
            assert time.monotonic() < end and self._process.poll() is None, self.said
            time.sleep(0.02)

    def finish(self, seconds: float = 400) -> str:
        """Return what was printed, once the process has ended well."""
        try:
            assert self._process.wait(seconds) == 0, self.said
        finally:
            self._process.kill()
        return self.said

    @property
    def said(self) -> str:
        return self._log.read_text()


def losses(run: Path) -> list[list[float]]:
    """Return training loss and validation of each epoch of a run."""
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        [float(row["train_loss"]), float(row["valid_nats_per_note"])] for row in rows
    ]


def weights(printed: str) -> list[str]:
    """Return the weights that a worker said it had, without repetitions."""
    lines = [line for line in printed.splitlines() if line.startswith("weights ")]
    return list(dict.fromkeys(lines))


@pytest.fixture(scope="module")
def alone(
    tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], Path]:
    """Return the words of a training, and its run in one process."""
    run = tmp_path_factory.mktemp("alone") / "run"
    words = [*TRAIN, *NO_DROPOUT, "--epochs", EPOCHS, "--corpus", tiny_corpus]
    with without_xla():
        done = run_command(*map(str, words), "--output", run)
    assert done.returncode == 0, done.stderr
    return words, run


@pytest.mark.slow
@pytest.mark.keras
def test_two_workers_train_as_one_process_though_the_chief_is_killed(
    alone: tuple[list[Any], Path], tmp_path: Path
) -> None:
    words, run = alone
    ports, workers = free_ports(2), []
    for index in (0, 1):
        # No worker sees the folder of the other, nor has it the same name.
        own = [*words, "--output", tmp_path / f"run{index}"]
        log = tmp_path / f"log{index}"
        variables = {"TF_CONFIG": config(index, ports), "WITHOUT_XLA": "1"}
        workers.append(Worker(own, log, **variables))
    workers[0].wait_for(f"epoch   {KILLED_AFTER}")
    workers[0].kill()
    workers[0].start()
    printed = [worker.finish() for worker in workers]
    assert losses(tmp_path / "run0") == [
        pytest.approx(r, abs=1e-4) for r in losses(run)
    ]
    # Weights of an epoch that was not whole are repeated, not other ones.
    assert weights(printed[0])[-1] == weights(printed[1])[-1]
    assert len(weights(printed[1])) == EPOCHS
    assert "another worker was lost" in printed[1]
    assert (tmp_path / "run0/model/card.json").is_file()
    assert not (tmp_path / "run1").exists()
    figures = [text.rpartition("valid  ")[2] for text in printed]
    assert figures[0] == figures[1] and "nats per note" in figures[0]
    assert f"kept by worker 0, localhost:{ports[0]}" in printed[1]


@pytest.mark.slow
@pytest.mark.keras
def test_two_devices_train_as_one_process(
    alone: tuple[list[Any], Path], tmp_path: Path
) -> None:
    words, run = alone
    own = [*words, "--devices", 2, "--output", tmp_path / "run"]
    printed = Worker(own, tmp_path / "log", LOGICAL_DEVICES="2").finish()
    assert losses(tmp_path / "run") == [pytest.approx(r, abs=1e-4) for r in losses(run)]
    assert len(weights(printed)) == EPOCHS

"""`chorale forecast`: tables, files and refusals of its four commands."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from command_line import run_command

from chorale.commands.forecast import gradients, run
from chorale.forecasting import memory
from chorale.forecasting.gradients import GradientOptions, Recurrence, Training, Update
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE
from chorale.forecasting.memory import MemoryOptions, Recall

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def forecast(*words: str) -> CompletedProcess[str]:
    """Run `chorale forecast` in the empty folder."""
    return run_command("forecast", *words)


# === run ===


@pytest.mark.keras
def test_the_command_prints_one_table_and_keeps_a_csv(
    monkeypatch: pytest.MonkeyPatch, without_xla: None
) -> None:
    sizes = {"train": 64, "valid": 20, "test": 40, "epochs": 1, "draws": 200}
    monkeypatch.setattr(run, "_QUICK", sizes)
    words = ["run", "--only", "simple-rnn", "--quick", "--jobs", "1"]
    done = forecast(*words)
    assert done.returncode == 0, done.stderr
    out = done.stdout
    names = [line.split()[0] for line in out.splitlines()[2:] if line.strip()]
    assert names[:2] == [ORACLE, LEAST_SQUARES]
    assert "simple-rnn" in names
    assert "0.000833" in out
    assert "below the oracle by more than two standard errors: none" in out
    assert Path("forecast/results.csv").exists()
    answer = json.loads(forecast(*words, "--json").stdout)
    by_name = {row["name"]: row for row in answer["results"]}
    assert by_name["simple-rnn"]["parameters"] == 3
    assert by_name["last-value"]["mean"] > by_name["linear"]["mean"]
    assert answer["below_oracle"] == []


@pytest.mark.keras
def test_the_command_forecasts_a_table_of_ones_own(without_xla: None) -> None:
    rows = [f"{np.sin(i * np.pi / 5):.4f},{i % 10}" for i in range(200)]
    Path("own.csv").write_text("\n".join(["wave,saw", *rows]), encoding="utf-8")
    words = ["--only", "simple-rnn", "--steps", "20", "--ahead", "3", "--epochs", "1"]
    done = forecast("run", "--series", "own.csv", *words, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    with Path("forecast/coming.csv").open(encoding="utf-8") as file:
        future = list(csv.DictReader(file))
    seasonal = [float(row["saw"]) for row in future if row["network"] == "seasonal"]
    assert seasonal == pytest.approx([0, 1, 2], abs=1e-4)
    assert sum(row["network"] == "simple-rnn" for row in future) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "gro"], "expected networks out of simple-rnn, "),
        (["--only", "gru", "--seeds", "0"], "expected --seeds of at least 1, got 0"),
        (["--ahead", "0"], "at least 1 of steps ahead, got 0"),
        (["--steps", "-3"], "at least 1 of steps before the hidden ones, got -3"),
        (["--only", "imputing-gru", "--ahead", "2"], "networks that forecast"),
        (["--jobs", "0"], "expected at least 1 job, got 0"),
        (["--only", ""], "expected networks out of simple-rnn, "),
        (["--series", "none.csv"], "none.csv"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    words: list[str], message: str
) -> None:
    done = forecast("run", *words)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(Path().iterdir()) == []


# === plot ===


@pytest.mark.keras
def test_a_real_suite_is_drawn_by_the_command(
    suite_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(suite_folder, tmp_path / "suite")
    code = f"""
import sys
from chorale.commands import main
sys.argv = ["chorale", "forecast", "plot", {str(folder)!r}, "--count", "2"]
try:
    main()
finally:
    heavy = {{"tensorflow", "keras", "pandas", "matplotlib.pyplot"}}
    assert not heavy & {{*sys.modules}}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == [
        "series.png",
        "forecasts-one-step.png",
        "errors-one-step.png",
        "curves-one-step.png",
        "suite.png",
    ]
    for path in paths:
        assert path.parent == folder and path.read_bytes().startswith(PNG)


# === memory ===


@pytest.fixture
def without_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every network recall over lags of up to 30 steps."""

    def attempt(name: str, lag: int, *arguments: object) -> Recall:
        return Recall(name, lag, 0.01 if lag <= 30 else 0.9, lag <= 30, 5, 0.1)

    monkeypatch.setattr(memory, "_try", attempt)


def test_the_command_prints_where_each_gives_up(without_training: None) -> None:
    done = forecast("memory", "--networks", "gru, wavenet")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split()[:6] == ["10", "30", "100", "300", "1,000", "3,000"]
    assert lines[2].split() == "GRU 0.010 0.010 0.900 - - - 30".split()
    assert lines[3].split()[0] == "WaveNet"
    assert lines[4] == "results forecast/memory.csv"
    assert Path("forecast/memory.csv").read_text().count("\n") == 1 + 2 * 6


def test_the_memory_command_prints_json(without_training: None) -> None:
    done = forecast("memory", "--networks", "gru", "--quick", "--json")
    answer = json.loads(done.stdout)
    assert answer["reaches"] == {"gru": 30}
    assert [recall["lag"] for recall in answer["recalls"]] == [30, 100]
    assert answer["options"]["units"] == MemoryOptions().units


def test_the_command_refuses_an_unknown_network() -> None:
    done = forecast("memory", "--networks", "grue")
    assert done.returncode == 2 and "got 'grue'" in done.stderr
    assert not list(Path().iterdir())


# === gradients ===


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command print made-up trainings, one of which diverges."""
    norms = np.array([0.5, 4.0], np.float32)
    finite, diverged = Update(1.0, 2.0, 0.1, norms), Update(np.inf, 2.0, 0.1, norms)
    linear, clipped = (
        Recurrence(activation="linear", clip_norm=clip_norm) for clip_norm in (0.0, 1.0)
    )
    trainings = [
        Training("tame", linear, [finite, finite]),
        Training("wild", linear, [finite, diverged]),
        Training("wild-clip", clipped, [finite, finite]),
    ]
    monkeypatch.setattr(
        gradients, "measure_gradients", lambda options, progress: trainings
    )


@pytest.mark.keras
def test_the_command_prints_a_line_for_each_recurrence(few: None) -> None:
    done = forecast("gradients", "--output", "out", "--tensorboard")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["tame", "wild", "wild-clip"]
    assert " NaN at 2" in lines[3] and " NaN at " not in lines[4]
    assert {path.name for path in Path("out").iterdir()} == {
        "gradients.csv",
        "gradient-steps.csv",
        "gradient-updates.csv",
        "tensorboard",
    }
    folders = {path.name for path in Path("out/tensorboard").iterdir()}
    assert folders == {"tame", "wild", "wild-clip"}


def test_the_gradients_command_prints_json(few: None) -> None:
    done = forecast("gradients", "--output", "out", "--json", "--quick")
    answer = json.loads(done.stdout)
    names = [row["name"] for row in answer["recurrences"]]
    assert names == ["tame", "wild", "wild-clip"]
    assert answer["options"]["steps"] < GradientOptions().steps
    assert not Path("out/tensorboard").exists()

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
from ridership import write_ridership

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
    monkeypatch.setitem(run._UPDATES, "quick", 0)
    words = ["run", "--only", "simple-rnn", "--quick", "--jobs", "1"]
    done = forecast(*words)
    assert done.returncode == 0, done.stderr
    assert "--quick trains most networks with 400 updates" in done.stderr
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
    # One epoch of two updates is no training, and it is said.
    assert not by_name["simple-rnn"]["is_converged"]
    assert by_name["linear"]["is_converged"]
    assert "simple-rnn *" in out and "* not converged: " in out


@pytest.mark.keras
def test_the_command_forecasts_a_table(without_xla: None) -> None:
    rows = [f"{np.sin(i * np.pi / 5):.4f},{i % 10}" for i in range(200)]
    Path("own.csv").write_text("\n".join(["wave,saw", *rows]), encoding="utf-8")
    words = ["--only", "simple-rnn", "--steps", "20", "--ahead", "3", "--epochs", "1"]
    done = forecast("run", "--series", "own.csv", *words, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "note: a season of 10 rows, which forecasts the train rows best; --season sets "
        "another\n"
    )
    with Path("forecast/coming.csv").open(encoding="utf-8") as file:
        future = list(csv.DictReader(file))
    seasonal = [float(row["saw"]) for row in future if row["network"] == "seasonal"]
    assert seasonal == pytest.approx([0, 1, 2], abs=1e-4)
    assert sum(row["network"] == "simple-rnn" for row in future) == 3
    wave, saw = done.stdout.split("\n\n")[:2]
    assert wave.startswith("wave: 28 forecasts of 3 rows each in the test part, from ")
    assert saw.startswith("saw: ")
    lines = {line.split()[0]: line.split()[1:] for line in saw.splitlines()[2:]}
    assert float(lines["seasonal"][2]) < 1e-5 < float(lines["last-value"][2])


def test_a_table_of_riders_is_forecast_in_its_units(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "table_recipes", dict)  # no network is trained
    write_ridership(Path("riders.csv"))
    words = ["--series", "riders.csv", "--target", "rail, bus", "--known", "day_type"]
    done = forecast("run", *words, "--interval", "0.9", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    for note in (
        "note: date: a row every day; the table lacks 5 rows: 2023-02-25 to 2023-03-01",
        "note: rail: 9 values missing, row 202 (2022-07-20) to row 205 (2022-07-23)",
        "note: day_type is given for 0 of the 14 rows to forecast",
        "note: inputs from the dates: day of the week",
    ):
        assert note in done.stderr
    rail, bus, legend = done.stdout.split("\n\n")
    assert "14 days each in the test part, from 2023-09-" in rail
    assert "MAE at 1" in rail and "in 90%" in bus and "/ naive" in legend
    assert Path("forecast/forecast.png").read_bytes().startswith(PNG)
    answer = json.loads(Path("forecast/results.json").read_text(encoding="utf-8"))
    by_name = {(row["name"], row["target"]): row for row in answer["results"]}
    linear, naive = (by_name[name, "bus"]["mae"] for name in ("linear", "seasonal"))
    assert linear["mean"] < 0.9 * naive["mean"] and len(linear["by_step"]) == 14
    assert 10_000 < linear["mean"] < 40_000  # riders
    assert answer["table"]["season"] == 7 and answer["best_on_valid"] == "linear"
    assert answer["future"][0]["date"] == "2024-01-02"
    printed = forecast("run", *words, "--interval", "0.9", "--jobs", "1", "--json")
    assert json.loads(printed.stdout) == answer
    assert forecast("plot").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--target", "rails"], 2, "--target out of the columns day_type, rail, "),
        (["--known", "holiday"], 2, "--known out of the columns "),
        (["--target", "day_type"], 1, "row 2, column day_type: expected a number, "),
        (["--target", ","], 2, "expected names of columns after --target"),
        (["--interval", "80"], 2, "interval between 0 and 1, such as 0.8, got 80"),
        (["--season", "400"], 2, "season of at most half of the 511 train rows"),
        (["--steps", "600"], 1, "expected at least 878 rows below the header"),
    ],
)
def test_options_that_do_not_fit_the_table_are_refused(
    words: list[str], code: int, message: str
) -> None:
    write_ridership(Path("riders.csv"))
    done = forecast("run", "--series", "riders.csv", *words)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert message in done.stderr and not Path("forecast").exists()


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
        (["--target", "rail"], "expected --series FILE with --target"),
        (["--no-calendar"], "expected --series FILE with --no-calendar"),
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
    assert lines[4] == "results: forecast/memory.csv"
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

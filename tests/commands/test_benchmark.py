"""`chorale benchmark`: its table, its JSON, and what it says and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import outcome

from chorale.benchmarks import registry
from chorale.benchmarks.workers import Workers


def test_one_measure_as_json_in_a_process_of_its_own() -> None:
    words = "benchmark --only cold/import-numpy --only floor --rounds 2 --json"
    done = subprocess.run(
        [sys.executable, "-m", "chorale", *words.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["rounds"] == 2
    assert report["machine"]["usable_cores"] >= 1
    assert report["machine"]["processor"]
    assert "numpy" in report["machine"]["versions"]
    assert list(report["measures"]) == [
        "cold/import-numpy",
        "floor/bandwidth",
        "floor/products",
    ]
    quantities = report["measures"]["cold/import-numpy"]["quantities"]
    assert {*quantities} == {"seconds", "processor_seconds", "megabytes"}
    for row in report["measures"].values():
        for figures in row["quantities"].values():
            assert len(figures["values"]) == 2
            assert 0 < figures["lower"] <= figures["median"] <= figures["upper"]
    assert report["left_out"] == report["failed"] == {}
    assert report["goals"] == []
    assert done.stderr == ""


def test_a_table_and_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    names = ("--only", "floor/products", "--only", "notes/torch-loop")
    code, out, err = outcome("benchmark", *names, "--rounds", "1")
    assert code == 0
    assert "matrix products on all cores, batch 64" in out
    assert "PyTorch" not in out
    reason = "torch is not installed: pip install torch"
    assert err == f"note: notes/torch-loop is left out: {reason}\n"


def test_a_picture_replaces_none_unless_forced(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "speed.png"
    words = ("benchmark", "--only", "cold/help", "--rounds", "1", "--plot", path)
    code, out, err = outcome(*words)
    assert (code, err) == (0, f"note: the picture is {path}\n")
    assert "peak MB" in out
    first = path.read_bytes()
    assert first.startswith(b"\x89PNG")
    code, out, err = outcome(*words)
    assert (code, out) == (1, "")  # before anything is measured
    assert str(path) in err
    assert outcome(*words, "--force")[0] == 0


def test_what_cannot_be_drawn_or_measured_is_refused_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "speed.png"
    code, out, err = outcome("benchmark", "--only", "floor", "--plot", path)
    assert (code, out) == (2, "")
    assert "no place for these measures" in err
    assert not path.exists()
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    code, out, err = outcome("benchmark", "--only", "notes/torch-loop")
    assert (code, out) == (2, "")
    assert "torch is not installed" in err and "nothing is left to measure" in err


def test_a_measure_that_fails_fails_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Workers, "ask", lambda self, measure: {"error": "ValueError: no paper"}
    )
    code, _, err = outcome("benchmark", "--only", "floor/products")
    assert code == 1
    assert err == (
        "chorale: measures that failed: floor/products: ValueError: no paper\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plot", "speed.jpg"), "expected a picture that ends in .png, got .jpg"),
        (("--rounds", "0"), "expected at least 1 round, got 0"),
        (("--only", "speed"), "there is no measure 'speed'"),
    ],
)
def test_wrong_usage_is_refused(words: tuple[str, ...], message: str) -> None:
    code, out, err = outcome("benchmark", *words)
    assert (code, out) == (2, "")
    assert message in err

"""The name of the processor, and versions."""

from __future__ import annotations

import json
from pathlib import Path

import chorale
from chorale.benchmarks.machine import describe_machine, processor_name


def test_the_processor_is_named_as_the_system_does(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Abacus 3 @ 1 Hz\n\n"
        "processor\t: 1\nmodel name\t: Abacus 4\n"
    )
    assert processor_name(info) == "Abacus 3 @ 1 Hz"


def test_without_a_file_of_the_system_there_is_a_name(tmp_path: Path) -> None:
    assert processor_name(tmp_path / "none")
    (tmp_path / "empty").touch()
    assert processor_name(tmp_path / "empty")


def test_the_machine_is_described_in_json() -> None:
    machine = json.loads(json.dumps(describe_machine()))
    assert 1 <= machine["usable_cores"] <= machine["cores"]
    assert machine["versions"]["chorale"] == chorale.__version__
    assert {"python", "numpy", "onnxruntime"} <= {*machine["versions"]}

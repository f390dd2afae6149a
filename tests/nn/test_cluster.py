"""TF_CONFIG: the machines of a training, and what is wrong with a list of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chorale.errors import UsageError
from chorale.nn.cluster import Cluster, split_address


def cluster(monkeypatch: pytest.MonkeyPatch, value: Any) -> Cluster | None:
    text = value if isinstance(value, str) else json.dumps(value)
    monkeypatch.setenv("TF_CONFIG", text)
    return Cluster.of_environment()


def config(jobs: Any, kind: str = "worker", index: Any = 0) -> dict[str, Any]:
    return {"cluster": jobs, "task": {"type": kind, "index": index}}


def test_the_first_worker_is_the_chief(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = {"worker": ["alpha:2222", "beta:2223", "[::1]:2224"]}
    first = cluster(monkeypatch, config(jobs))
    assert first is not None and first.is_chief and first.address == "alpha:2222"
    third = cluster(monkeypatch, config(jobs, index=2))
    assert third is not None and not third.is_chief and third.chief == "worker 0"
    assert split_address(third.address) == ("::1", 2224)


def test_a_chief_of_its_own_comes_before_the_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = {"worker": ["beta:1"], "chief": ["alpha:1"]}
    chief = cluster(monkeypatch, config(jobs, "chief"))
    assert chief is not None and chief.is_chief
    assert chief.workers == {"chief": "alpha:1", "worker 0": "beta:1"}
    worker = cluster(monkeypatch, config(jobs))
    assert worker is not None and not worker.is_chief


@pytest.mark.parametrize(
    "value",
    ["", " ", "{}", {"cluster": {}}, config({"worker": ["alpha:1"]}), {"task": {}}],
)
def test_one_machine_is_no_cluster(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    assert cluster(monkeypatch, value) is None
    monkeypatch.delenv("TF_CONFIG")
    assert Cluster.of_environment() is None


TWO = ["alpha:1", "beta:1"]


@pytest.mark.parametrize(
    "value, reason",
    [
        ("{'cluster': 1}", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        (config(TWO), '"cluster" is no object'),
        (config({"worker": "alpha:1"}), "'worker' is no list"),
        (config({"worker": TWO, "ps": ["gamma:1"]}), "'ps': a training knows"),
        (config({"worker": TWO}, index=2), "its task is worker 2, and the cluster has"),
        (config({"worker": TWO}, index=None), "its task is worker None"),
        (config({"worker": TWO}, "evaluator"), "its task is evaluator 0"),
        ({"cluster": {"worker": TWO}}, 'it has no "task"'),
        (config({"worker": ["alpha", "beta:1"]}), "host:port, got 'alpha'"),
        (config({"worker": ["alpha:x", "beta:1"]}), "host:port, got 'alpha:x'"),
        (config({"worker": ["alpha:70000", "beta:1"]}), "below 65536"),
        (config({"worker": ["alpha:1", "alpha:1"]}), "address alpha:1 twice"),
        (config({"chief": TWO, "worker": ["gamma:1"]}), "more than one chief"),
    ],
)
def test_a_malformed_list_is_refused_with_the_reason_and_an_example(
    monkeypatch: pytest.MonkeyPatch, value: Any, reason: str
) -> None:
    with pytest.raises(UsageError, match="unset it, or write it like") as raised:
        cluster(monkeypatch, value)
    assert reason in str(raised.value)

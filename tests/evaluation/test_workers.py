"""Evaluation by workers: the same figures as in one process."""

from __future__ import annotations

import shutil
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bach import few_chorales

from chorale.errors import ModelError, WorkerError
from chorale.evaluation.likelihood import evaluate
from chorale.evaluation.orderless import evaluate_infiller
from chorale.evaluation.workers import Workers
from chorale.models.ensemble import average
from chorale.models.portable import open_portable, portable
from chorale.models.storage import find_model, load_model

PIECES = [piece.opening(48) for piece in few_chorales().valid[:7]]


class Counting(Executor):
    """Threads that count what is submitted to them."""

    def __init__(self) -> None:
        self.submitted = 0
        self._pool = ThreadPoolExecutor(2)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        return self._pool.submit(fn, *args, **kwargs)


@pytest.mark.parametrize("averaging", ["none", "transpositions"])
def test_a_next_step_model_is_evaluated_alike(averaging: str) -> None:
    predictor = average([load_model("jsb", kind="next-step")], averaging)
    executor, calls = Counting(), []
    found = evaluate(
        predictor,
        PIECES,
        workers=Workers(executor, portable(["jsb"]), averaging),
        progress=lambda *pair: calls.append(pair),
    )
    assert found == evaluate(predictor, PIECES)  # to the last bit
    assert executor.submitted == 2 and calls[-1] == (7, 7)


@pytest.mark.parametrize("options", [{"given": [0]}, {"by_frame": True}])
def test_an_infiller_is_evaluated_alike(options: dict[str, Any]) -> None:
    infiller = load_model("counterpoint", kind="infiller")
    executor = Counting()
    workers = Workers(executor, portable(["counterpoint"]))
    options |= {"orders": 2, "places": 1}
    found = evaluate_infiller(infiller, PIECES, workers=workers, **options)
    assert found == evaluate_infiller(infiller, PIECES, **options)
    assert executor.submitted > 1


def test_workers_with_another_model_are_refused() -> None:
    (model,) = portable(["jsb"])
    assert open_portable([model]) is open_portable([model])
    with pytest.raises(ModelError, match="a worker has another model jsb"):
        open_portable([model._replace(weights="0" * 64)])
    with pytest.raises(WorkerError, match=r"expected 0\.1: install the same version"):
        open_portable([model._replace(version="0.1")])
    workers = Workers(Counting(), [model._replace(version="0.1")])
    with pytest.raises(WorkerError, match="install the same version"):
        evaluate(load_model("jsb", kind="next-step"), PIECES, workers=workers)


def test_models_are_named_as_other_processes_find_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(find_model("jsb"), tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    bundled, own = portable(["bach", "mine"])
    assert bundled.name == "bach"
    assert own.name == str((tmp_path / "mine").resolve())
    assert own.weights == portable(["jsb"])[0].weights

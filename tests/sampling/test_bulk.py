"""Bulk sampling: the same pieces over every executor."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from chorale.errors import DataError, ModelError, UsageError, WorkerError
from chorale.models.portable import Portable, portable
from chorale.models.storage import NEXT_STEP, find_model, load_model
from chorale.sampling.best_of import Choice, Judge
from chorale.sampling.bulk import Bulk, write_chunk
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import find_start
from chorale.utils.executors import open_executor

MODEL = "bach"


def bulk_of(variations: int, **changes: object) -> Bulk:
    """Return a bulk of short pieces."""
    start = find_start("1", bars=2, opening_bars=1)
    bulk = Bulk(
        models=portable([MODEL]),
        averaging="none",
        plan=start.plan,
        opening=start.opening,
        options=SamplingOptions(random_state=3),
        variations=variations,
        best_of=2,
    )
    return replace(bulk, **changes)  # type: ignore[arg-type]


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make chunks of two pieces of two candidates."""
    monkeypatch.setattr("chorale.sampling.bulk._ROWS", 5)


@pytest.fixture(scope="module")
def choices() -> list[Choice]:
    """Return five chorales, drawn in chunks in this thread."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
        patch.setattr("chorale.sampling.bulk._ROWS", 5)
        return list(bulk_of(5).choices(executor))


def test_chunks_depend_on_the_bulk_alone(few_rows: None) -> None:
    chunks = bulk_of(5).chunks()
    assert [(chunk.first, chunk.size) for chunk in chunks] == [(0, 2), (2, 2), (4, 1)]
    assert [chunk.size for chunk in bulk_of(3, best_of=9).chunks()] == [1, 1, 1]
    many = replace(bulk_of(3, best_of=1), models=(Portable("a", ""),) * 2)
    assert [chunk.size for chunk in many.chunks()] == [2, 1]


def test_only_many_pieces_are_large() -> None:
    assert not bulk_of(128).is_large and bulk_of(129).is_large
    assert bulk_of(20, averaging="transpositions").is_large


def test_pieces_are_those_of_the_sampler(choices: list[Choice]) -> None:
    bulk, model = bulk_of(5), load_model(MODEL, kind=NEXT_STEP)
    drawn = sample(model, bulk.plan, bulk.opening, bulk.options, variations=10)
    judge = Judge.load(MODEL)
    plans = bulk.plans(model)
    for place, choice in enumerate(choices):
        steps = bulk.opening.steps
        pair = drawn[2 * place : 2 * place + 2]
        best = judge.rank(pair, opening=steps)[0]
        plan = plans[2 * place + (best.chorale is pair[1])]
        assert choice == Choice(best.chorale, best.ends_well, plan=plan)
    first = sample(model, bulk.plan, bulk.opening, bulk.options, variations=3, first=4)
    assert first == drawn[4:7]


@pytest.mark.parametrize("spec", ["processes", "threads"])
def test_every_executor_gives_the_same_pieces(
    spec: str, choices: list[Choice], few_rows: None
) -> None:
    done = []
    with open_executor(spec, 2) as executor:
        found = bulk_of(5).choices(executor, lambda *seen: done.append(seen))
        assert list(found) == choices
    assert done == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of a library that closes its sockets late
def test_a_cluster_of_dask_gives_the_same_pieces(
    choices: list[Choice], few_rows: None
) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=2, dashboard_address=None
    ) as cluster:
        spec = cluster.scheduler_address.replace("tcp", "dask")
        with open_executor(spec) as executor:
            assert list(bulk_of(5).choices(executor)) == choices


def test_all_candidates_are_returned_for_a_report(few_rows: None) -> None:
    with ThreadPoolExecutor(1) as executor:
        reported = list(bulk_of(2, report=True).choices(executor))
        (first,) = bulk_of(1, best_of=1).choices(executor)
    for choice in reported:
        assert len(choice.candidates) == 2
        assert choice.chorale is choice.candidates[0].chorale
    assert first.candidates == () and first.ends_well


def test_a_failure_is_raised() -> None:
    bulk = bulk_of(2)
    assert bulk.opening is not None
    high = replace(bulk, opening=bulk.opening.transpose(30))
    with ThreadPoolExecutor(1) as executor, pytest.raises(DataError, match="outside"):
        list(high.choices(executor))


def test_workers_have_the_same_version_and_models(tmp_path: Path) -> None:
    (named,) = portable([MODEL])
    old = bulk_of(1, models=(named._replace(version="0.1"),))
    with pytest.raises(WorkerError, match="same version on all machines"):
        write_chunk(old.chunks()[0])
    folder = tmp_path / "mine"
    shutil.copytree(find_model(MODEL), folder)
    (model,) = portable([str(folder)])
    assert model.name == str(folder.resolve())
    other = replace(bulk_of(1), models=(model._replace(weights="0"),))
    with pytest.raises(ModelError, match=r"another model .*mine"):
        write_chunk(other.chunks()[0])
    assert portable([MODEL])[0].name == MODEL


def test_an_unknown_averaging_is_refused() -> None:
    with pytest.raises(UsageError, match="an average"):
        bulk_of(1, averaging="all")

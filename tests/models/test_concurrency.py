"""Models under load: threads, forked and spawned processes, and many calls."""

from __future__ import annotations

import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.corpus.loading import load_corpus
from chorale.encoding.plan import Plan
from chorale.models.next_step import NetworkPredictor
from chorale.models.storage import load_model
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.utils.arrays import FloatArray

STEPS = 24
_MEGABYTE = 1 << 20

models: dict[str, Any] = {}  # what a forked process finds


def answer(model: Any, seed: int) -> FloatArray:
    """Return what a model says of random notes, from a seed."""
    random = np.random.default_rng(seed)
    plan = np.zeros((1, STEPS, len(model.plan_features)), np.int64)
    cells = random.integers(0, 9, (1, STEPS, 4))
    if isinstance(model, NetworkPredictor):
        state = model.start(plan[:, 0])
        for step in range(3):
            state = model.advance(state, cells[:, step], plan[:, step])
        logits = [model.voice_logits(state, voice, cells[:, 3]) for voice in range(4)]
        return np.concatenate(
            [np.ravel(model.score(cells, plan)), *map(np.ravel, logits)]
        )
    return model.logits(cells, cells > 4, plan)


def answer_of(name: str, seed: int) -> FloatArray:
    """Return the answer of a model that this process has, or opens."""
    if name not in models:
        models[name] = load_model(name)
    return answer(models[name], seed)


@pytest.mark.parametrize("name", ["jsb", "counterpoint"])
def test_eight_threads_may_share_a_model(name: str) -> None:
    model = load_model(name)
    seeds = range(16)
    alone = [answer(model, seed) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda seed: answer(model, seed), seeds))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_may_open_the_graphs_of_a_model_and_sample_from_it() -> None:
    plan = Plan.of(load_corpus(None, splits=("valid",)).valid[0]).with_bars(2)
    options = [SamplingOptions(random_state=seed) for seed in range(4)]

    def pieces(model: Any, chosen: SamplingOptions) -> list[Any]:
        # Enough that a step is shared among cores, and that there are several batches.
        drawn = sample(model, plan, options=chosen, variations=34)
        return [piece.pitches.tolist() for piece in drawn]

    with ThreadPoolExecutor(4) as pool:
        model = load_model("bach")  # its graphs are opened by the threads
        together = list(pool.map(lambda chosen: pieces(model, chosen), options))
    alone = load_model("bach")
    alone.threads = 1
    assert together[3] == pieces(alone, options[3])
    assert together[0] != together[3]


@pytest.mark.parametrize("name", ["jsb", "counterpoint"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_model_answers_in_another_process(name: str, method: str) -> None:
    expected = answer_of(name, 0)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, context) as pool:
        futures = [pool.submit(answer_of, name, 0) for _ in range(2)]
        for future in futures:
            np.testing.assert_array_equal(future.result(timeout=60), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jsb", "counterpoint"])
def test_many_calls_need_no_more_memory(name: str) -> None:
    model = load_model(name)

    def pages() -> int:
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        return resident * resource.getpagesize()

    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not tell the memory of a process")
    for seed in range(20):
        answer(model, seed)
    before = pages()
    for seed in range(300):
        answer(model, seed)
    assert pages() - before < 8 * _MEGABYTE

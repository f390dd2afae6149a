"""What other programs do, and the drawings that are classified."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chorale.benchmarks.drawings import random_drawings
from chorale.benchmarks.registry import MEASURES
from chorale.benchmarks.stopwatch import Stopwatch


class Tensor:
    """An array that can be indexed."""

    def __getitem__(self, place: Any) -> Tensor:
        return self


def fake_torch(calls: Counter[str]) -> ModuleType:
    """Return a stand-in for PyTorch that counts calls."""

    def layer(name: str) -> Any:
        def make(*sizes: int, **options: bool) -> Any:
            calls[f"{name} {sizes}"] += 1

            def call(*inputs: Tensor) -> Any:
                calls[name] += 1
                return (Tensor(), Tensor()) if name == "GRU" else Tensor()

            return call

        return make

    def draw(probabilities: Tensor, count: int) -> Tensor:
        calls["drawn"] += count
        return Tensor()

    torch = ModuleType("torch")
    torch.__dict__.update(
        nn=SimpleNamespace(
            **{name: layer(name) for name in ("Embedding", "GRU", "Linear")}
        ),
        set_num_threads=lambda count: calls.update({"threads": count}),
        zeros=lambda *shape, dtype: Tensor(),
        int64=None,
        no_grad=contextlib.nullcontext,
        softmax=lambda logits, axis: logits,
        multinomial=draw,
    )
    return torch


def test_the_loop_in_pytorch_draws_five_tokens_a_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: Counter[str] = Counter()
    monkeypatch.setitem(sys.modules, "torch", fake_torch(calls))
    trial = MEASURES["notes/torch-loop"].prepare(Path()).trial
    assert calls["threads"] == 1
    assert calls["GRU (256, 256, 3)"] == 1
    before = calls["drawn"]
    notes: list[int] = []
    per_note = Stopwatch.per_note
    monkeypatch.setattr(
        Stopwatch,
        "per_note",
        lambda self, count: notes.append(count) or per_note(self, count),
    )
    assert trial()["ms_per_note"] > 0
    assert notes == [1024]  # 16 bars: 256 steps
    assert calls["drawn"] - before == calls["GRU"] - before == 256 * 5


def test_the_loop_of_the_book_predicts_whole_sequences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[int] = []

    def predict(sequences: Any, verbose: int) -> Any:
        lengths.append(sequences.shape[1])
        return np.full((1, sequences.shape[1], 47), 1 / 47)

    monkeypatch.setattr(
        "chorale.benchmarks.baselines.book_network",
        lambda: SimpleNamespace(predict=predict),
    )
    trial = MEASURES["notes/book-loop"].prepare(Path()).trial
    lengths.clear()
    assert trial()["ms_per_note"] > 0
    # From the end of two bars to the end of sixteen, four notes a step.
    assert (lengths[0], lengths[-1]) == (128, 1024)
    assert lengths == sorted({*lengths})


def test_random_drawings_are_as_long_as_those_of_people() -> None:
    drawings = random_drawings(500)
    points = [sum(len(stroke) for stroke in drawing) for drawing in drawings]
    assert len(drawings) == 500
    assert min(points) >= 2
    assert 35 < np.mean(points) < 48  # 41 in the bundled drawings

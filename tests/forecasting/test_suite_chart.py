"""The chart of a suite: errors relative to the oracle's, and the book's beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from plotted import lines_of

from chorale.errors import MissingExtraError, UsageError
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import TASKS, draw_data
from chorale.forecasting.suite_chart import (
    RelativeError,
    plot_relative_errors,
    plot_suite_chart,
    relative_errors,
)
from chorale.utils import extras
from chorale.utils.files import save_arrays, write_text


def write_suite(folder: Path, **offsets: float) -> None:
    """Write forecasts that are off by a number, by task and name."""
    write_text(folder / "options.json", json.dumps({"own": None}))
    for key, off in offsets.items():
        task, name = (part.replace("_", "-") for part in key.split("__"))
        data = draw_data(TASKS[task], train=1, valid=1, test=5, random_state=0)
        targets = data.task.targets(data.test)
        first = np.array(data.task.first_hidden)
        arrays = {"series": data.test, "first_hidden": first}
        save_arrays(folder / task / "series.npz", arrays)
        arrays = {"forecasts": targets + np.float32(off), "seconds": np.array(0.0)}
        save_arrays(folder / task / f"{name}.npz", arrays)


def write_two_tasks(folder: Path) -> None:
    write_suite(
        folder,
        one_step__oracle=0.1,
        one_step__linear=0.3,
        ten_steps__oracle=0.1,
        ten_steps__last_value=0.4,
    )
    for seed, off in enumerate((0.2, 0.3, 0.6)):
        path = folder / "ten-steps" / f"gru-seed{seed}"
        data = draw_data(TASKS["ten-steps"], train=1, valid=1, test=5, random_state=0)
        arrays = {"forecasts": data.task.targets(data.test) + np.float32(off)}
        save_arrays(path / "forecasts.npz", arrays)


def test_errors_are_divided_by_those_of_the_oracle(tmp_path: Path) -> None:
    write_two_tasks(tmp_path)
    found = relative_errors(tmp_path)
    assert [*found] == ["one-step", "ten-steps"]
    gru, last = found["ten-steps"]  # the best first
    assert (gru.name, gru.is_network) == ("gru", True)
    assert gru.value == pytest.approx(9, rel=1e-3)  # the median of 4, 9 and 36
    assert gru.book == pytest.approx((RECIPES["gru"].book or 0) / 0.01, rel=1e-3)
    assert (last.name, last.is_network) == ("last-value", False)
    assert last.value == pytest.approx(16, rel=1e-3)
    assert last.book == pytest.approx(22.3, rel=1e-3)
    linear = found["one-step"][-1]
    assert linear.value == pytest.approx(9, rel=1e-3)
    assert linear.book == pytest.approx(0.4, rel=1e-3)  # of its own task


def test_a_task_without_an_oracle_is_left_out(tmp_path: Path) -> None:
    write_two_tasks(tmp_path)
    (tmp_path / "ten-steps" / "oracle.npz").unlink()
    assert [*relative_errors(tmp_path)] == ["one-step"]
    (tmp_path / "one-step" / "oracle.npz").unlink()
    assert plot_suite_chart(tmp_path, tmp_path) == []
    with pytest.raises(UsageError, match="holds no suite"):
        plot_suite_chart(tmp_path / "none", tmp_path)


def test_networks_baselines_and_the_book_have_marks_of_their_own() -> None:
    errors = [
        RelativeError("wavenet", 2.0, 7.0),
        RelativeError("arima", 4.0, is_network=False),
        RelativeError("gru", 5.0, 3.0),
    ]
    axes = Figure().subplots()
    plot_relative_errors(axes, errors, "ten-steps")
    lines = {name: (x.tolist(), y.tolist()) for name, (x, y) in lines_of(axes).items()}
    assert lines["network"] == ([2, 5], [0, 2])
    assert lines["without training, or linear"] == ([4], [1])
    assert lines["the book's figure"] == ([7, 3], [0, 2])
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "wavenet",
        "arima",
        "gru",
    ]
    assert axes.get_xscale() == "log"
    bottom, top = axes.get_ylim()
    assert top < 0 < 2 < bottom  # the best on top


def test_the_chart_is_a_small_png_of_equal_bytes(tmp_path: Path) -> None:
    write_two_tasks(tmp_path / "suite")
    (path,) = plot_suite_chart(tmp_path / "suite", tmp_path / "new")
    (copy,) = plot_suite_chart(tmp_path / "suite", tmp_path / "again")
    assert path == tmp_path / "new" / "suite.png"
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert path.read_bytes() == copy.read_bytes()
    assert path.stat().st_size < 100_000


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pictures needs the extra \[plot\]"):
        plot_suite_chart(tmp_path, tmp_path)

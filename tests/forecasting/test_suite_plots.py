"""Pictures: the lines they hold are the arrays, and files are what they say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from chorale.errors import DataError, MissingExtraError, ModelError, UsageError
from chorale.forecasting import suite_plots
from chorale.forecasting.plots import (
    plot_learning_curves,
    plot_errors,
    plot_forecasts,
    plot_series,
)
from chorale.forecasting.saved_forecasts import read_forecasts, read_series
from chorale.forecasting.csv_series import read_csv_series, write_forecasts
from chorale.forecasting.suite_plots import plot_suite
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import (
    NOISE_VARIANCE,
    TASKS,
    Array,
    Floats,
    draw_data,
    forecasting_task,
)
from chorale.forecasting.suite import SuiteOptions, run_suite
from chorale.nn.runs import Run
from chorale.utils import extras
from chorale.utils.files import save_arrays, write_text

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = SuiteOptions(train=64, valid=8, test=12, epochs=1, draws=100)


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def lines_of(axes: Axes) -> dict[str, tuple[Floats, Floats]]:
    """Return the data of each curve by what a legend calls it."""
    curves = {str(line.get_label()): line for line in axes.lines}
    for bars in axes.containers:
        assert isinstance(bars, ErrorbarContainer)
        curves[str(bars.get_label())] = bars.lines[0]
    return {
        name: (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
        for name, line in curves.items()
        if not name.startswith("_")
    }


def heights_of(axes: Axes) -> dict[str, Floats]:
    """Return half the height of all error bars that are drawn, by name."""
    heights = {}
    for container in axes.containers:
        (bars,) = container.lines[2]
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        heights[str(container.get_label())] = (ends[:, 1] - ends[:, 0]) / 2
    return heights


def write_suite(folder: Path, task: str = "ten-steps", seeds: int = 2) -> Array:
    """Write down a suite as if run, and return its test series."""
    data = draw_data(TASKS[task], train=1, valid=1, test=9, random_state=0)
    series, targets = data.test, data.task.targets(data.test)
    first = np.array(data.task.first_hidden)
    write_text(folder / "options.json", json.dumps({"own": None}))
    save_arrays(folder / task / "series.npz", {"series": series, "first_hidden": first})

    def save(name: str, off: float, spread: float | None = None) -> None:
        arrays = {"forecasts": targets + np.float32(off), "seconds": np.array(0.0)}
        if spread is not None:
            arrays["spread"] = np.full_like(targets, spread)
        save_arrays(folder / task / f"{name}.npz", arrays)

    save("oracle", 0.01, 0.04)
    save("least-squares", 0.02)
    save("last-value", 0.5)
    save("linear", 0.3)
    for seed in range(seeds):
        for name, off in (("gru", 0.2), ("lstm", 0.1), ("wavenet", 0.15)):
            save(f"{name}-seed{seed}/forecasts", off + seed / 20)
            rows = [
                {"epoch": epoch, "train_loss": 1 / epoch, "valid_mse": 2 / epoch}
                for epoch in (1, 2, 3)
            ]
            Run(folder / task / f"{name}-seed{seed}").write_history(rows)
    save("monte-carlo-dropout-seed0/forecasts", 0.4, 0.07)
    return series


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Catch figures as they are written, by the name of the file's folder and order."""
    caught: dict[str, Figure] = {}

    def save(figure: Figure, path: Path, **options: object) -> None:
        caught[str(len(caught))] = figure
        Path(path).write_bytes(PNG)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", save)
    return caught


# === On axes ===


@pytest.mark.parametrize("name", TASKS)
def test_series_are_drawn_seen_and_hidden(axes: Axes, name: str) -> None:
    task = TASKS[name]
    values = np.arange(task.length) ** 2.0
    plot_series(axes, values, task)
    lines = lines_of(axes)
    assert set(lines) == {"seen", "hidden"}
    steps, seen = lines["seen"]
    assert np.array_equal(steps, np.arange(task.length))
    assert np.array_equal(np.isnan(seen), ~task.seen())
    assert np.array_equal(seen[task.seen()], values[task.seen()])
    steps, hidden = lines["hidden"]
    assert np.array_equal(steps, np.arange(task.length)[task.hidden])
    assert np.array_equal(hidden, values[task.hidden])
    assert axes.get_xlabel() == "step"


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [("one-step", 40, 51), ("ten-steps", 40, 60), ("gap", 15, 45)],
)
def test_forecasts_are_drawn_beside_the_truth(
    axes: Axes, name: str, begin: int, end: int
) -> None:
    task = TASKS[name]
    values = np.arange(task.length) / 7
    good, bad = values[task.hidden] + 1, values[task.hidden] - 5
    plot_forecasts(axes, values, task, {"good": good, "bad": bad})
    lines = lines_of(axes)
    assert set(lines) == {"seen", "truth", "good", "bad"} and not axes.containers
    steps, seen = lines["seen"]
    assert np.array_equal(steps, np.arange(begin, end))
    nearby = np.where(task.seen(), values, np.nan)[begin:end]
    assert np.array_equal(seen, nearby, equal_nan=True)
    hidden = np.arange(task.length)[task.hidden]
    for label, expected in (
        ("truth", values[task.hidden]),
        ("good", good),
        ("bad", bad),
    ):
        assert np.array_equal(lines[label][0], hidden)
        assert np.array_equal(lines[label][1], expected)


def test_error_bars_are_as_high_as_asked_and_stand_apart(axes: Axes) -> None:
    task = forecasting_task(5, 3)
    values, forecast = np.zeros(8), np.array([1.0, 2, 3])
    bars = {"one": np.array([0.1, 0.2, 0.3]), "two": np.array([4.0, 5, 6])}
    names = ("one", "none", "two")
    plot_forecasts(axes, values, task, dict.fromkeys(names, forecast), bars)
    assert {name: one.tolist() for name, one in heights_of(axes).items()} == {
        name: pytest.approx(one) for name, one in bars.items()
    }
    lines = lines_of(axes)
    for name in names:
        assert np.array_equal(lines[name][1], forecast)
    assert np.array_equal(lines["none"][0], [5, 6, 7])
    assert (lines["one"][0] < [5, 6, 7]).all() and (lines["two"][0] > [5, 6, 7]).all()
    plot_forecasts(
        alone := Figure().subplots(), values, task, {"one": forecast}, {"one": forecast}
    )
    assert np.array_equal(lines_of(alone)["one"][0], [5, 6, 7])


def test_few_bars_are_drawn_over_many_steps(axes: Axes) -> None:
    task = TASKS["fifty-steps"]
    values, ones = np.zeros(100), np.ones(50)
    plot_forecasts(axes, values, task, {"one": ones}, {"one": ones})
    assert heights_of(axes)["one"].shape == (10,)
    assert len(lines_of(axes)["one"][1]) == 50


def test_many_forecasters_can_be_told_apart(axes: Axes) -> None:
    task = forecasting_task(5, 3)
    forecasts = {str(number): np.zeros(3) for number in range(40)}
    plot_forecasts(axes, np.zeros(8), task, forecasts)
    looks = {(line.get_color(), line.get_marker()) for line in axes.lines[2:]}
    assert len(looks) == 40


def test_curves_are_those_of_the_history(axes: Axes) -> None:
    rows = [
        {"epoch": epoch, "train_loss": 4 / epoch, "valid_mse": 3 / epoch, "seconds": 1}
        for epoch in (1, 2, 3)
    ]
    plot_learning_curves(axes, rows, oracle=0.5)
    lines = lines_of(axes)
    assert set(lines) == {"train loss", "valid MSE", "oracle"}
    assert np.array_equal(lines["train loss"], [[1, 2, 3], [4, 2, 4 / 3]])
    assert np.array_equal(lines["valid MSE"], [[1, 2, 3], [3, 1.5, 1]])
    assert (lines["oracle"][1] == 0.5).all()
    assert (axes.get_yscale(), axes.get_xlabel()) == ("log", "epoch")


def test_errors_are_drawn_by_hidden_step(axes: Axes) -> None:
    errors = {"a": np.array([1.0, 2, 3]), "b": np.array([2.0, 3, 4])}
    others = {"c": np.array([5.0, 6, 7]), "d": np.array([6.0, 7, 8])}
    plot_errors(axes, errors, others=others, noise=0.25)
    lines = lines_of(axes)
    for name, expected in (*errors.items(), ("others", others["c"])):
        assert np.array_equal(lines[name], [[1, 2, 3], expected])
    assert len(axes.lines) == 5
    assert (lines["variance of the noise"][1] == 0.25).all()
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["a", "b", "variance of the noise", "others"]
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "mean squared error")


def test_errors_of_a_single_step_are_ranked(axes: Axes) -> None:
    errors = {"second": np.array([2.0]), "first": np.array([1.0])}
    plot_errors(axes, errors, others={"third": np.array([3.0])}, noise=0.25)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["third", "second", "first"]
    data = [(*line.get_xdata(), *line.get_ydata()) for line in axes.lines]
    assert data == [(3, 0), (2, 1), (1, 2), (0.25, 0.25, 0, 1)]
    assert axes.get_xscale() == "log"


def test_a_forecaster_without_errors_can_be_drawn(tmp_path: Path) -> None:
    for number, steps in enumerate((1, 3)):
        figure = Figure()
        plot_errors(figure.subplots(), {"perfect": np.zeros(steps)})
        figure.savefig(tmp_path / f"{number}.png")
    plot_learning_curves(
        figure.subplots(), [{"epoch": 1.0, "train_loss": 0.0, "valid_mse": 0.0}]
    )
    figure.savefig(tmp_path / "curves.png")


# === A whole folder ===


def test_pictures_are_png_files_of_equal_bytes(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite")
    paths = plot_suite(tmp_path / "suite", count=1)
    names = ["series", "forecasts-ten-steps", "errors-ten-steps", "curves-ten-steps"]
    assert paths == [tmp_path / "suite" / f"{name}.png" for name in names]
    again = plot_suite(tmp_path / "suite", count=1, output=tmp_path / "new" / "again")
    for path, other in zip(paths, again, strict=True):
        assert path.read_bytes().startswith(PNG)
        assert other.parent == tmp_path / "new" / "again"
        assert path.read_bytes() == other.read_bytes()


def test_a_handful_is_drawn_of_a_suite(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    series = write_suite(tmp_path)
    plot_suite(tmp_path)
    shown, forecasts, errors, curves = figures.values()
    assert [one.get_title() for one in forecasts.axes] == [
        f"ten-steps, test series {index}" for index in (0, 3, 6)
    ]
    for axes, index in zip(shown.axes, (0, 3, 6), strict=True):
        assert np.array_equal(lines_of(axes)["hidden"][1], series[index, 50:, 0])
    for axes, index in zip(forecasts.axes, (0, 3, 6), strict=True):
        truth, lines = series[index, 50:, 0], lines_of(axes)
        best = {"linear", "lstm"}  # of baselines, and of networks over their seeds
        assert set(lines) == {"seen", "truth", "oracle", "monte-carlo-dropout", *best}
        assert np.array_equal(lines["truth"][1], truth)
        assert lines["lstm"][1] == pytest.approx(truth + 0.1)  # the first seed
        heights = heights_of(axes)
        assert set(heights) == {"oracle", "monte-carlo-dropout"}
        assert heights["oracle"] == pytest.approx((0.04**2 + NOISE_VARIANCE) ** 0.5)
        assert heights["monte-carlo-dropout"] == pytest.approx(0.07)
    (legend,) = forecasts.legends
    explained = legend.get_title().get_text()
    assert "oracle: ± 1 standard deviation of the hidden value, noise" in explained
    assert "monte-carlo-dropout: ± 1 standard deviation of its draws" in explained

    (axes,) = errors.axes
    lines = lines_of(axes)
    assert lines["oracle"][1] == pytest.approx([0.01**2] * 10, rel=1e-4)
    assert lines["lstm"][1] == pytest.approx([(0.1**2 + 0.15**2) / 2] * 10, rel=1e-4)
    assert (lines["variance of the noise"][1] == NOISE_VARIANCE).all()
    assert len(axes.lines) == 4 + 1 + 4

    titles = [one.get_title() for one in curves.axes if one.get_visible()]
    assert titles == ["lstm", "gru", "wavenet"]
    for axes in curves.axes:
        assert len(axes.lines) == 2 * 3  # two seeds
        assert lines_of(axes)["valid MSE"][1].tolist() == [2, 1, 2 / 3]


def test_chosen_networks_alone_are_drawn(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    write_suite(tmp_path, seeds=1)
    paths = plot_suite(tmp_path, networks=["wavenet", "linear", "wavenet"], count=2)
    _, forecasts, errors, curves = figures.values()
    assert len(forecasts.axes) == 2 and len(paths) == 4
    assert set(lines_of(forecasts.axes[0])) == {"seen", "truth", "wavenet", "linear"}
    assert not forecasts.legends[0].get_title().get_text()
    assert errors.axes[0].get_legend_handles_labels()[1][:2] == ["wavenet", "linear"]
    assert [axes.get_title() for axes in curves.axes] == ["wavenet"]


def test_without_networks_there_are_no_curves(tmp_path: Path) -> None:
    write_suite(tmp_path)
    paths = plot_suite(tmp_path, networks=["oracle"], count=1)
    assert [path.name for path in paths] == [
        "series.png",
        "forecasts-ten-steps.png",
        "errors-ten-steps.png",
    ]


def test_all_tasks_have_their_series_drawn(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    for task in reversed(TASKS):
        write_suite(tmp_path, task)
    for task in TASKS:
        names = [path.stem for path in plot_suite(tmp_path, task=task, count=1)]
        assert names[1] == f"forecasts-{task}"
        shown = list(figures.values())[-4]
        titles = [axes.get_title() for axes in shown.axes]
        assert titles == [f"{name}, test series 0" for name in TASKS]
    default = [path.stem for path in plot_suite(tmp_path, count=1)]
    assert default[1] == "forecasts-ten-steps"


@pytest.fixture(scope="module")
def own_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a suite of baselines on a user's table of nine variables."""
    folder = tmp_path_factory.mktemp("own")
    variables = suite_plots.MOST_VARIABLES + 1
    rows = np.random.default_rng(0).normal(size=(40, variables)).cumsum(axis=0)
    names = [f"${number} $x" for number in range(variables)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    write_text(folder / "own.csv", "\n".join(lines))
    own = read_csv_series(folder / "own.csv", steps=8, ahead=2)
    measured, _ = run_suite({}, SMALL, folder / "suite", series=own)
    coming = {one.name: one.future[None] for one in measured if one.future is not None}
    write_forecasts(folder / "suite" / "coming.csv", own, coming)
    return folder / "suite"


def test_own_series_are_drawn_to_files(own_suite: Path, tmp_path: Path) -> None:
    paths = plot_suite(own_suite, count=1, output=tmp_path)  # $ begins no formula
    names = ["series.png", "forecasts-series.png", "errors-series.png"]
    assert [path.name for path in paths] == names


def test_own_series_have_a_row_a_variable_and_no_oracle(
    own_suite: Path, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    chosen = ["linear", "last-value"]
    plot_suite(own_suite, count=2, networks=chosen, output=tmp_path)
    shown, forecasts, errors = figures.values()
    series = read_series(own_suite)["series"]
    for figure in (shown, forecasts):
        rows = np.reshape(figure.axes, (suite_plots.MOST_VARIABLES, 2))
        for variable, (first, second) in enumerate(rows):
            label = f"\\${variable} \\$x\n(standard deviations)"
            assert first.get_ylabel().startswith(label)
            assert not second.get_ylabel()
        assert rows[-1, 0].get_ylabel().endswith("8 of 9 variables")
    kept = read_forecasts(own_suite, series)
    second = len(series.values) // 2
    lines = lines_of(forecasts.axes[3])  # variable 1 of the second window
    linear = kept.forecasts["linear"][0]
    assert np.array_equal(lines["linear"][1], linear[second, :, 1])
    assert np.array_equal(lines["truth"][1], series.values[second, 8:, 1])
    assert "variance of the noise" not in lines_of(errors.axes[0])
    shutil.copytree(own_suite, tmp_path / "stopped")
    (tmp_path / "stopped" / "coming.csv").unlink()
    assert read_series(tmp_path / "stopped")["series"].names[0] == "variable 1"


def test_a_real_suite_is_drawn_by_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "suite"
    run_suite({"simple-rnn": RECIPES["simple-rnn"]}, SMALL, folder)
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
    ]
    for path in paths:
        assert path.parent == folder and path.read_bytes().startswith(PNG)


# === What cannot be drawn ===


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    with pytest.raises(UsageError, match=r"none holds no suite: .* --output .*none$"):
        plot_suite(missing)
    write_suite(tmp_path)
    with pytest.raises(UsageError, match=r"has, out of ten-steps, got 'gap'$"):
        plot_suite(tmp_path, task="gap")
    match = r"for ten-steps, out of oracle, least-squares, .*wavenet, got 'attention'$"
    with pytest.raises(UsageError, match=match):
        plot_suite(tmp_path, networks=["gru", "attention"])
    for count in (0, suite_plots.MOST_SERIES + 1):
        with pytest.raises(UsageError, match=f"count from 1 to 8, got {count}"):
            plot_suite(tmp_path, count=count)
    assert not list(tmp_path.glob("*.png"))


def test_a_suite_without_forecasts_says_so(tmp_path: Path) -> None:
    write_suite(tmp_path)
    for path in (tmp_path / "ten-steps").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "series.npz":
            path.unlink()
    # What a killed process leaves half written is no forecaster.
    (tmp_path / "ten-steps" / ".x.partial.npz").write_bytes(b"half")
    with pytest.raises(UsageError, match=r"no forecasts for ten-steps yet: .*goes on"):
        plot_suite(tmp_path)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    series = write_suite(tmp_path)
    folder = tmp_path / "ten-steps"
    (folder / "gru-seed1" / "history.csv").write_text("epoch,train_loss\n1,2\n")
    with pytest.raises(DataError, match=r"history\.csv, row 2: .* history of a train"):
        plot_suite(tmp_path)
    short = np.zeros((9, 3, 1), "float32")
    save_arrays(folder / "linear.npz", {"forecasts": short})
    with pytest.raises(ModelError, match=r"linear\.npz: expected forecasts of each"):
        plot_suite(tmp_path)
    save_arrays(folder / "linear.npz", {"spread": series[:, 50:]})
    with pytest.raises(ModelError, match=r"linear\.npz: expected forecasts, there are"):
        plot_suite(tmp_path)
    save_arrays(folder / "series.npz", {"series": series, "first_hidden": np.array(9)})
    with pytest.raises(ModelError, match=r"series\.npz: .* of the task ten-steps"):
        plot_suite(tmp_path)
    save_arrays(folder / "series.npz", {"series": series[0]})
    with pytest.raises(ModelError, match=r"series\.npz: expected the test series"):
        plot_suite(tmp_path)
    (tmp_path / "options.json").write_text("[]")
    with pytest.raises(ModelError, match=r"options\.json: expected the JSON"):
        plot_suite(tmp_path)


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pictures needs the extra \[plot\]"):
        plot_suite(tmp_path)

"""PNG files of a suite: figures hold the saved arrays; damaged files are named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from matplotlib.figure import Figure
from plotted import heights_of, lines_of

from chorale.errors import DataError, MissingExtraError, ModelError, UsageError
from chorale.forecasting import suite_plots
from chorale.forecasting.csv_series import TableOptions, read_csv_series
from chorale.forecasting.saved_forecasts import read_forecasts, read_series
from chorale.forecasting.series import NOISE_VARIANCE, TASKS, Array, draw_data
from chorale.forecasting.suite import SuiteOptions, run_suite
from chorale.forecasting.suite_plots import plot_suite
from chorale.nn.runs import Run
from chorale.utils import extras
from chorale.utils.files import load_arrays, save_arrays, write_text

PNG = b"\x89PNG\r\n\x1a\n"
SMALL = SuiteOptions(train=16, valid=8, test=12, epochs=1, draws=100)


def write_suite(folder: Path, task: str = "ten-steps", seeds: int = 2) -> Array:
    """Write the files of a suite and return its test series."""
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
    """Catch figures as they are written, by their number."""
    caught: dict[str, Figure] = {}

    def save(figure: Figure, path: Path, **options: object) -> None:
        caught[str(len(caught))] = figure
        Path(path).write_bytes(PNG)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", save)
    return caught


# === A whole folder ===


def test_pictures_are_png_files_of_equal_bytes(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite")
    paths = plot_suite(tmp_path / "suite", count=1)
    names = ["series", "forecasts-ten-steps", "errors-ten-steps", "curves-ten-steps"]
    assert paths == [tmp_path / "suite" / f"{name}.png" for name in names]
    again = plot_suite(tmp_path / "suite", count=1, output=tmp_path / "new" / "again")
    for path, copy in zip(paths, again, strict=True):
        assert path.read_bytes().startswith(PNG)
        assert copy.parent == tmp_path / "new" / "again"
        assert path.read_bytes() == copy.read_bytes()


def test_a_handful_is_drawn_of_a_suite(
    tmp_path: Path, figures: dict[str, Figure]
) -> None:
    series = write_suite(tmp_path)
    plot_suite(tmp_path)
    shown, forecasts, errors, curves = figures.values()
    assert [axes.get_title() for axes in forecasts.axes] == [
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

    titles = [axes.get_title() for axes in curves.axes if axes.get_visible()]
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
def csv_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a suite of baselines on a CSV file of nine variables."""
    folder = tmp_path_factory.mktemp("csv")
    variables = suite_plots.MOST_VARIABLES + 1
    rows = np.random.default_rng(0).normal(size=(40, variables)).cumsum(axis=0)
    names = [f"${number} $x" for number in range(variables)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    write_text(folder / "own.csv", "\n".join(lines))
    series = read_csv_series(folder / "own.csv", TableOptions(steps=8, ahead=2))
    run_suite({}, SMALL, folder / "suite", series=series)
    return folder / "suite"


def test_own_series_are_drawn_to_files(csv_suite: Path, tmp_path: Path) -> None:
    paths = plot_suite(csv_suite, count=1, output=tmp_path)  # $ begins no formula
    names = ["series.png", "forecasts-series.png", "errors-series.png"]
    assert [path.name for path in paths] == names


def test_own_series_have_a_row_a_variable_and_no_oracle(
    csv_suite: Path, tmp_path: Path, figures: dict[str, Figure]
) -> None:
    chosen = ["linear", "last-value"]
    plot_suite(csv_suite, count=2, networks=chosen, output=tmp_path)
    shown, forecasts, errors = figures.values()
    series = read_series(csv_suite)["series"]
    for figure in (shown, forecasts):
        rows = np.reshape(figure.axes, (suite_plots.MOST_VARIABLES, 2))
        for variable, (first, second) in enumerate(rows):
            label = f"\\${variable} \\$x\n(standard deviations)"
            assert first.get_ylabel().startswith(label)
            assert not second.get_ylabel()
        assert rows[-1, 0].get_ylabel().endswith("8 of 9 variables")
    saved = read_forecasts(csv_suite, series)
    second = len(series.values) // 2
    lines = lines_of(forecasts.axes[3])  # variable 1 of the second window
    linear = saved.forecasts["linear"][0]
    assert np.array_equal(lines["linear"][1], linear[second, :, 1])
    assert np.array_equal(lines["truth"][1], series.values[second, 8:, 1])
    assert "variance of the noise" not in lines_of(errors.axes[0])
    folder = shutil.copytree(csv_suite, tmp_path / "damaged")
    arrays = load_arrays(folder / "series" / "series.npz")
    save_arrays(
        folder / "series" / "series.npz", {**arrays, "names": np.array(["one", "two"])}
    )
    with pytest.raises(ModelError, match=r"series\.npz: .* names of 9 variables"):
        read_series(folder)


# === Errors ===


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
    # A temporary file of a killed process is ignored.
    (tmp_path / "ten-steps" / ".x.partial.npz").write_bytes(b"half")
    with pytest.raises(UsageError, match=r"no forecasts for ten-steps yet: .*resume"):
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
    save_arrays(folder / "linear.npz", {"forecasts": series[:, 50:] + np.inf})
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


def test_the_names_of_variables_may_be_no_list(tmp_path: Path) -> None:
    series = write_suite(tmp_path)
    path = tmp_path / "ten-steps/series.npz"
    save_arrays(path, {**load_arrays(path), "names": np.array("bus")})
    assert read_series(tmp_path)["ten-steps"].names == ("bus",)
    save_arrays(path, {**load_arrays(path), "names": np.array([["bus"], ["rail"]])})
    with pytest.raises(ModelError, match=f"names of {series.shape[-1]} variables"):
        read_series(tmp_path)

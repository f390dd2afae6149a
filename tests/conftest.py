"""Settings of all tests, and tiny models that are trained once a session."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a busy machine is not a failure.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("default", max_examples=25, **_PATIENT)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def no_models_of_the_user(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Find no models in the data folder of who runs the tests."""
    monkeypatch.setenv("CHORALE_MODELS", str(tmp_path_factory.getbasetemp() / "none"))


def pytest_report_header() -> str:
    """Say whether tests in a browser will run."""
    from studios import NO_BROWSER, find_browser

    return f"browser: {find_browser() or NO_BROWSER}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark notebooks as slow, and begin with them: no process waits for a long one."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.suffix != ".ipynb")


# === One tiny trained model of each kind ===

Make = Callable[[Path], object]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], Path]:
    """Return a function that makes a folder once for all processes of pytest.

    It takes a name and what fills a new folder of that name, and returns a copy of its
    own, which no test of another process can change.
    """
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    place = place / "shared"
    place.mkdir(exist_ok=True)

    def share(name: str, make: Make) -> Path:
        folder, done = place / name, place / f"{name}.done"
        with (place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return Path(shutil.copytree(folder, tmp_path_factory.mktemp("runs") / name))

    return share


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus of six random chorales to learn and two to validate on."""
    from tiny import write_tiny_corpus

    return write_tiny_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def next_step_run(tiny_corpus: Path, shared: Callable[[str, Make], Path]) -> Path:
    """Return a finished run of a next-step network: three epochs of three batches."""
    from tiny import train_tiny_network

    return shared("next-step", lambda run: train_tiny_network(tiny_corpus, run))


@pytest.fixture(scope="session")
def infiller_run(tiny_corpus: Path, shared: Callable[[str, Make], Path]) -> Path:
    """Return a finished run of an infiller: two epochs."""
    from command_line import run_command
    from tiny import PLAN

    words = "train --network coconet --units 6 --layers 4 --epochs 2 --batch-size 2"
    words += f" --crop 64 --plan {','.join(PLAN)} --averaging 0"

    def train(run: Path) -> None:
        done = run_command(*words.split(), "--corpus", tiny_corpus, "--output", run)
        assert done.returncode == 0, done.stderr
        assert "nats per note" in done.stdout

    return shared("little", train)


@pytest.fixture(scope="session")
def flat_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of an infiller, with the flat corpus `hymns` of its data beside it.

    Two of the twenty pieces were held out.
    """
    from tiny import eagerly, tiny_infiller_options, write_flat_corpus

    from chorale.corpus.loading import load_corpus
    from chorale.training.chorale_networks import train_network
    from chorale.training.options import CommonOptions

    folder = tmp_path_factory.mktemp("flat")
    corpus = load_corpus(write_flat_corpus(folder / "hymns", 20))
    options = CommonOptions(epochs=1, batch_size=9, crop=32, plan=("step",))
    network = tiny_infiller_options("coconet")
    with eagerly():
        train_network(corpus, network, options, folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of drawings of three words."""
    from tiny import write_shapes

    return write_shapes(tmp_path_factory.mktemp("drawings") / "shapes.npz")


@pytest.fixture(scope="session")
def classifier_run(shapes: Path, shared: Callable[[str, Make], Path]) -> Path:
    """Return a finished run of a classifier: ten epochs."""
    from tiny import train_tiny_classifier

    return shared("shapes", lambda run: train_tiny_classifier(shapes, run))


# === Forecasting ===


@pytest.fixture
def without_xla() -> Iterator[None]:
    """Train without XLA, whose compilation takes longer than a tiny training."""
    import tiny

    with tiny.without_xla():
        yield


@pytest.fixture(scope="session")
def suite_folder(shared: Callable[[str, Make], Path]) -> Path:
    """Return the folder of a tiny suite of forecasters; copy it to change it."""
    from tiny import without_xla

    from chorale.forecasting.recipes import RECIPES
    from chorale.forecasting.suite import SuiteOptions, run_suite

    options = SuiteOptions(train=16, valid=8, test=12, epochs=1, draws=100)

    def measure(folder: Path) -> None:
        with without_xla():
            run_suite({"simple-rnn": RECIPES["simple-rnn"]}, options, folder)

    return shared("suite", measure)

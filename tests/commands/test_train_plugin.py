"""`chorale train --plugin`: a network of a user's own, from a folder outside the tree.

All but one command run in this process, which saves starting TensorFlow again. Between
them plugins and their modules are forgotten.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from command_line import outcome, run_command
from killed import PACKAGE
from plugged import BUILD, REGISTER, no_plugins, write_module, write_package
from tiny import eagerly, files_of

from chorale.corpus.loading import load_corpus
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate
from chorale.formats.classic_csv import write_csv
from chorale.models.storage import load_card, load_model
from chorale.music.score import Chorale
from chorale.nn import trainer
from chorale.nn.plugins import import_plugin
from chorale.training.chorale_networks import resume_training

pytestmark = pytest.mark.keras

# Heads without cues: an export then takes a quarter of the time.
SIZES = (
    "--units 8 --layers 1 --voice-units 8 --no-intervals --no-motions --no-echoes "
    "--epochs 1 --batch-size 4 --crop 16"
)
# Leaves a trace wherever it is imported.
TRACE = "import os\nopen(os.environ['TRACE'], 'a').close()\n"


def chorale(
    *words: object, folder: Path, path: Path | str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder; another folder may have modules, too."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "chorale", *map(str, words)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(PACKAGE), str(path)])),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TRACE": str(folder / "trace"),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def at(folder: Path) -> Iterator[None]:
    """Work in a folder, with no plugin loaded."""
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, TRACE=str(folder / "trace")),
        no_plugins(),
    ):
        try:
            yield
        finally:
            sys.modules.pop("mine", None)


@pytest.fixture(scope="module")
def home(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a user's folder, with a module, a corpus and a run."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(tiny_corpus, home / "corpus")
    # Notes of all chorales that the judge begins with.
    wide = Chorale(pitches=np.full((16, 4), (81, 62, 55, 36)))
    write_csv(wide, home / "corpus/train/chorale_900.csv")
    write_module(home, "mine", TRACE + BUILD + REGISTER)
    words = f"train --corpus corpus --plugin mine --network residual-gru {SIZES}"
    with eagerly(), at(home):
        done = run_command(*words.split(), "--output", "run")
    assert done.returncode == 0, done.stderr
    assert (home / "trace").exists()
    assert "model   run/model" in done.stdout and "nats per note" in done.stdout
    return home


@pytest.fixture(scope="module")
def away(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return another folder, with the model alone."""
    away = tmp_path_factory.mktemp("away")
    shutil.copytree(home / "run" / "model", away / "model")
    return away


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Forget plugins and work in an empty folder where modules are found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    with no_plugins(tmp_path):
        yield tmp_path


@pytest.fixture
def at_home(home: Path) -> Iterator[Path]:
    """Forget plugins and work in the user's folder, where modules are not found yet."""
    with eagerly(), at(home):
        yield home


def test_the_card_says_where_the_network_came_from(home: Path) -> None:
    values = json.loads((home / "run/model/card.json").read_text())
    assert values["network"]["body"] == "residual-gru"
    assert values["network"]["plugin"] == "mine"
    assert values["data"]["plugin"] == {
        "module": "mine",
        "distribution": "",
        "version": "",
        "sha256": sha256((home / "mine.py").read_bytes()).hexdigest(),
    }
    words = shlex.split(values["command"])
    assert words[words.index("--plugin") + 1] == "mine"
    assert str(home) not in (home / "run/model/card.json").read_text()


@pytest.mark.parametrize(
    "words",
    [
        "generate --model model --seed none --bars 2 --output pieces",
        "evaluate --model model --corpus {home}/corpus --split valid",
        "judge --model model -n 2 --bars 4",
    ],
)
def test_the_model_runs_where_the_module_is_not(
    words: str, home: Path, away: Path
) -> None:
    with at(away):
        done = run_command(*words.format(home=home).split())
        assert "mine" not in sys.modules
    assert done.returncode == 0, done.stderr
    assert not (away / "trace").exists()


def test_running_a_model_does_not_import_the_module_that_is_there(home: Path) -> None:
    (home / "trace").unlink(missing_ok=True)
    words = "evaluate --model run --corpus corpus --split valid"
    done = chorale(*words.split(), folder=home, path=home)
    assert done.returncode == 0, done.stderr
    assert not (home / "trace").exists()


# === Going on ===


def test_resuming_says_the_command_with_the_plugin(at_home: Path) -> None:
    words = "train --output run --resume --corpus corpus"
    code, _, err = outcome(*words.split())
    assert code == 2
    command = "chorale train --output run --resume --corpus corpus --plugin mine"
    assert err.rstrip().endswith(f"the plugin mine, which resuming needs: {command}")
    code, out, err = outcome(*shlex.split(command)[1:])
    assert code == 0, err
    assert "model   run/model" in out


def test_a_changed_module_does_not_resume(home: Path, fresh: Path) -> None:
    shutil.copytree(home / "run", fresh / "run")
    write_module(fresh, "mine", BUILD + REGISTER + "# changed\n")
    words = ["train", "--output", "run", "--resume", "--plugin", "mine"]
    code, _, err = outcome(*words, "--corpus", home / "corpus")
    assert code == 1
    assert "not what the run began with: the plugin mine differs" in err


def test_a_model_of_a_plugin_is_fine_tuned_with_it(at_home: Path) -> None:
    words = "train --from run --corpus corpus --epochs 1 --batch-size 4 --crop 16"
    words += " --output tuned"
    code, _, err = outcome(*words.split())
    assert code == 2
    assert "from the plugin mine, which is not loaded: first on the" in err
    assert not (at_home / "tuned").exists()
    code, _, err = outcome(*words.split(), "--plugin", "mine")
    assert code == 0, err
    card = load_card(at_home / "tuned")
    assert card.data["plugin"]["module"] == "mine" and card.data["base"]


def test_the_keras_backend_needs_the_plugin(home: Path, fresh: Path) -> None:
    shutil.copy(home / "mine.py", fresh)
    with pytest.raises(UsageError, match=r"not loaded: .* in Python import mine"):
        load_model(home / "run", backend="keras")
    assert not (fresh / "trace").exists()
    import_plugin("mine")
    pieces = load_corpus(home / "corpus").valid
    both = [
        evaluate(load_model(home / "run", backend=name, kind="next-step"), pieces)
        for name in ("keras", "onnx")
    ]
    assert both[0].nats_per_note == pytest.approx(both[1].nats_per_note, abs=1e-4)


def test_another_process_that_stores_the_model_imports_the_plugin(
    at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(at_home / "run", tmp_path / "run"))
    shutil.rmtree(run / "model")
    import_plugin("mine")
    monkeypatch.setattr(trainer, "exports_here", lambda: False)
    resume_training(load_corpus(at_home / "corpus"), run, finish=True)
    assert files_of(run / "model") == files_of(at_home / "run/model")


# === Installed packages ===


def test_an_entry_point_needs_no_option(
    home: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    site = tmp_path_factory.mktemp("site")
    path = write_module(site / "chorale_nets", "gru", TRACE + BUILD)
    write_package(site, "chorale-nets", {"far-gru": "chorale_nets.gru:build"}, "0.3")
    monkeypatch.chdir(tmp_path)
    words = f"train --network far-gru --corpus {home}/corpus {SIZES} --output run"
    with eagerly(), no_plugins(site):
        code, _, err = outcome(*words.split())
    assert code == 0, err
    card = load_card(tmp_path / "run")
    assert card.data["plugin"] == {
        "module": "chorale_nets.gru",
        "distribution": "chorale-nets",
        "version": "0.3",
        "sha256": sha256(path.read_bytes()).hexdigest(),
    }
    (tmp_path / "trace").unlink()
    words = f"evaluate --model run --corpus {home}/corpus --split valid"
    with no_plugins():
        assert outcome(*words.split())[0] == 0
    assert not (tmp_path / "trace").exists()
    words = f"train --output run --resume --finish --corpus {home}/corpus"
    with no_plugins():
        code, _, err = outcome(*words.split())
    assert (code, "--plugin chorale_nets.gru" in err) == (2, True)
    with no_plugins(site):
        code, _, err = outcome(*words.split())
    assert code == 0, err
    assert (tmp_path / "trace").exists()


# === What is refused before anything is read ===


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--plugin absent --network a", "there is no module 'absent', the plugin"),
        ("--plugin mine", "mine registers residual-gru, but the network to train is "),
        (
            "--plugin mine --network gru",
            "choose one by --network residual-gru, or leav",
        ),
        ("--plugin mine --network coconet", "the network to train is coconet"),
        (
            "--network residual-gru",
            "got 'residual-gru'; a network of your own needs --",
        ),
        ("--plugin rival --network coconet", "rival registers coconet, the name of an"),
    ],
)
def test_wrong_words_are_refused(words: str, message: str, fresh: Path) -> None:
    write_module(fresh, "mine", BUILD.replace("import keras\n", "") + REGISTER)
    rival = "import chorale\nchorale.register_body('coconet', print)\n"
    write_module(fresh, "rival", rival)
    text = (fresh / "mine.py").read_text()
    text = text.replace("from chorale.nn.causal import Chain, Residual\n", "")
    (fresh / "mine.py").write_text(text)
    code, out, err = outcome("train", *words.split(), "--output", "run")
    assert (code, out) == (2, "")
    assert message in err and "Traceback" not in err
    assert not (fresh / "run").exists()


def test_a_body_that_breaks_the_contract_leaves_no_run(
    tiny_corpus: Path, fresh: Path
) -> None:
    text = BUILD.replace("return Chain(blocks)", "return keras.layers.Dense(8)")
    write_module(fresh, "mine", text + REGISTER)
    words = ["train", "--plugin", "mine", "--network", "residual-gru"]
    code, out, err = outcome(*words, "--corpus", tiny_corpus, "--output", "run")
    assert (code, out) == (1, "")
    assert "expected its function to return a CausalLayer" in err
    assert not (fresh / "run").exists()

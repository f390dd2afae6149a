"""`chorale critic`: a critic for a model of one's own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import outcome, run_command
from fakes import wide_vocabulary
from tiny import save_tiny_model, tiny_options, write_flat_corpus

from chorale.corpus.index import Entry, write_index
from chorale.models.critic.tables import critic_of
from chorale.models.storage import load_card, load_model


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "model"
    save_tiny_model(folder, tiny_options(), wide_vocabulary())
    return folder


@pytest.fixture
def model(stored: Path, tmp_path: Path) -> Path:
    """Return a model that a test may change."""
    return Path(shutil.copytree(stored, tmp_path / "model"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a folder of twelve short chorales with their keys."""
    folder = write_flat_corpus(tmp_path / "hymns", 12)
    files = sorted(path.name for path in folder.glob("*.csv"))
    write_index([Entry(file=name, key="C major") for name in files], folder)
    return folder


def test_a_critic_is_stored_with_its_model(model: Path, corpus: Path) -> None:
    words = "--corpus", corpus, "--drafts", "1", "--rounds", "2"
    assert outcome("critic", "--model", model, *words)[0] == 0
    card = load_card(model)
    assert card.critic["pieces"] >= 5
    assert card.critic["command"].startswith("chorale critic --corpus hymns")
    assert str(corpus.parent) not in json.dumps(dict(card.critic))
    stored = critic_of(load_model(model))
    assert stored is not None and stored.cadence_keys is not None
    assert stored.cadence_keys.following.sum() >= card.critic["pieces"]
    first = (model / "critic.npz").read_bytes()
    assert outcome("critic", "--model", model, *words)[0] == 0
    assert (model / "critic.npz").read_bytes() == first
    # One that cannot be read, such as that of another version, can be made again.
    (model / "critic.npz").write_bytes(b"")
    assert outcome("critic", "--model", model, *words)[0] == 0
    assert (model / "critic.npz").read_bytes() == first


def test_wrong_usage(model: Path, tmp_path: Path) -> None:
    done = run_command("critic", "--model", model, "--rounds", "0")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = run_command("critic", "--model", "counterpoint")
    assert done.returncode == 2
    flat = write_flat_corpus(tmp_path / "flat", 6)
    done = run_command("critic", "--model", model, "--corpus", flat)
    assert (done.returncode, "keys" in done.stderr) == (1, True)

"""Fine-tuning: options from the card, where a run began, models that are carried."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import outcome, run_command
from tiny import (
    PLAN,
    eagerly,
    tiny_infiller_options,
    tiny_options,
    tiny_training,
    write_tiny_corpus,
)

from chorale.corpus.loading import Corpus, load_corpus
from chorale.errors import ModelError, UsageError
from chorale.models.storage import load_card
from chorale.nn.cards import WEIGHTS_FILE
from chorale.nn.runs import Run, Settings
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.fine_tuning import (
    BATCH_SIZE,
    DROPOUT,
    base_options,
)
from chorale.training.next_step import NextStepTask
from chorale.utils.files import load_arrays

pytestmark = pytest.mark.keras
_FAST = "--epochs 1 --batch-size 2 --crop 32".split()


@pytest.fixture(scope="module")
def higher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus of which the highest notes are new to the tiny model."""
    folder = tmp_path_factory.mktemp("higher") / "hymns"
    return write_tiny_corpus(folder, pieces=4, random_state=7, semitones=4)


@pytest.fixture(scope="module")
def tuned(
    next_step_run: Path, higher: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a run that began with the tiny model, with the end of the piece added."""
    run = tmp_path_factory.mktemp("tuned") / "hymns"
    words = ("train", "--from", next_step_run, "--corpus", higher, "--output", run)
    with eagerly():
        done = run_command(*words, "--plan", "to_end", *_FAST)
    assert done.returncode == 0, done.stderr
    assert "nats per note" in done.stdout
    return run


@pytest.fixture
def corpus(higher: Path) -> Corpus:
    return load_corpus(higher)


def test_a_card_says_where_its_model_began(
    tuned: Path, next_step_run: Path, higher: Path
) -> None:
    base, card = load_card(next_step_run), load_card(tuned)
    assert card.network == replace(base.network, dropout=DROPOUT)
    assert card.vocabulary.lowest == base.vocabulary.lowest
    assert card.vocabulary.highest == base.vocabulary.highest + 4
    assert card.plan_features == (*base.plan_features, "to_end")
    assert card.data["base"] == {"next-step": base.files[WEIGHTS_FILE]}
    # Leakage of what the base has read can be found too.
    read = {f"next-step/{name}": each for name, each in base.data["files"].items()}
    own = load_corpus(higher).hashes
    assert card.data["files"] == {**own, **read}
    assert card.data["corpus"] == "hymns"
    assert "--from next-step" in card.command


def test_a_wider_model_works_like_any_other(tuned: Path, higher: Path) -> None:
    """The highest notes are outside the vocabulary of the base."""
    piece = higher / "valid" / "chorale_004.csv"
    model, folder = ("--model", tuned / "model"), tuned.parent / "written"
    evaluated = outcome("evaluate", *model, "--corpus", higher, "--json")
    assert evaluated[0] == 0 and json.loads(evaluated[1])["nats_per_note"] > 0
    words = ("generate", "--seed", piece, "--bars", "4", "--output", folder)
    code, _, errors = outcome(*words, *model)
    assert code == 0, errors
    assert len(list(folder.glob("*.mid"))) == 1


def test_a_model_is_carried_and_found_by_name(
    tuned: Path, higher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    shutil.copytree(tuned / "model", away / "alpine")
    text = (away / "alpine" / "card.json").read_text()
    for folder in (tuned.parent, higher.parent, Path.home(), Path("/tmp")):
        assert str(folder) + "/" not in text
    monkeypatch.setenv("CHORALE_MODELS", str(away))
    code, said, errors = outcome("evaluate", "--model", "alpine", "--corpus", higher)
    assert code == 0 and said.startswith("alpine"), errors
    (line,) = [line for line in outcome("models")[1].splitlines() if "alpine" in line]
    assert "of hymns, fine-tuned from next-step" in line and str(away) in line
    card = json.loads(outcome("models", "--json")[1])[-1]
    assert card["folder"] == str(away / "alpine") and card["name"] == "hymns"
    code, _, errors = outcome("generate", "--model", "alpin", "--output", tmp_path)
    assert code == 2 and str(away) in errors


def test_a_run_is_resumed_from_its_own_weights(
    tuned: Path, next_step_run: Path, higher: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(tuned, tmp_path / "hymns"))
    words = ["train", "--from", next_step_run, "--corpus", higher, "--output", run]
    words += ["--plan", "to_end", *_FAST, "--resume"]
    with eagerly():
        code, _, errors = outcome(*words)
    assert code == 0, errors
    first, again = (load_arrays(each / "model/weights.npz") for each in (tuned, run))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    code, _, errors = outcome(*words, "--from", "bach")
    assert code == 2 and "begun with base" in errors


def test_a_base_that_has_changed_is_named(
    next_step_run: Path, corpus: Corpus, tmp_path: Path
) -> None:
    base = Path(shutil.copytree(next_step_run / "model", tmp_path / "base"))
    options = tiny_training(epochs=1, base=str(base))
    task = NextStepTask(corpus, load_card(base).network, options)
    settings = Settings(task.network_options, options, "", {})
    Run(tmp_path / "run").create(settings.to_json(), task.provenance())
    text = (base / "card.json").read_text()
    (base / "card.json").write_text(
        text.replace(load_card(base).files[WEIGHTS_FILE], "0" * 64)
    )
    with pytest.raises(ModelError, match="base differs"):
        resume_training(corpus, tmp_path / "run", finish=True)


def test_a_network_begins_with_what_its_base_knows(
    next_step_run: Path, corpus: Corpus, tiny_corpus: Path
) -> None:
    base = load_card(next_step_run)
    options = tiny_training(base=str(next_step_run))
    network = load_card(next_step_run).network
    same = NextStepTask(load_corpus(tiny_corpus), network, options)
    same.build()
    assert same.validate()["valid_nats_per_note"] == pytest.approx(
        base.figures["valid"]["nats_per_note"], abs=1e-4
    )
    # It recalls the melodies of the corpus that it learns.
    wider = NextStepTask(corpus, network, options)
    wider.build()
    assert len(wider.tunes.intervals) != len(same.tunes.intervals)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("--units", "17"), "has units 16, not 17: leave the option out"),
        (("--network", "gru"), "is lstm, not gru: leave the network out"),
        (("--network", "coconet"), "is lstm, not coconet"),
        (("--encoding", "pitch"), "has encoding hold, not pitch"),
        (("--no-echoes",), "has echoes True, not False"),
    ],
)
def test_options_that_contradict_the_base_are_refused(
    typed: tuple[str, ...], says: str, next_step_run: Path, higher: Path, tmp_path: Path
) -> None:
    words = ("train", "--from", next_step_run, "--corpus", higher)
    code, _, errors = outcome(*words, "--output", tmp_path / "run", *typed)
    assert code == 2 and says in errors and errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_options_of_dropout_and_training_are_free(next_step_run: Path) -> None:
    changes = {"dropout": 0.5, "learning_rate": 1e-4, "plan": ("key", "to_end")}
    values = base_options(str(next_step_run), changes)
    assert values["dropout"] == 0.5 and values["units"] == 16
    assert values["learning_rate"] == 1e-4 and values["encoding"] == "hold"
    usual = base_options(str(next_step_run), {})
    assert usual["dropout"] == DROPOUT and usual["plan"] == PLAN
    assert "learning_rate" not in usual
    assert usual["batch_size"] == BATCH_SIZE
    assert values["plan"] == (*PLAN, "to_end")


def test_a_base_that_does_not_fit_is_refused(
    next_step_run: Path, corpus: Corpus, tmp_path: Path
) -> None:
    options = tiny_training(base=str(next_step_run), plan=("position", "key"))
    network = load_card(next_step_run).network
    with pytest.raises(UsageError, match="uses fermata: add it to the plan"):
        train_network(corpus, network, options, tmp_path / "run")
    options = tiny_training(base="counterpoint")
    with pytest.raises(UsageError, match="infiller, got NetworkOptions"):
        train_network(corpus, tiny_options(), options, tmp_path / "run")
    with pytest.raises(UsageError, match="no model 'nobody'"):
        NextStepTask(corpus, tiny_options(), tiny_training(base="nobody"))
    assert tiny_infiller_options("coconet").units == 6


def test_an_infiller_is_fine_tuned_and_harmonizes(
    infiller_run: Path, higher: Path, tmp_path: Path
) -> None:
    run = tmp_path / "hymns"
    words = ("train", "--from", infiller_run, "--corpus", higher, "--output", run)
    with eagerly():
        code, _, errors = outcome(*words, *_FAST)
    assert code == 0, errors
    card = load_card(run)
    assert card.vocabulary.highest == load_card(infiller_run).vocabulary.highest + 4
    assert card.kind == "infiller" and "base" in card.data
    melody, written = higher / "valid" / "chorale_005.csv", tmp_path / "a.csv"
    words = ("harmonize", melody, "--model", run, "--output", written)
    code, _, errors = outcome(*words)
    assert code == 0, errors
    code, text, errors = outcome("evaluate", "--model", run, "--corpus", higher)
    assert code == 0 and "nats per note" in text, errors

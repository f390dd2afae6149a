"""Training infillers: what a batch hides; a run from the command line to a model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from command_line import run_command
from tiny import (
    PLAN,
    move_weights,
    tiny_chorale,
    tiny_infiller_options,
    write_tiny_corpus,
)

from chorale.corpus.loading import load_corpus
from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.encoding.plan import Plan
from chorale.errors import ModelError, UsageError
from chorale.evaluation.orderless import evaluate_infiller
from chorale.models.infiller import certain
from chorale.models.storage import Card, load_card, load_model, save_model
from chorale.training.chorale_networks import resume_training
from chorale.training.infiller import draw_batches, prepare
from chorale.training.options import CommonOptions
from chorale.utils.files import load_arrays

# === Batches ===


def chorales(*quarters):
    random = np.random.default_rng(1)
    return [tiny_chorale(random, count) for count in quarters]


def options_of(**changes):
    values = {"batch_size": 2, "crop": 32, "plan": PLAN, "plan_dropout": 0.0}
    return CommonOptions(**{**values, **changes})


def batches_of(pieces, options, epoch=1):
    vocabulary = CellVocabulary.fit(pieces, options.encoding)
    prepared = [prepare(piece, vocabulary, options) for piece in pieces]
    return vocabulary, list(draw_batches(prepared, vocabulary, options, epoch))


def test_hidden_cells_alone_are_asked_and_weigh_as_much_in_every_piece():
    pieces = chorales(5, 12, 20, 8)
    vocabulary, batches = batches_of(pieces, options_of())
    assert [len(batch.targets) for batch in batches] == [2, 2]
    for batch in batches:
        told = batch.inputs.cells
        assert ((batch.weights > 0) == (told == vocabulary.size)).all()
        assert batch.weights.sum(axis=(1, 2)) == pytest.approx(1)
        for weights in batch.weights:
            assert len(set(weights[weights > 0])) == 1
        visible = told < vocabulary.size
        np.testing.assert_array_equal(told[visible], batch.targets[visible])
        absent = told > vocabulary.size
        assert (absent.all(axis=2) == absent.any(axis=2)).all()
        assert batch.inputs.before.shape == (*told.shape, 4)
    lengths = [
        (row[:, 0] <= vocabulary.size).sum()
        for batch in batches
        for row in batch.inputs.cells
    ]
    assert sorted(lengths) == [20, 32, 32, 32]


def test_a_batch_is_the_transposed_chorale_cropped():
    (piece,) = chorales(40)
    piece = replace(piece, fermatas=np.arange(160) % 16 > 12)
    around = [piece.transpose(-2), piece, piece.transpose(2)]
    options = options_of(transpose=2)
    vocabulary = CellVocabulary.fit(around, options.encoding)
    prepared = prepare(piece, vocabulary, options)
    assert prepared.shifts == (-2, 2)
    moved = {shift: piece.transpose(shift) for shift in range(-2, 3)}
    encoded = {shift: vocabulary.encode(each) for shift, each in moved.items()}
    shifts, places = set(), set()
    for epoch in range(1, 20):
        (batch,) = draw_batches([prepared], vocabulary, options, epoch)
        ((shift, first),) = [
            (shift, first)
            for shift, cells in encoded.items()
            for first in np.flatnonzero((cells[:129] == batch.targets[0, 0]).all(1))
            if np.array_equal(cells[first : first + 32], batch.targets[0])
        ]
        plan = Plan.of(moved[shift]).features(PLAN)[first : first + 32]
        np.testing.assert_array_equal(plan, batch.inputs.plan[0])
        shifts.add(shift)
        places.add(first)
    assert len(shifts) > 2 and len(places) > 8


def test_batches_depend_on_the_seed_and_the_epoch_alone():
    pieces = chorales(9, 12, 20)
    told = [
        [batch.inputs.cells for batch in batches_of(pieces, each, epoch)[1]]
        for each, epoch in (
            (options_of(), 1),
            (options_of(), 1),
            (options_of(), 2),
            (options_of(seed=1), 1),
        )
    ]
    for first, second in zip(told[0], told[1], strict=True):
        np.testing.assert_array_equal(first, second)
    for other in told[2:]:
        pairs = zip(told[0], other, strict=True)
        assert any(a.shape != b.shape or (a != b).any() for a, b in pairs)


# === Runs and models ===


def refusal(*words):
    """Return the message of a command that is refused as wrong usage."""
    done = run_command(*words)
    assert done.returncode == 2
    return done.stderr


@pytest.fixture(scope="module")
def counterpoint(infiller_run, tmp_path_factory):
    """Return the folder of the other network, untrained, as a model."""
    card = load_card(infiller_run)
    card = replace(card, network=tiny_infiller_options("counterpoint"))
    from chorale.models.networks.infilling import build_infiller

    network = build_infiller(card.network, card.vocabulary, card.plan_features)
    move_weights(network)
    folder = tmp_path_factory.mktemp("counterpoint")
    save_model(network, card, folder)
    return folder


@pytest.mark.keras
def test_a_run_leaves_a_model_of_its_best_epoch(infiller_run, tiny_corpus):
    card = load_card(infiller_run / "model")
    assert Card.from_json(card.to_json()) == card
    assert (card.name, card.network.network) == ("little", "coconet")
    assert card.plan_features == PLAN
    assert card.command.startswith("chorale train --network coconet --units 6")
    assert card.data["files"] == dict(load_corpus(tiny_corpus).hashes)
    stored = load_arrays(infiller_run / "model" / "weights.npz")
    best = load_arrays(infiller_run / "best.npz")
    assert set(stored) == set(best)
    for name, array in stored.items():
        np.testing.assert_array_equal(array, best[name].astype(np.float16))
    validated = load_corpus(tiny_corpus).valid
    figures = evaluate_infiller(load_model(infiller_run), validated)
    assert card.figures["valid"]["nats_per_note"] == figures.nats_per_note
    assert card.figures["valid"]["orders"] == 5


@pytest.mark.keras
@pytest.mark.parametrize("model", ["infiller_run", "counterpoint"])
def test_keras_and_onnx_runtime_agree(model, request):
    folder = request.getfixturevalue(model)
    infiller = load_model(folder)
    vocabulary = infiller.vocabulary
    random = np.random.default_rng(0)
    cells = random.integers(0, vocabulary.size, (2, 21, 4))
    visible = random.random(cells.shape) < 0.4
    cells[1, 17:] = ABSENT
    plan = random.integers(0, 2, (2, 21, len(PLAN)))
    logits = infiller.logits(cells, visible, plan)
    network = load_model(folder, backend="keras").network
    # Not compiled, which for one call takes longer than the call.
    inputs = CellInputs.of_pieces(cells, visible, plan, vocabulary)
    expected = certain(np.asarray(network(inputs)), cells, visible)
    there = cells != ABSENT
    np.testing.assert_allclose(logits[there], expected[there], atol=1e-4)
    asked = logits[there & ~visible]
    assert np.isfinite(asked).all() and np.ptp(asked, axis=-1).min() > 1e-3
    alone = infiller.logits(cells[1:, :17], visible[1:, :17], plan[1:, :17])
    np.testing.assert_allclose(logits[1, :17], alone[0], atol=1e-5)


@pytest.mark.keras
def test_a_run_goes_on_with_what_it_was_begun_with(infiller_run, tiny_corpus, tmp_path):
    words = ("train", "--corpus", tiny_corpus, "--output", infiller_run, "--resume")
    for wrong, message in (
        (("--units", "16"), "begun with units 6, not 16"),
        (("--network", "lstm"), "begun with network coconet, not lstm"),
        (("--teacher", "bach"), "the network coconet does not use --teacher"),
    ):
        assert message in refusal(*words, *wrong)
    other = write_tiny_corpus(tmp_path / "other", pieces=7)
    with pytest.raises(ModelError, match="not what the run began with"):
        resume_training(load_corpus(other), infiller_run)


def test_options_of_other_networks_are_refused(tiny_corpus, tmp_path):
    for network, option in (
        ("coconet", "--heads"),
        ("counterpoint", "--past-dropout"),
        ("counterpoint", "--kernel-size"),
    ):
        words = ("train", "--network", network, option, "2", "--corpus", tiny_corpus)
        said = refusal(*words, "--output", tmp_path / "run")
        assert f"the network {network} does not use {option}" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.keras
def test_evaluate_tells_infillers_apart(infiller_run, tiny_corpus):
    assert load_card(infiller_run).kind == load_card("counterpoint").kind == "infiller"
    assert load_card("bach").kind == load_card("jsb").kind == "next-step"
    words = (
        "evaluate",
        "--model",
        infiller_run,
        "--corpus",
        tiny_corpus,
        "--orders",
        "2",
    )
    text = run_command(*words, "--places", "2").stdout
    assert "random orders: each note given a random part of the others" in text
    assert "standard error" in text and "by frames" not in text
    assert "nor with those of next-step models" in text
    words = (*words, "--places", "1", "--random-state", "3")
    report = json.loads(run_command(*words, "--frames", "--json").stdout)
    assert report["orderless"]["random_state"] == 3
    assert report["frame_by_frame"]["notes"] == report["orderless"]["notes"]
    given = json.loads(run_command(*words, "--given", "soprano", "--json").stdout)
    assert given["orderless"]["notes"] * 4 == report["orderless"]["notes"] * 3
    for wrong, message in (
        (("--average", "transpositions"), "infillers are evaluated one at a time"),
        (("--model", "bach"), "infillers are evaluated one at a time"),
        (
            ("--given", "violin"),
            "a voice out of soprano, alto, tenor, bass",
        ),
        (("--given", "soprano,alto,tenor,bass"), "a voice that is not given"),
        (("--given", "alto", "--frames"), "--frames counts all voices"),
    ):
        assert message in refusal(*words, *wrong)
    for option in ("--orders=5", "--places=1", "--frames", "--random-state=1"):
        said = refusal("evaluate", "--corpus", tiny_corpus, option)
        name = option.partition("=")[0]
        assert f"{name} is for infillers, and bach is a next-step model" in said


@pytest.mark.keras
def test_an_infiller_is_no_next_step_model(infiller_run):
    with pytest.raises(UsageError, match=r"next-step, got .*little of kind infiller"):
        load_model(infiller_run, kind="next-step")
    with pytest.raises(UsageError, match="infiller, got bach of kind next-step"):
        load_model("bach", kind="infiller")
    with pytest.raises(UsageError, match="a backend out of onnx, keras, got 'torch'"):
        load_model(infiller_run, backend="torch")


@pytest.mark.keras
def test_a_damaged_or_other_file_is_named(infiller_run, tmp_path):
    copy = shutil.copytree(infiller_run / "model", tmp_path / "model")
    card = load_card(copy)
    narrow = replace(card.vocabulary, highest=card.vocabulary.highest + 1)
    replace(card, vocabulary=narrow).write(copy)
    with pytest.raises(ModelError, match="does not fit its card: expected logits"):
        load_model(copy)
    card.write(copy)
    with (copy / "infill.onnx").open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelError, match=r"infill\.onnx: the file is missing, damaged"):
        load_model(copy)


@pytest.mark.keras
def test_models_lists_infillers(infiller_run, tmp_path, monkeypatch):
    shutil.copytree(infiller_run / "model", tmp_path / infiller_run.name)
    monkeypatch.setenv("CHORALE_MODELS", str(tmp_path))
    lines = run_command("models").stdout.splitlines()
    (line,) = [line for line in lines if line.startswith(infiller_run.name)]
    assert "(infiller)" in line and "in any order" in line
    cards = json.loads(run_command("models", "--json").stdout)
    assert infiller_run.name in [card["name"] for card in cards]

"""Training: what a batch holds, and runs that survive being killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny import (
    LINES,
    move_weights,
    tiny_chorale,
    tiny_options,
    tiny_training,
    write_tiny_corpus,
)

from chorale.corpus.loading import load_corpus, split_corpus
from chorale.encoding.plan import Plan
from chorale.encoding.tokens import Vocabulary, shifted
from chorale.encoding.tunes import Tunes
from chorale.errors import DataError, ModelError, TrainingError, UsageError
from chorale.formats.classic_csv import write_csv
from chorale.models.networks.next_step import NextStepNetwork
from chorale.models.options import NetworkOptions
from chorale.models.storage import load_card, load_model
from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.nn.bodies import BODIES
from chorale.nn.fitting import Batch, fit
from chorale.nn.runs import Run
from chorale.training.next_step import (
    TrainingOptions,
    draw_batches,
    prepare,
    resume_training,
    train_network,
)
from chorale.utils.files import load_arrays

TESTS = Path(__file__).parents[1]

# === Batches ===


def _chorales(count=5, quarters=12):
    random = np.random.default_rng(1)
    return [tiny_chorale(random, quarters) for _ in range(count)]


def _batches(chorales, options, epoch=1):
    vocabulary = Vocabulary.fit(chorales, options.encoding)
    pieces = [prepare(chorale, vocabulary, options) for chorale in chorales]
    return vocabulary, list(draw_batches(pieces, vocabulary, options, epoch))


def test_what_is_recalled_lies_beside_its_notes_and_is_of_other_pieces():
    chorales = _chorales(count=3)
    options = tiny_training(crop=32, transpose=4, past_dropout=0.3)
    vocabulary = Vocabulary.fit(chorales, options.encoding)
    tokens = [vocabulary.encode(chorale) for chorale in chorales]
    tunes = Tunes.of(tokens, vocabulary)
    pieces = [prepare(chorale, vocabulary, options, tunes) for chorale in chorales]
    for index, (piece, own) in enumerate(zip(pieces, tokens, strict=True)):
        others = Tunes.of([one for one in tokens if one is not own], vocabulary)
        expected = others.recalls(piece.inputs.past_pitches[np.newaxis, :, 0])[0]
        np.testing.assert_array_equal(piece.inputs.recall, expected)
        assert (
            piece.inputs.recall
            != tunes.recalls(piece.inputs.past_pitches[None, :, 0])[0]
        ).any(), index
    told = 0
    for batch in draw_batches(pieces, vocabulary, options, 1):
        inputs, weights = batch.inputs, batch.weights[..., 0] > 0
        pitches = inputs.past_pitches[..., 0]
        for row, line in enumerate(inputs.recall):
            untold = (pitches[row] == vocabulary.nothing) & weights[row]
            assert not line[untold].any()
            # A crop of one of the pieces, whatever key it is in.
            assert any(
                _agrees(line, np.roll(piece.inputs.recall, -first, axis=0), untold)
                for piece in pieces
                for first in range(len(piece.inputs.recall))
            )
            told += line[:, 2].any()
    assert told == len(pieces)


def _agrees(line, recall, untold):
    return (line == np.resize(recall, line.shape))[~untold].all()


def test_a_batch_depends_on_the_seed_and_the_epoch_alone():
    chorales, options = _chorales(), tiny_training(transpose=6)
    tokens = [
        [batch.targets for batch in _batches(chorales, each, epoch)[1]]
        for each, epoch in (
            (options, 1),
            (options, 1),
            (options, 2),
            (replace(options, seed=1), 1),
        )
    ]
    for first, second in zip(tokens[0], tokens[1], strict=True):
        np.testing.assert_array_equal(first, second)
    for other in tokens[2:]:
        pairs = zip(tokens[0], other, strict=True)
        assert any(a.shape != b.shape or (a != b).any() for a, b in pairs)


def test_whole_pieces_are_seen_once_each_and_padding_has_no_weight():
    chorales = [_chorales(1, quarters)[0] for quarters in (3, 8, 12)]
    options = tiny_training(crop=0, transpose=0, batch_size=2)
    vocabulary, batches = _batches(chorales, options)
    lengths = [int(row[:, 0].sum()) for batch in batches for row in batch.weights]
    assert sorted(lengths) == [12, 32, 48]
    seen = [
        row[: int(weight[:, 0].sum())]
        for batch in batches
        for row, weight in zip(batch.targets, batch.weights, strict=True)
    ]
    for chorale in chorales:
        assert any(np.array_equal(vocabulary.encode(chorale), row) for row in seen)


def test_a_crop_knows_what_sounded_before_it():
    chorales = _chorales(1, quarters=40)
    options = tiny_training(crop=16, transpose=0, past_dropout=0.0)
    vocabulary, (batch,) = _batches(chorales, options)
    whole = vocabulary.encode(chorales[0])
    past = vocabulary.pasts(whole)
    assert batch.targets.shape == (1, 16, 4)
    places = [
        first
        for first in range(len(whole) - 15)
        if np.array_equal(whole[first : first + 16], batch.targets[0])
        and np.array_equal(
            past.pitches[first : first + 16], batch.inputs.past_pitches[0]
        )
        and np.array_equal(past.ages[first : first + 16], batch.inputs.past_ages[0])
    ]
    assert places and places[0] > 0


def test_some_steps_are_not_told_what_came_before():
    chorales = _chorales(4, quarters=100)
    options = tiny_training(crop=0, past_dropout=0.25, plan_dropout=0.0)
    vocabulary, batches = _batches(chorales, options)
    pitches = np.concatenate([batch.inputs.past_pitches for batch in batches])
    untold = (pitches[:, 1:400] == vocabulary.nothing).all(axis=-1)
    assert untold.mean() == pytest.approx(0.25, abs=0.05)
    # All four voices of a step, or none; what is to be foretold is all there.
    assert (untold == (pitches[:, 1:400] == vocabulary.nothing).any(axis=-1)).all()
    for batch in batches:
        for row in batch.targets[:, :400]:
            assert vocabulary.decode(row)[1].any(axis=1)[::4].mean() > 0.5


def test_some_chorales_are_told_as_a_classic_csv_would():
    chorale = _chorales(1)[0]
    marked = replace(
        chorale,
        fermatas=np.arange(len(chorale)) % 16 == 15,
        key=estimate_key(chorale.pitches),
        positions=(chorale.positions + 4) % 16,
    )
    options = tiny_training(crop=0, transpose=0, plan_dropout=0.5)
    vocabulary = Vocabulary.fit([marked], options.encoding)
    piece = prepare(marked, vocabulary, options)
    seen = [
        next(iter(draw_batches([piece], vocabulary, options, epoch))).inputs.plan
        for epoch in range(1, 21)
    ]
    steps = len(chorale)
    full, bare = Plan.of(marked), Plan.of(Chorale(pitches=chorale.pitches))
    kinds = [
        [np.array_equal(plan[0, :steps], each.features(options.plan)) for plan in seen]
        for each in (full, bare)
    ]
    assert sum(kinds[0]) + sum(kinds[1]) == 20
    assert min(map(sum, kinds)) >= 4


def test_transposition_stays_in_the_voices_ranges_and_is_used():
    chorales, options = _chorales(8), tiny_training(transpose=3, crop=0)
    # A ninth chorale widens the ranges by a tone up, and nothing down.
    wide = [*chorales, chorales[0].transpose(2)]
    vocabulary = Vocabulary.fit(wide, "pitch")
    pieces = [prepare(c, vocabulary, replace(options, encoding="pitch")) for c in wide]
    shifts = set()
    for epoch in range(1, 30):
        for batch in draw_batches(pieces[:1], vocabulary, options, epoch):
            length = int(batch.weights[0, :, 0].sum())
            notes = batch.targets[0, :length] + vocabulary.lowest - 1
            shifts.add(int(notes[0, 0] - chorales[0].pitches[0, 0]))
            for voice, (low, high) in enumerate(vocabulary.ranges):
                assert low <= notes[:, voice].min() and notes[:, voice].max() <= high
    assert shifts == {0, 1, 2}


def test_shifting_leaves_silence_and_hold_alone():
    vocabulary = Vocabulary(
        encoding="hold", lowest=60, highest=64, ranges=((60, 64),) * 4
    )
    tokens = np.array([0, 1, 3, vocabulary.hold])
    assert shifted(tokens, 2, vocabulary).tolist() == [0, 3, 5, vocabulary.hold]


def test_a_flat_corpus_has_a_tenth_held_out_and_says_so(tmp_path):
    random = np.random.default_rng(0)
    for index in range(20):
        write_csv(tiny_chorale(random), tmp_path / f"{index}.csv")
    train, valid, remark = split_corpus(load_corpus(tmp_path))
    assert (len(train), len(valid)) == (18, 2)
    assert "2 of its 20 chorales" in remark
    write_tiny_corpus(tmp_path / "split")
    assert split_corpus(load_corpus(tmp_path / "split"))[2] == ""


def test_unusable_options_are_refused_by_name():
    for changes, message in (
        ({"epochs": 0}, "epochs of at least 1, got 0"),
        ({"encoding": "midi"}, "encoding out of pitch, hold, got 'midi'"),
        ({"plan": ("tempo",)}, "got tempo"),
        ({"plan": ()}, "got none"),
        ({"learning_rate": 0.0}, "learning_rate above 0"),
        ({"learning_rate": float("nan")}, "learning_rate above 0"),
        ({"weight_decay": -1.0}, "weight_decay of at least 0"),
        ({"crop": -1}, "crop of at least 0"),
        ({"past_dropout": 1.0}, "past_dropout from 0 to below 1"),
    ):
        with pytest.raises(UsageError, match=message):
            TrainingOptions(**changes)


def test_a_batch_is_the_transposed_chorale_cropped():
    chorale = replace(
        _chorales(1, quarters=40)[0],
        fermatas=np.arange(160) % 16 > 12,
        key=Key("G", "major"),
    )
    around = [chorale.transpose(-2), chorale, chorale.transpose(2)]
    options = tiny_training(transpose=2, past_dropout=0.0, plan_dropout=0.0)
    vocabulary = Vocabulary.fit(around, options.encoding)
    piece = prepare(chorale, vocabulary, options)
    shifts, places = set(), set()
    for epoch in range(1, 25):
        (batch,) = draw_batches([piece], vocabulary, options, epoch)
        shift, first = _where(batch, chorale, vocabulary, options)
        shifts.add(shift)
        places.add(first)
    assert len(shifts) > 2 and len(places) > 8


def _where(batch, chorale, vocabulary, options):
    """Return the transposition and the first step of the crop in a batch of one."""
    length = batch.targets.shape[1]
    for shift in range(-2, 3):
        moved = chorale.transpose(shift)
        tokens = vocabulary.encode(moved)
        past = vocabulary.pasts(tokens)
        expected = {
            "tokens": tokens,
            "past_pitches": past.pitches,
            "past_ages": past.ages,
            "plan": Plan.of(moved).features(options.plan),
        }
        for first in range(len(chorale) - length + 1):
            seen = slice(first, first + length)
            if all(
                np.array_equal(array[seen], getattr(batch.inputs, name)[0])
                for name, array in expected.items()
            ):
                return shift, first
    raise AssertionError("the batch is no crop of the chorale")


def test_a_note_to_validate_on_outside_the_vocabulary_is_found_at_once(tmp_path):
    corpus = load_corpus(write_tiny_corpus(tmp_path / "corpus"))
    high = corpus.valid[0].transpose(12)
    with pytest.raises(DataError, match=r"soprano's .* outside the model's vocabulary"):
        train_network(
            replace(corpus, valid=(high,)),
            tiny_options(),
            tiny_training(),
            tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


# === Runs ===


class StubNetwork:
    """A network whose only weight counts the batches it was trained on."""

    def __init__(self):
        self.weight = keras.Variable(0.0, name="weight")
        self.optimizer = keras.optimizers.SGD(0.5)
        self.trainable_variables = self.weights = self.variables = [self.weight]
        self.weighted = []

    def train_on_batch(self, inputs, targets, sample_weight):
        self.weight.assign_add(1.0)
        self.weighted.append(sample_weight.tolist())
        return float(np.average(targets, weights=sample_weight))

    def reset_metrics(self):
        pass


def _fit(folder, validations, network=None, **changes):
    network, remaining = network or StubNetwork(), iter(validations)
    weights = np.array([1.0, 0.0])
    options = {
        "batches": lambda epoch: [Batch({}, np.array([epoch, 99.0]), weights)],
        "batches_per_epoch": 1,
        "validate": lambda: {"figure": next(remaining)},
        "monitor": "figure",
        "epochs": 9,
        "patience": 3,
        "seed": 0,
    }
    history = fit(network, Run(folder), **{**options, **changes})
    return network, history


@pytest.mark.parametrize("noise", ["dropout", "input_dropout", "unlikelihood"])
def test_what_is_for_training_acts_in_training(noise):
    chorales = _chorales()
    vocabulary, batches = _batches(chorales, tiny_training(encoding="pitch"))

    def losses(**changes):
        keras.utils.set_random_seed(0)
        options = tiny_options("gru", **{"dropout": 0.0, **changes})
        network = NextStepNetwork(options, vocabulary, tiny_training().plan)
        move_weights(network)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(keras.optimizers.SGD(0.0), loss)
        batch = batches[0]
        trained = float(network.train_on_batch(batch.inputs, batch.targets))
        network.reset_metrics()
        return trained, float(network.test_on_batch(batch.inputs, batch.targets))

    quiet, noisy = losses(), losses(**{noise: 0.7})
    # What is measured in training is the network before it has learnt from it.
    assert quiet[0] == pytest.approx(quiet[1], abs=1e-5)
    assert abs(noisy[0] - noisy[1]) > 1e-3


@pytest.mark.parametrize("body", BODIES)
def test_what_is_for_training_acts_where_keras_hands_nothing_on(body):
    # As it is trained on JAX: without `__call__`, which tells all layers at once.
    vocabulary, batches = _batches(_chorales(), tiny_training(encoding="pitch"))
    inputs = batches[0].inputs

    def outputs(training, **noise):
        keras.utils.set_random_seed(0)
        options = tiny_options(body, **{"dropout": 0.0, "unlikelihood": 1.0, **noise})
        network = NextStepNetwork(options, vocabulary, tiny_training().plan)
        state = network.trainable_variables, network.non_trainable_variables
        logits, _, losses = network.stateless_call(
            *state, inputs, training=training, return_losses=True
        )
        hidden = network.body_sequence(inputs, training=training)
        return np.asarray(logits), np.asarray(hidden), len(losses)

    logits, hidden, prices = outputs(False)
    assert prices == 0 and outputs(True)[2] == VOICES - 1
    for noise in ("dropout", "input_dropout"):
        noisy_logits, noisy_hidden, _ = outputs(True, **{noise: 0.5})
        assert np.abs(noisy_hidden - hidden).max() > 1e-3
        assert np.abs(noisy_logits - logits).max() > 1e-3


def test_a_fit_keeps_its_best_epoch_and_knows_when_to_stop(tmp_path):
    network, history = _fit(tmp_path, [3.0, 1.0, 2.0, float("nan"), 1.0, 5.0])
    # The second epoch is the best, the earliest of equals; three more were tried.
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]
    assert float(network.weight.value) == 2.0
    assert float(load_arrays(tmp_path / "best.npz")[network.weight.path]) == 2.0
    assert float(load_arrays(tmp_path / "checkpoint.npz")[network.weight.path]) == 5.0
    # Targets without weight count neither in training nor in the loss that is told.
    assert network.weighted == [[1.0, 0.0]] * 5
    assert [row["train_loss"] for row in history] == [1, 2, 3, 4, 5]


def test_a_fit_with_an_average_validates_and_keeps_it(tmp_path):
    seen = []

    def validate():
        seen.append(float(network.weight.value))
        return {"figure": -len(seen)}

    network = StubNetwork()
    options = {"validate": validate, "averaging": 0.9, "epochs": 2}
    _fit(tmp_path, [], network=network, **options)
    # After weights of 0, 1 and 2: early steps keep 2 and 3 parts of 11 and 12.
    expected = [9 / 11, 9 / 11 / 4 + 2 * 3 / 4]
    assert seen == pytest.approx(expected) and float(network.weight.value) == seen[1]
    checkpoint = load_arrays(tmp_path / "checkpoint.npz")
    assert float(checkpoint[network.weight.path]) == 2.0
    _fit(tmp_path, [], network=network, **{**options, "epochs": 3})
    assert seen[2] == pytest.approx(expected[1] * 4 / 13 + 3 * 9 / 13)


def test_a_finished_fit_writes_what_a_kill_kept_it_from_writing(tmp_path):
    _fit(tmp_path, [3.0, 1.0], epochs=2)
    (tmp_path / "history.csv").unlink()
    network, history = _fit(tmp_path, [], epochs=2)
    assert len(history) == 2 and float(network.weight.value) == 2.0
    assert (tmp_path / "history.csv").read_text().count("\n") == 3


def test_a_loss_that_is_no_number_ends_the_fit(tmp_path):
    bad = [Batch({}, np.array([np.nan]), np.array([1.0]))]
    with pytest.raises(TrainingError, match="epoch 1 is nan: try a smaller learning"):
        _fit(tmp_path, [1.0], batches=lambda epoch: bad)
    assert not list(tmp_path.iterdir())


# Trains in a process of its own; dies by SIGKILL in the middle of an epoch if told to.
SCRIPT = """
import os, signal, sys
from chorale.corpus import load_corpus
from chorale.training import train_network
from tiny import tiny_options, tiny_training

class Progress:
    def __init__(self):
        self.batches = 0
    def start_epoch(self, epoch, epochs, batches):
        pass
    def finish_batch(self, loss):
        self.batches += 1
        if self.batches == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
    def finish_epoch(self, row):
        pass

options = tiny_options("lstm", recurrent_dropout=0.2, dropout=0.3)
train_network(load_corpus(sys.argv[1]), options, tiny_training(), sys.argv[2],
              progress=Progress())
"""


def _python(*arguments, **options):
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(TESTS),
    }
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def _history(run):
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{k: float(v) for k, v in row.items() if k != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_tiny_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def unbroken(corpus, tmp_path_factory):
    """A finished run of four epochs of three batches each."""
    run = tmp_path_factory.mktemp("runs") / "unbroken"
    result = _python("-c", SCRIPT, corpus, run, -1)
    assert result.returncode == 0, result.stderr
    return run


def test_a_run_leaves_all_that_it_says(unbroken):
    names = {path.name for path in unbroken.iterdir()}
    assert names == {
        "options.json",
        "data.json",
        "history.csv",
        "checkpoint.npz",
        "best.npz",
        "model",
    }
    history = _history(unbroken)
    assert [row["epoch"] for row in history] == [1, 2, 3, 4]
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert history[-1]["learning_rate"] < max(row["learning_rate"] for row in history)


def test_the_model_of_a_run_is_its_best_epoch(unbroken, corpus):
    card = load_card(unbroken / "model")
    best = load_arrays(unbroken / "best.npz")
    stored = load_arrays(unbroken / "model" / "weights.npz")
    assert set(stored) == set(best)
    for name, array in stored.items():
        np.testing.assert_array_equal(array, best[name].astype(np.float16))
    lowest = min(row["valid_nats_per_note"] for row in _history(unbroken))
    assert card.figures["valid"]["nats_per_note"] == pytest.approx(lowest, abs=2e-3)
    predictor = load_model(unbroken)
    assert predictor.plan_features == card.plan_features
    # It knows the tunes of train, and no others.
    train = [card.vocabulary.encode(one) for one in load_corpus(corpus).train]
    known = Tunes.of(train, card.vocabulary)
    np.testing.assert_array_equal(predictor.tunes.intervals, known.intervals)
    np.testing.assert_array_equal(predictor.tunes.durations, known.durations)
    hashes = json.loads((unbroken / "data.json").read_text())["files"]
    assert hashes == dict(load_corpus(corpus).hashes) == card.data["files"]
    assert card.data["valid_in_train"] == {}
    options = json.loads((unbroken / "options.json").read_text())
    assert card.versions == options["versions"] and "tensorflow" in card.versions


@pytest.mark.parametrize("batch", [2, 8])
def test_a_killed_run_ends_where_the_unbroken_one_does(
    batch, corpus, unbroken, tmp_path
):
    run = tmp_path / "run"
    killed = _python("-c", SCRIPT, corpus, run, batch)
    assert killed.returncode == -signal.SIGKILL
    assert not (run / "model").exists()
    command = (
        "-m",
        "chorale",
        "train",
        "--corpus",
        corpus,
        "--output",
        run,
        "--resume",
    )
    resumed = _python(*command, "--plot", "--tensorboard")
    assert resumed.returncode == 0, resumed.stderr
    assert "nats a note" in resumed.stdout
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").glob("events.out.tfevents.*"))
    for row, expected in zip(_history(run), _history(unbroken), strict=True):
        assert row == pytest.approx(expected, abs=1e-6)
    weights = (unbroken / "model" / "weights.npz").read_bytes()
    assert (run / "model" / "weights.npz").read_bytes() == weights


def test_resuming_with_other_options_or_files_is_refused(unbroken, corpus, tmp_path):
    command = ("-m", "chorale", "train", "--corpus", corpus, "--output", unbroken)
    for options, message in (
        (("--resume", "--units", "17"), "begun with units 16, not 17"),
        (("--resume", "--network", "gru"), "begun with network lstm, not gru"),
        (("--resume", "--teacher", "bach"), "begun with teacher (), not ('bach',)"),
        ((), "already holds a run"),
    ):
        result = _python(*command, *options)
        assert result.returncode == 2
        assert message in result.stderr and result.stderr.count("\n") == 1
    other = write_tiny_corpus(tmp_path / "other", pieces=7)
    with pytest.raises(ModelError, match="not what the run began with"):
        resume_training(load_corpus(other), unbroken)
    with pytest.raises(UsageError, match="no run to resume"):
        resume_training(load_corpus(corpus), tmp_path / "nothing")


def test_ctrl_c_says_how_to_go_on(corpus, tmp_path):
    run = tmp_path / "run"
    code = """
import os, signal, sys, threading, time
from pathlib import Path
# A shell that runs tests in the background may have us ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
run, corpus = sys.argv[1:]
def interrupt():
    while not Path(run, "history.csv").exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
sys.argv = ["chorale", "train", "--corpus", corpus, "--output", run,
            "--network", "gru", "--units", "8",
            "--epochs", "1000", "--patience", "1000"]
from chorale.commands import main
main()
"""
    result = _python("-c", code, run, corpus)
    assert result.returncode == 1
    words = f"chorale train --output {run} --resume --corpus {corpus}\n"
    assert result.stderr.endswith(words)
    assert "Traceback" not in result.stderr
    assert (run / "checkpoint.npz").exists() and not list(run.glob(".*"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"versions": None}, "'versions'"),
        ({"network": {"width": 3}}, "width"),
        ({"training": 3}, "options.json is not of this version"),
    ],
)
def test_options_of_another_version_are_named(unbroken, tmp_path, change, told):
    options = json.loads((unbroken / "options.json").read_text()) | change
    options = {name: value for name, value in options.items() if value is not None}
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(ModelError, match="is not of this version") as raised:
        Run(tmp_path).asked(NetworkOptions, TrainingOptions)
    assert told in str(raised.value)


def test_a_damaged_checkpoint_is_named(unbroken, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(
        (unbroken / "checkpoint.npz").read_bytes()[:-100]
    )
    with pytest.raises(
        ModelError, match=r"checkpoint\.npz: expected a file of arrays, it is damaged"
    ):
        Run(tmp_path).load("checkpoint")


def test_a_corpus_without_train_is_refused():
    corpus = load_corpus()
    with pytest.raises(DataError, match="train split"):
        split_corpus(replace(corpus, train=()))


def test_every_voice_must_sound():
    pitches = np.tile([line[0] for line in LINES], (16, 1))
    pitches[:, 2] = 0
    with pytest.raises(DataError, match="tenor never sounds"):
        Vocabulary.fit([Chorale(pitches=pitches)])

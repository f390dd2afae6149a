"""The gradient experiment, against cases with a closed form."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from chorale.errors import UsageError
from chorale.forecasting.gradient_tables import (
    summarize,
    write_gradients,
    write_tensorboard,
)
from chorale.forecasting.gradients import (
    CLIP_NORM,
    RECURRENCES,
    GradientOptions,
    Recurrence,
    Training,
    Update,
    gradients,
    initial_weights,
    measure_gradients,
)

SMALL = GradientOptions(steps=8, units=4, updates=6, batch_size=4, learning_rate=0.1)
# An explosion: each of 8 steps triples the state.
WILD = Recurrence(activation="linear", initial="identity", scale=3.0)


def _inputs(steps, batch=3):
    import tensorflow as tf

    random = np.random.default_rng(0)
    inputs = random.standard_normal((batch, steps, 1)).astype(np.float32)
    return tf.constant(inputs), tf.constant(inputs[:, 0] + 1)


def _variables(weights):
    import tensorflow as tf

    return {name: tf.Variable(weight) for name, weight in weights.items()}


# === Gradients ===


@pytest.mark.keras
@pytest.mark.parametrize(
    "factor",
    [-0.9, 1.1, *(pytest.param(f, marks=pytest.mark.slow) for f in (0.5, 1.0))],
)
def test_a_linear_recurrence_multiplies_the_norm_by_its_weight(factor):
    recurrence = Recurrence(activation="linear", initial="identity", scale=factor)
    weights = _variables(initial_weights(recurrence, 1, seed=0))
    inputs, targets = _inputs(20)
    loss, norms, _ = gradients(recurrence, weights, inputs, targets)
    np.testing.assert_allclose(
        norms / norms[-1], np.abs(factor) ** np.arange(19, -1, -1), rtol=1e-4
    )
    # Of the squared error (v h + c - y)² by h: 2 |error| |v|, the mean over the series.
    states = sum(
        factor ** (19 - step) * inputs[:, step] @ weights["W"] for step in range(20)
    )
    errors = states @ weights["v"] - targets
    np.testing.assert_allclose(loss, np.mean(np.square(errors)), rtol=1e-4)
    expected = np.mean(2 * np.abs(errors)) * np.abs(weights["v"].numpy()[0, 0])
    np.testing.assert_allclose(norms[-1], expected, rtol=1e-4)


@pytest.mark.keras
@pytest.mark.parametrize("name", ["relu-identity", "tanh-norm"])
def test_gradients_by_the_weights_are_those_of_small_changes(name):
    recurrence = RECURRENCES[name]
    weights = initial_weights(recurrence, 3, seed=1)
    # Away from the kink of a rectified unit.
    weights["b"] += 0.3
    inputs, targets = _inputs(5)
    _, _, by_weight = gradients(recurrence, _variables(weights), inputs, targets)
    change = 1e-3
    for letter, weight in weights.items():
        losses = []
        for sign in (1, -1):
            changed = {**weights, letter: weight.copy()}
            changed[letter].flat[0] += sign * change
            losses.append(
                gradients(recurrence, _variables(changed), inputs, targets)[0]
            )
        slope = float(losses[0] - losses[1]) / (2 * change)
        found = float(np.ravel(by_weight[letter])[0])
        assert found == pytest.approx(slope, rel=0.02, abs=2e-3), letter


@pytest.mark.keras
def test_layer_normalization_takes_the_scale_out_of_the_sums():
    recurrence = Recurrence(activation="tanh", layer_norm=True)
    weights = initial_weights(recurrence, 6, seed=0)
    for letter in "WU":  # so large that the epsilon is negligible
        weights[letter] *= 100
    inputs, targets = _inputs(4)
    loss = gradients(recurrence, _variables(weights), inputs, targets)[0]
    larger = {**weights, "W": 0.5 * weights["W"], "U": 0.5 * weights["U"]}
    changed = gradients(recurrence, _variables(larger), inputs, targets)[0]
    assert float(changed) == pytest.approx(float(loss), rel=0.01)
    plain = Recurrence(activation="linear")
    loss = gradients(plain, _variables(weights), inputs, targets)[0]
    changed = gradients(plain, _variables(larger), inputs, targets)[0]
    assert float(changed) < 0.5 * float(loss)


@pytest.mark.keras
def test_recurrent_weights_begin_as_they_are_said_to():
    for recurrence in RECURRENCES.values():
        recurrent = initial_weights(recurrence, 5, seed=3)["U"]
        expected = recurrence.scale**2 * np.eye(5)
        np.testing.assert_allclose(recurrent @ recurrent.T, expected, atol=1e-5)
    assert RECURRENCES["relu-large"].initial_weights == "2 orthogonal"
    identity = initial_weights(RECURRENCES["relu-identity"], 5, seed=3)["U"]
    np.testing.assert_array_equal(identity, np.eye(5))


def test_each_base_comes_with_every_remedy():
    assert len(RECURRENCES) == 16
    for name, recurrence in RECURRENCES.items():
        assert recurrence.clip_norm == (CLIP_NORM if name.endswith("clip") else 0)
        assert recurrence.layer_norm == ("norm" in name)


# === Training ===


@pytest.fixture(scope="module")
def trainings():
    tame = Recurrence(activation="tanh")
    return measure_gradients(
        SMALL,
        {"tame": tame, "wild": WILD, "wild-clip": replace(WILD, clip_norm=0.5)},
    )


@pytest.mark.keras
def test_clipping_bounds_the_step_and_not_the_gradient(trainings):
    _, wild, clipped = trainings
    for update in clipped.updates:
        bound = SMALL.learning_rate * 0.5
        assert update.step == pytest.approx(
            min(bound, SMALL.learning_rate * update.gradient), rel=1e-4
        )
    assert clipped.updates[0].gradient > 10  # as large as without
    assert clipped.updates[0].gradient == pytest.approx(
        wild.updates[0].gradient, rel=1e-4
    )
    np.testing.assert_allclose(
        clipped.updates[0].by_step, wild.updates[0].by_step, rtol=1e-4
    )
    for update in wild.finite:
        assert update.step == pytest.approx(
            SMALL.learning_rate * update.gradient, rel=1e-4
        )


@pytest.mark.keras
def test_training_goes_downhill_unless_it_blows_up(trainings):
    tame, wild, clipped = (summarize(training) for training in trainings)
    assert tame.loss < trainings[0].updates[0].loss
    assert wild.blew_up and wild.loss is None  # a linear layer diverges at once
    assert clipped.blew_up is None and np.isfinite(clipped.loss)
    assert len(trainings[1].updates) == wild.blew_up <= SMALL.updates


@pytest.mark.keras
@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(trainings):
    recurrences = {"tame": trainings[0].recurrence}
    done = []
    again, changed = (
        measure_gradients(
            replace(SMALL, updates=2, seed=seed),
            recurrences,
            progress=lambda *report: done.append(report),
        )[0]
        for seed in (0, 1)
    )
    for first, second in zip(trainings[0].updates, again.updates, strict=False):
        assert first[:3] == second[:3]
    assert again.updates[0].loss != changed.updates[0].loss
    assert done == [(1, 2), (2, 2)] * 2


def _training(*losses):
    """Return a training of made-up figures."""
    return Training(
        "made-up",
        RECURRENCES["tanh-clip"],
        [
            Update(loss, 10 + loss, loss / 10, np.array([loss, 4.0], np.float32))
            for loss in losses
        ],
    )


def test_a_summary_has_the_figures_of_the_finite_updates():
    summary = summarize(_training(*range(20, 0, -1)))
    assert (summary.first_norm, summary.last_norm) == (20, 4)
    assert (summary.first_norm_after, summary.last_norm_after) == (1, 4)
    assert (summary.largest_gradient, summary.largest_step) == (30, 2)
    assert summary.loss == 1.5  # of the last two
    assert summary.blew_up is None
    assert (summary.recurrent_weights, summary.clip_norm) == ("orthogonal", CLIP_NORM)

    summary = summarize(_training(1.0, 3.0, np.nan))
    assert summary.blew_up == 3 and summary.loss is None
    assert summary.first_norm_after == 3 and summary.largest_gradient == 13


@pytest.mark.parametrize("size", ["steps", "units", "updates", "batch_size"])
@pytest.mark.parametrize("value", [0, -1])
def test_sizes_that_are_not_positive_are_refused(size, value):
    with pytest.raises(UsageError, match=rf"{size} of at least \d, got {value}"):
        GradientOptions(**{size: value})


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(UsageError, match="rate above 0, got 0"):
        GradientOptions(learning_rate=0.0)


# === Files ===


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_norms_are_kept_by_step_and_by_update(tmp_path):
    write_gradients(tmp_path, [_training(8.0, 6.0, 4.0, 2.0, np.inf)])
    (summary,) = _rows(tmp_path / "gradients.csv")
    assert summary["blew_up"] == "5" and summary["loss"] == ""
    steps = _rows(tmp_path / "gradient-steps.csv")
    assert [tuple(row.values()) for row in steps] == [
        ("made-up", "1", "1", "8"),
        ("made-up", "1", "2", "4"),
        ("made-up", "2", "1", "6"),
        ("made-up", "2", "2", "4"),
        ("made-up", "4", "1", "2"),
        ("made-up", "4", "2", "4"),
    ]
    updates = _rows(tmp_path / "gradient-updates.csv")
    assert [row["loss"] for row in updates] == ["8", "6", "4", "2", "inf"]
    assert updates[1]["gradient"] == "16" and updates[1]["step"] == "0.6"


@pytest.mark.keras
def test_tensorboard_reads_the_norms(tmp_path):
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write_tensorboard(tmp_path, [_training(100.0, 10.0, 1.0)])
    events = EventAccumulator(str(tmp_path / "made-up"))
    events.Reload()

    def curve(tag):
        return {
            event.step: float(tf.make_ndarray(event.tensor_proto))
            for event in events.Tensors(tag)
        }

    assert curve("update/loss") == {1: 100, 2: 10, 3: 1}
    assert curve("update/gradient") == {1: 110, 2: 20, 3: 11}
    assert curve("update/step") == {1: 10, 2: 1, 3: pytest.approx(0.1)}
    four = np.log10(4)
    for tag, first in (("first", 2), ("halfway", 1), ("last", 0)):
        expected = pytest.approx({1: first, 2: four}, abs=1e-6)
        assert curve(f"state_gradient/{tag}") == expected

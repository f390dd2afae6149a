"""The training loop: early stopping, checkpoints, the average of the weights."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import TrainingError
from chorale.nn.fitting import Batch, FitOptions, fit
from chorale.nn.runs import Run
from chorale.utils.files import load_arrays

pytestmark = pytest.mark.keras


class StubNetwork:
    """A network whose only weight counts the batches it was trained on."""

    def __init__(self):
        import keras

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
    options = {"epochs": 9, "patience": 3, "averaging": 0.0}
    options |= {name: changes.pop(name) for name in options if name in changes}
    arguments = {
        "batches": lambda epoch: [Batch({}, np.array([epoch, 99.0]), weights)],
        "batches_per_epoch": 1,
        "validate": lambda: {"figure": next(remaining)},
        "monitor": "figure",
    }
    run = Run(folder)
    return network, fit(network, run, FitOptions(**options), **{**arguments, **changes})


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

"""The moving average of weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.nn.moving_average import MovingAverage


def network(value: float = 0.0) -> keras.Model:
    """Return a network of one weight."""
    layer = keras.layers.Dense(1, use_bias=False, name="only")
    model = keras.Sequential([keras.Input((1,)), layer])
    set_weight(model, value)
    return model


def set_weight(model: keras.Model, value: float) -> None:
    model.weights[0].assign([[value]])


def weight(model: keras.Model) -> float:
    return float(np.asarray(model.weights[0])[0, 0])


def averaged(model: keras.Model, average: MovingAverage) -> float:
    with average.applied():
        return weight(model)


def test_early_steps_forget_the_initial_weights():
    model = network(100.0)
    average = MovingAverage(model, 0.9)
    expected = 100.0
    for step, value in enumerate((1.0, 2.0, 3.0), start=1):
        set_weight(model, value)
        average.update()
        expected += (1 - (1 + step) / (10 + step)) * (value - expected)
        assert averaged(model, average) == pytest.approx(expected, rel=1e-6)
        assert weight(model) == value
    assert expected < 5


def test_later_steps_keep_the_decay():
    model = network(0.0)
    average = MovingAverage(model, 0.5)
    for value in (*[0.0] * 50, 1.0, 1.0):
        set_weight(model, value)
        average.update()
    assert averaged(model, average) == pytest.approx(0.75)


def test_without_a_decay_the_weights_are_left_alone():
    model = network(3.0)
    average = MovingAverage(model, 0.0)
    average.update()
    set_weight(model, 4.0)
    assert averaged(model, average) == 4.0
    average.restore({})
    assert len(average.state()) == 1


def test_weights_come_back_after_an_error():
    model = network(1.0)
    average = MovingAverage(model, 0.9)
    set_weight(model, 2.0)
    with pytest.raises(RuntimeError), average.applied():
        assert weight(model) == 1.0
        raise RuntimeError
    assert weight(model) == 2.0


def test_a_restored_average_goes_on_where_it_stopped():
    model = network(0.0)
    average = MovingAverage(model, 0.99)
    for value in (1.0, 4.0, 9.0):
        set_weight(model, value)
        average.update()
    other = MovingAverage(model, 0.99)
    other.restore({name: array.copy() for name, array in average.state().items()})
    for one in (average, other):
        one.update()
    assert averaged(model, other) == averaged(model, average)
    with pytest.raises(ModelError, match="no average of"):
        other.restore({})

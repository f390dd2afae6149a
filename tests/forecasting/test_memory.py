"""The memory experiment: a task that requires memory."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from chorale.errors import UsageError
from chorale.forecasting.memory import (
    CANDIDATES,
    MemoryOptions,
    Recall,
    build_network,
    draw_recall,
    longest_lags,
    measure_memory,
    write_memory,
)

# === The task ===


def test_the_value_is_shown_once_under_its_flag():
    inputs, targets = draw_recall(2000, 7, np.random.default_rng(0))
    assert inputs.shape == (2000, 8, 2) and targets.shape == (2000, 1)
    assert inputs.dtype == targets.dtype == np.float32
    np.testing.assert_array_equal(inputs[:, 0, 0], targets[:, 0])
    assert (inputs[:, 0, 1] == 1).all() and not inputs[:, 1:, 1].any()
    # The noise is independent of it and has the same variance.
    correlations = np.corrcoef(inputs[:, :, 0], rowvar=False)[0, 1:]
    assert np.abs(correlations).max() < 0.1
    np.testing.assert_allclose(inputs[:, :, 0].std(axis=0), 3**-0.5, atol=0.03)


@pytest.mark.keras
@pytest.mark.slow
def test_a_gru_recalls_over_a_few_steps(without_xla):
    options = MemoryOptions(networks=("gru",), lags=(3,), updates=400, units=8)
    (recall,) = measure_memory(options)
    assert recall.recalled and recall.error < 0.1
    assert recall.updates < 400  # it stopped when it had learned


@pytest.mark.keras
def test_a_wavenet_that_does_not_see_the_value_knows_no_more_than_the_mean(
    without_xla,
):
    options = MemoryOptions(
        networks=("wavenet",),
        lags=(4, 8),
        updates=20,
        units=8,
        test=128,
        wavenet_layers=2,  # a receptive field of 4 steps; the value is in the fifth
    )
    done, finished = [], []
    recalls = measure_memory(
        options,
        progress=lambda *report: done.append(report),
        finished=finished.append,
    )
    assert recalls[0].error == pytest.approx(1, abs=0.1)
    assert recalls[0].updates == 20 and not recalls[0].recalled
    # A longer lag is not tried.
    assert recalls[1] == Recall("wavenet", 8)
    assert finished == recalls
    assert done == [(update, 40) for update in range(1, 21)]


@pytest.mark.keras
@pytest.mark.parametrize(
    "lag", [3, 4, *(pytest.param(lag, marks=pytest.mark.slow) for lag in (1, 7, 8, 20))]
)
def test_a_wavenet_of_usual_depth_sees_the_value_and_no_layer_is_wasted(lag):
    options = MemoryOptions(units=8)
    inputs, _ = draw_recall(20, lag, np.random.default_rng(0))

    def influence(network):
        """Return the largest change of an output with the first step."""
        changed = inputs.copy()
        changed[:, 0] += 1
        return float(np.abs(np.asarray(network(inputs) - network(changed))).max())

    assert influence(build_network("wavenet", lag, options)) > 0
    shallower = MemoryOptions(units=8, wavenet_layers=max(1, lag.bit_length() - 1))
    if lag > 1:
        assert influence(build_network("wavenet", lag, shallower)) == 0


@pytest.mark.keras
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "conv-gru" else [pytest.mark.slow])
        for name in CANDIDATES
    ],
)
def test_every_network_gives_one_value_for_any_lag(name):
    options = MemoryOptions(units=4)
    for lag in (1, 9):
        inputs, _ = draw_recall(2, lag, np.random.default_rng(0))
        assert build_network(name, lag, options)(inputs).shape == (2, 1)


@pytest.mark.keras
@pytest.mark.parametrize("name", ["lstm-slow", "gru-slow"])
def test_slow_gates_begin_by_keeping_what_they_hold(name):
    options = MemoryOptions(units=64)
    cell = build_network(name, 500, options).get_layer("body").layers[0].rnn.cell
    bias = np.asarray(cell.bias)
    if name == "lstm-slow":
        keep, others = bias[64:128], bias[128:]
        np.testing.assert_array_equal(bias[:64], -keep)
    else:
        keep, others = bias[0, :64], np.append(bias[0, 64:], bias[1])
    memories = 1 + np.exp(keep)  # steps
    assert memories.min() > 1 and 300 < memories.max() <= 501
    assert np.median(memories) == pytest.approx(250, rel=0.3)
    assert not others.any()


# === Results and options ===


def test_a_network_reaches_as_far_as_it_recalls():
    recalls = [
        Recall("gru", 10, 0.01, True),
        Recall("gru", 30, 0.9, False),
        Recall("gru", 100),
        Recall("rnn", 10, 0.9, False),
    ]
    assert longest_lags(recalls) == {"gru": 10, "rnn": 0}


def test_the_table_is_kept(tmp_path):
    path = tmp_path / "new" / "memory.csv"
    write_memory(path, [Recall("gru", 10, 0.25, False, 7, 1.5), Recall("gru", 30)])
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["network", "lag", "error", "recalled", "updates", "seconds"]
    assert rows[1:] == [
        ["gru", "10", "0.25", "0", "7", "1.5"],
        ["gru", "30", "", "0", "0", "0.0"],
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"networks": ("gru", "grue")}, "simple-rnn, .*wavenet, got 'grue'"),
        ({"networks": ()}, "at least one network"),
        ({"lags": ()}, "one lag"),
        ({"lags": (0, 10)}, "ascending lags of at least 1, got 0, 10"),
        ({"lags": (10, 10)}, "at least 1, got 10, 10"),
        ({"units": 0}, "units of at least 1, got 0"),
        ({"updates": -1}, "updates of at least 1, got -1"),
        ({"batch_size": 0}, "batch_size of at least 1"),
        ({"test": 1}, "test of at least 2"),
        ({"wavenet_layers": -1}, "wavenet_layers of at least 0"),
        ({"seed": -1}, "seed of at least 0"),
        ({"threshold": 1.0}, "between 0 and 1, got 1.0"),
        ({"learning_rate": 0.0}, "above 0, got 0.0"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        MemoryOptions(**changes)

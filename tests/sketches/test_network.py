"""The networks that classify drawings, in Keras and in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.sketches.batches import PADDED_LENGTHS, Padded, pad
from chorale.sketches.models import Card, load_classifier, save_model
from chorale.sketches.options import NETWORKS, NetworkOptions
from chorale.sketches.strokes import Inks

pytestmark = pytest.mark.keras

WORDS = ("cat", "clock", "tree")


def drawings(lengths: list[int], seed: int = 0) -> Inks:
    """Return inks of random steps."""
    random = np.random.default_rng(seed)
    count = sum(lengths)
    points = np.column_stack(
        [random.uniform(-0.2, 0.2, (count, 2)), random.random(count) < 0.2]
    )
    return Inks(points.astype(np.float32), np.array(lengths))


def tiny(name: str) -> Any:
    """Return a small network whose weights all differ from their initial values."""
    import keras

    from chorale.sketches.network import build_network

    keras.utils.set_random_seed(0)
    network = build_network(NetworkOptions(network=name, units=8, layers=1), len(WORDS))
    random = np.random.default_rng(0)
    for weight in network.weights:
        noise = random.uniform(0, 0.2, weight.shape)
        weight.assign(np.asarray(weight) + noise)
    return network


def logits(network: Any, batch: Padded) -> np.ndarray:
    outputs = network([batch.ink, batch.lengths.astype(np.int32)], training=False)
    return np.asarray(outputs)


def wider(batch: Padded, points: int) -> Padded:
    """Return a batch with more padding."""
    return Padded(np.pad(batch.ink, [(0, 0), (0, points), (0, 0)]), batch.lengths)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_gives_a_logit_for_each_word(name: str) -> None:
    batch = pad(drawings([1, 5, 16]), np.arange(3))
    assert logits(tiny(name), batch).shape == (3, len(WORDS))


def test_padding_and_other_drawings_change_nothing() -> None:
    network, inks = tiny("conv-lstm"), drawings([7, 1, 16, 12])
    together = logits(network, wider(pad(inks, np.arange(4)), 8))
    for place in range(4):
        alone = logits(network, pad(inks, np.array([place])))
        np.testing.assert_allclose(alone[0], together[place], atol=1e-5)


def test_the_order_of_points_and_the_pen_matter() -> None:
    network, batch = tiny("conv-lstm"), pad(drawings([16]), np.arange(1))
    turned = Padded(batch.ink[:, ::-1].copy(), batch.lengths)
    lifted = batch.ink.copy()
    lifted[..., 2] = 1 - lifted[..., 2]
    for changed in (turned, Padded(lifted, batch.lengths)):
        assert np.abs(logits(network, batch) - logits(network, changed)).max() > 1e-3


def test_the_book_s_network_is_the_book_s() -> None:
    from chorale.sketches.network import build_network

    network = build_network(NetworkOptions(network="book"), 345)
    kinds = [type(layer).__name__ for layer in network.layers]
    wanted = ["Conv1D", "BatchNormalization"] * 3 + ["LSTM"] * 2 + ["Dense"]
    assert [kind for kind in kinds if kind != "InputLayer"] == wanted
    # Weights: convolutions with bias, four per normalized channel, LSTM, dense.
    convolutions = (5 * 3 + 1) * 32 + (5 * 32 + 1) * 64 + (3 * 64 + 1) * 128
    normalizations = 4 * (32 + 64 + 128)
    lstm = 2 * 4 * 128 * (128 + 128 + 1)
    assert network.count_params() == (
        convolutions + normalizations + lstm + (128 + 1) * 345
    )


def test_point_features_by_hand() -> None:
    from chorale.sketches.network import PointFeatures

    ink = np.array([[[0.25, 0.5, 0], [0.3, 0.4, 1], [0, 0, 0]]], np.float32)
    valid = np.array([[[1], [1], [0]]], np.float32)
    features = np.asarray(PointFeatures()(ink, valid))[0]
    x, y, length = 0.55, 0.9, np.sqrt(0.25 + 1e-6)
    second = [2 * x - 1, 2 * y - 1, 1.2, 1.6, 4 * length, 0.3 / length, 0.4 / length]
    second += [0, 1, 2 / 40, 1, 1 / 8]  # begins, ends, points, share of them, strokes
    for frequency in (1, 2, 4):
        second += [*np.sin(np.pi * frequency * np.array([x, y]))]
        second += [*np.cos(np.pi * frequency * np.array([x, y]))]
    np.testing.assert_allclose(features[1], second, atol=1e-4)
    assert features[0, 7] == 1
    assert not features[2].any()


def test_joined_pairs_are_both_points_and_no_padding() -> None:
    from chorale.sketches.network import JoinPairs

    x = np.arange(12, dtype=np.float32).reshape(1, 6, 2)
    valid = np.array([[[1], [1], [1], [0], [0], [0]]], np.float32)
    joined, there = JoinPairs()(x, valid)
    assert np.asarray(joined).tolist() == [[[0, 1, 2, 3], [4, 5, 0, 0], [0, 0, 0, 0]]]
    assert np.asarray(there).tolist() == [[[1], [1], [0]]]


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_runtime_gives_what_keras_gives(name: str, tmp_path: Path) -> None:
    network = tiny(name)
    for weight in network.weights:  # as they are stored
        weight.assign(np.asarray(weight).astype(np.float16).astype(np.float32))
    card = Card(
        name="tiny",
        network=NetworkOptions(network=name, units=8, layers=1),
        words=WORDS,
        training={},
        data={},
        command="",
        figures={},
        history=(),
        versions={},
        files={},
    )
    save_model(network, card, tmp_path)
    classifier = load_classifier(tmp_path, threads=1)
    inks = drawings([1, 3, 17, PADDED_LENGTHS[-1]])
    probabilities = classifier.probabilities(inks)
    for place in range(len(inks.lengths)):
        raw = logits(network, pad(inks, np.array([place])))[0]
        expected = np.exp(raw - raw.max())
        expected /= expected.sum()
        np.testing.assert_allclose(probabilities[place], expected, atol=1e-4)

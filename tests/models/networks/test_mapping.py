"""Mapped weights: the same predictions with more notes and more of the plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tiny import (
    move_weights,
    tiny_chorale,
    tiny_infiller_options,
    tiny_network,
    tiny_options,
)

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.inputs import CellInputs, Inputs
from chorale.encoding.plan import FEATURES, Plan
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES
from chorale.models.options import NetworkOptions
from chorale.models.predictor import log_softmax
from chorale.music.keys import Key
from chorale.music.score import Chorale

pytestmark = pytest.mark.keras


def chorales() -> list[Chorale]:
    random = np.random.default_rng(5)
    key = Key.parse("D minor")
    return [replace(tiny_chorale(random), key=key) for _ in range(4)]


def mapped(base: Any, network: Any) -> Any:
    """Return a network with the weights of its base."""
    from chorale.models.networks.mapping import map_weights
    from chorale.nn.weights import assign_weights

    assign_weights(network, map_weights(base, network))
    return network


def old_and_new(base: Any, network: Any, chorale: Chorale) -> tuple[Any, Any, Any]:
    """Return two log-probabilities of the base's notes, and the mass of new ones."""
    scores = []
    for each in (base, network):
        plan = Plan.of(chorale).features(each.plan_features)[np.newaxis]
        tokens = each.vocabulary.encode(chorale)[np.newaxis]
        inputs = Inputs.of_pieces(tokens, plan, each.vocabulary, NO_TUNES)
        scores.append(log_softmax(np.asarray(each(inputs, training=False))))
    numbers = network.vocabulary.numbers_in(base.vocabulary)
    new = np.exp(scores[1][..., numbers < 0]).sum(axis=-1)
    order = np.argsort(numbers[numbers >= 0])
    return scores[0], scores[1][..., np.flatnonzero(numbers >= 0)[order]], new


@pytest.mark.parametrize(
    ("encoding", "down", "up"),
    [("hold", 0, 0), ("hold", 3, 0), ("pitch", 0, 5), ("hold", 14, 30)],
)
def test_more_notes_leave_the_others_as_they_were(
    encoding: str, down: int, up: int
) -> None:
    from chorale.models.networks.next_step import NextStepNetwork

    options = tiny_options("gru", layers=1, tunes=False)
    pieces = chorales()
    vocabulary = Vocabulary.fit(pieces, encoding)
    base = tiny_network(options, vocabulary)
    wide = replace(
        vocabulary, lowest=vocabulary.lowest - down, highest=vocabulary.highest + up
    )
    network = mapped(base, NextStepNetwork(options, wide, base.plan_features))
    before, after, new = old_and_new(base, network, pieces[0])
    np.testing.assert_allclose(
        after - np.log1p(-new)[..., np.newaxis], before, atol=1e-4
    )
    assert (new.max() > 0) == (down + up > 0)


@pytest.mark.parametrize(
    ("of", "encoding"),
    [(Vocabulary, "hold"), (Vocabulary, "pitch"), (CellVocabulary, "hold")],
)
def test_new_notes_take_the_weights_of_the_nearest_note(of: Any, encoding: str) -> None:
    from chorale.models.networks.mapping import _nearest

    vocabulary = of.fit(chorales(), encoding)
    count, kinds = vocabulary.note_count, vocabulary.note_kinds
    wide = replace(
        vocabulary, lowest=vocabulary.lowest - 5, highest=vocabulary.highest + 5
    )
    last = 1 + kinds * count
    expected = [0]  # silence is nobody's nearest note, nor is what follows the notes
    for first in range(1, last, count):
        own = range(first, first + count)
        expected += [own[0]] * 5 + [*own] + [own[-1]] * 5
    for after in (0, 2):  # what follows the notes
        numbers = _nearest(wide, vocabulary, len(expected) + after)
        assert numbers.tolist() == [*expected, *range(last, last + after)]


@pytest.mark.parametrize(("encoding", "down", "up"), [("hold", 5, 5), ("pitch", 2, 9)])
def test_embeddings_of_new_notes_are_those_of_the_outermost(
    encoding: str, down: int, up: int
) -> None:
    from chorale.models.networks.mapping import map_weights
    from chorale.models.networks.next_step import NextStepNetwork

    options = tiny_options("gru", layers=1, tunes=False)
    vocabulary = Vocabulary.fit(chorales(), encoding)
    base = tiny_network(options, vocabulary)
    move_weights(base)
    wide = replace(
        vocabulary, lowest=vocabulary.lowest - down, highest=vocabulary.highest + up
    )
    new = NextStepNetwork(options, wide, base.plan_features)
    old = {weight.path: np.asarray(weight) for weight in base.weights}
    outputs = [
        (old[path], array)
        for path, array in map_weights(base, new).items()
        if array.shape[-1] == wide.size and array.ndim == 2
    ]
    assert outputs
    for before, after in outputs:
        for number in range(1, 1 + down):
            np.testing.assert_array_equal(after[:, number], before[:, 1])
        highest = vocabulary.note_count
        for number in range(1 + down + highest, 1 + down + highest + up):
            np.testing.assert_array_equal(after[:, number], before[:, highest])


@pytest.mark.parametrize(
    ("body", "plan"), [("lstm", ("step",)), ("wavenet", ("position", "fermata"))]
)
def test_more_of_the_plan_changes_nothing_but_can_be_learned(
    body: str, plan: tuple[str, ...]
) -> None:
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

    keras.utils.set_random_seed(3)
    options = tiny_options(body, tunes=False)
    pieces = chorales()
    vocabulary = Vocabulary.fit(pieces, "hold")
    base = NextStepNetwork(options, vocabulary, plan)
    move_weights(base)
    # In another order, with the key, which the heads use as well.
    every = [*plan, *[name for name in reversed(FEATURES) if name not in plan]]
    network = mapped(base, NextStepNetwork(options, vocabulary, every))
    before, after, _ = old_and_new(base, network, pieces[0])
    np.testing.assert_allclose(after, before, atol=1e-4)
    # A feature that weighs nothing yet is there to be weighed.
    move_weights(network)
    keys = [
        old_and_new(base, network, replace(pieces[0], key=key))[1]
        for key in (None, Key.parse("E major"))
    ]
    assert np.abs(keys[0] - keys[1]).max() > 0.01


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("counterpoint", "hold"), ("counterpoint", "pitch"), ("coconet", "hold")],
)
def test_an_infiller_keeps_its_predictions(kind: str, encoding: str) -> None:
    from chorale.models.networks.infilling import build_infiller

    options = tiny_infiller_options(kind)
    pieces = chorales()
    vocabulary = CellVocabulary.fit(pieces, encoding)
    base = build_infiller(options, vocabulary, ("step", "position"))
    move_weights(base)
    # Convolutions over pitch see the notes that are added, as empty rows.
    widens = 0 if kind == "coconet" else 4
    wide = replace(
        vocabulary,
        lowest=vocabulary.lowest - widens,
        highest=vocabulary.highest + 2 * widens,
    )
    plan = ("key", "position", "step", "to_end")
    network = mapped(base, build_infiller(options, wide, plan))
    visible = np.random.default_rng(0).random((len(pieces[0]), 4)) < 0.5
    scores = []
    for each in (base, network):
        cells = each.vocabulary.encode(pieces[0])[np.newaxis]
        features = Plan.of(pieces[0]).features(each.plan_features)[np.newaxis]
        inputs = CellInputs.of_pieces(cells, visible, features, each.vocabulary)
        scores.append(np.asarray(each(inputs, training=False)))
    numbers = wide.numbers_in(vocabulary)
    kept = scores[1][..., numbers >= 0][..., np.argsort(numbers[numbers >= 0])]
    hidden = ~visible[np.newaxis]
    np.testing.assert_allclose(kept[hidden], scores[0][hidden], atol=2e-4)
    assert (numbers < 0).sum() == 3 * widens * vocabulary.note_kinds


def test_new_notes_are_unlikely_but_not_hopeless() -> None:
    from chorale.models.networks.next_step import NextStepNetwork

    options = NetworkOptions(units=8, voice_units=8, layers=1)
    vocabulary = Vocabulary.fit(chorales(), "hold")
    base = tiny_network(options, vocabulary)
    wide = replace(vocabulary, highest=vocabulary.highest + 12)
    network = mapped(base, NextStepNetwork(options, wide, base.plan_features))
    _, _, new = old_and_new(base, network, chorales()[1])
    assert 1e-6 < new.mean() < 0.05

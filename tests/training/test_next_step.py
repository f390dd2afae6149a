"""Batches of next-step networks, and what acts in training only."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tiny import move_weights, tiny_chorale, tiny_options, tiny_training

from chorale.encoding.plan import Plan
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import Tunes
from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.nn.bodies import BODIES
from chorale.training.next_step import draw_batches, prepare


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


def test_some_steps_do_not_see_the_step_before():
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


def test_some_chorales_have_the_plan_of_a_classic_csv():
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
    assert vocabulary.shifted(tokens, 2).tolist() == [0, 3, 5, vocabulary.hold]


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


@cache
def _losses(**changes):
    """Return the loss of the same network and batch in training and in evaluation."""
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

    vocabulary, (batch, *_) = _batches(_chorales(), tiny_training(encoding="pitch"))
    keras.utils.set_random_seed(0)
    options = tiny_options("gru", **{"dropout": 0.0, **changes})
    network = NextStepNetwork(options, vocabulary, tiny_training().plan)
    move_weights(network)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Tracing one call takes longer than the call.
    network.compile(keras.optimizers.SGD(0.0), loss, run_eagerly=True)
    trained = float(network.train_on_batch(batch.inputs, batch.targets))
    network.reset_metrics()
    return trained, float(network.test_on_batch(batch.inputs, batch.targets))


@pytest.mark.keras
@pytest.mark.parametrize("noise", ["dropout", "input_dropout", "unlikelihood"])
def test_what_is_for_training_acts_in_training(noise):
    quiet, noisy = _losses(), _losses(**{noise: 0.7})
    # The loss of a training step is that of the network before the step.
    assert quiet[0] == pytest.approx(quiet[1], abs=1e-5)
    assert abs(noisy[0] - noisy[1]) > 1e-3


@pytest.mark.slow
@pytest.mark.keras
@pytest.mark.parametrize("body", list(BODIES)[::3])
def test_what_is_for_training_acts_where_keras_hands_nothing_on(body):
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

    # As in training on JAX: without `__call__`, which informs all layers at once.
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

"""The voice heads: notes by name, by degree and by interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes import wide_vocabulary
from tiny import PLAN, tiny_network, tiny_options

from chorale.encoding.inputs import Inputs
from chorale.encoding.tunes import NO_TUNES
from chorale.models.predictor import log_softmax
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR, VOICE_ORDER, VOICES
from chorale.voice_leading.faults import NO_TONE, Context, exact_faults

if TYPE_CHECKING:
    from chorale.models.networks.cues import View

pytestmark = pytest.mark.keras


def _view(tokens: np.ndarray, recall: tuple[int, ...] = (0, 0, 0)) -> View:
    """Return a view of one step whose tokens sound before it too."""
    from chorale.models.networks.cues import View

    none, zero = np.zeros_like(tokens), np.zeros(len(tokens), "int32")
    recalled = np.array([recall], "int32")
    inputs = Inputs(tokens, none, none, tokens, none, zero, recalled)
    return View(inputs, tokens, none, zero[:, None])


def _added(cue: Any, hidden: np.ndarray, view: View) -> np.ndarray:
    """Return what a cue adds to the logits of one step."""
    from chorale.models.networks.cues import weigh_tokens

    return np.asarray(weigh_tokens([cue], hidden, view))[0]


def _cue(network: Any, voice: int, name: str) -> Any:
    """Return the cue of a head whose class has this name."""
    (cue,) = (c for c in network.heads[voice].cues if type(c).__name__ == name)
    return cue


@pytest.mark.parametrize("voice", [SOPRANO, ALTO, TENOR, BASS])
def test_what_is_written_by_interval_moves_with_the_notes(voice):
    vocabulary = wide_vocabulary("hold")
    network = tiny_network(tiny_options("gru"), vocabulary)
    cue, hidden = _cue(network, voice, "IntervalCue"), np.ones((1, 8), "float32")
    lower, higher = (
        _added(cue, hidden, _view(tokens))
        for tokens in (
            np.array([[26, 21, 16, 9]], "int32"),
            np.array([[31, 26, 21, 14]], "int32"),
        )
    )
    # Silence and HOLD stay, every note is five tokens further up.
    last = vocabulary.pitch_count
    np.testing.assert_allclose(lower[[0, last]], higher[[0, last]], atol=1e-6)
    np.testing.assert_allclose(lower[1 : last - 5], higher[6:last], atol=1e-6)
    assert np.ptp(lower) > 0.1


def test_a_head_reads_a_transposed_step_as_the_same_intervals():
    """Of its columns of integers only those of names move with the notes."""
    from chorale.models.networks.intervals import NO_INTERVAL

    vocabulary = wide_vocabulary("pitch")
    head = tiny_network(tiny_options("gru"), vocabulary).heads[TENOR]
    columns = [
        np.asarray(head.columns(_view(tokens)))[0]
        for tokens in (
            np.array([[26, 21, 16, 9]], "int32"),
            np.array([[31, 26, 21, 14]], "int32"),
        )
    ]
    moved = columns[1] - columns[0]
    # Soprano, bass and alto now; all four before; then intervals from the tenor's own.
    named = 3 * 3 + 2 * VOICES
    assert sorted(moved[:named]) == [0] * (named - 7) + [5] * 7
    assert not moved[named:].any()
    intervals = columns[0][named : named + 6].tolist()
    assert intervals == [36 + n for n in (10, 5, -7, 10, -7, 5)]
    # There is no echo, and so no voice has gone with it, and no tune either.
    rest = [0, NO_INTERVAL, 0, 0, 0, *[0, 0, NO_INTERVAL]]
    assert columns[0][named + 6 :].tolist() == rest


@pytest.mark.parametrize("voice", [SOPRANO, BASS])
@pytest.mark.parametrize(
    ("recall", "expected"),
    [
        ((2, 3, 7), [7, 3, 2]),
        ((0, 3, 7), [7, 3, None]),  # the tune ends
        ((2, 3, 0), [0, 3, None]),  # nothing is recalled
        ((60, 3, 7), [7, 3, None]),  # no such note
    ],
)
def test_a_head_reads_the_next_note_of_a_tune_from_its_own_last_one(
    voice, recall, expected
):
    from chorale.models.networks.intervals import NO_INTERVAL

    vocabulary = wide_vocabulary("pitch")
    head = tiny_network(tiny_options("gru"), vocabulary).heads[voice]
    tokens = np.array([[26, 21, 16, 9]], "int32")
    view = _view(tokens, recall)
    strength, wait, up = np.asarray(head.columns(view))[0, -3:].tolist()
    assert [strength, wait] == expected[:2]
    distance = 26 - tokens[0, voice] + 36
    assert up == (NO_INTERVAL if expected[2] is None else distance + expected[2])


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_the_soprano_alone_follows_a_tune_if_one_is_recalled(encoding):
    vocabulary = wide_vocabulary(encoding)
    network = tiny_network(tiny_options("gru"), vocabulary)
    cue, hidden = _cue(network, SOPRANO, "SopranoTuneCue"), np.ones((1, 8), "float32")
    tokens = np.array([[26, 21, 16, 9]], "int32")
    stays = 26 if vocabulary.hold is None else vocabulary.hold
    beyond = vocabulary.pitch_count - 26  # where HOLD stands, if there is one
    for recall, follows in (
        ((2, 0, 5), 28),
        ((2, 4, 5), stays),
        ((2, 4, 0), None),
        ((beyond, 4, 5), stays),
        ((beyond, 0, 5), None),
        ((-26, 0, 5), None),
    ):
        added = _added(cue, hidden, _view(tokens, recall))
        assert np.flatnonzero(added).tolist() == ([] if follows is None else [follows])
    names = " ".join(weight.path for weight in network.weights)
    assert "head_soprano/tune_logit" in names
    assert names.count("tune_logit/kernel") == 1


@pytest.mark.parametrize("intervals", [True, False])
@pytest.mark.parametrize("motions", [True, False])
@pytest.mark.parametrize("extra", [True, False])
@pytest.mark.parametrize("plan", [PLAN, ("step",)])
def test_a_network_has_weights_for_what_it_uses(intervals, motions, extra, plan):
    from chorale.models.networks.next_step import NextStepNetwork

    cues = {"intervals": intervals, "motions": motions}
    options = tiny_options("gru", **cues, echoes=extra, tunes=extra)
    network = NextStepNetwork(options, wide_vocabulary(), plan)
    paths = [weight.path for weight in network.weights]
    # Weights are stored by their paths.
    assert len(set(paths)) == len(paths)
    names = " ".join(paths)
    assert ("motion_logits" in names) == motions
    assert ("interval_logits" in names) == intervals
    assert ("echo_logit" in names) == extra
    assert ("tune_logit" in names) == extra
    assert ("degree_logits" in names) == ("key" in plan)


def test_a_network_drops_its_inputs_on_request():
    options = tiny_options("gru", dropout=0.0, input_dropout=0.5)
    noisy = tiny_network(options, wide_vocabulary())
    pieces = np.full((1, 6, VOICES), 20), np.ones((1, 6, len(PLAN)), np.int64)
    inputs = Inputs.of_pieces(*pieces, noisy.vocabulary, NO_TUNES)
    still = [np.asarray(noisy(inputs)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    moved = np.abs(np.asarray(noisy(inputs, training=True)) - still[0])
    assert moved.max() > 1e-3


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_an_echo_moves_the_logit_of_its_token_alone(encoding):
    vocabulary = wide_vocabulary(encoding)
    cue = _cue(tiny_network(tiny_options("gru"), vocabulary), ALTO, "EchoCue")
    echo = np.array([[7, vocabulary.size - 1, 7, 7]], "int32")
    view = _view(np.full((1, VOICES), 20, "int32"))
    hidden = np.ones((1, 8), "float32")
    for length, moved in ((0, []), (3, [vocabulary.size - 1])):
        lengths = np.array([length], "int32")
        inputs = view.inputs._replace(echo_tokens=echo, echo_lengths=lengths)
        added = _added(cue, hidden, view._replace(inputs=inputs))
        assert np.flatnonzero(np.abs(added) > 1e-6).tolist() == moved


def test_a_head_knows_which_voices_have_gone_with_the_echo():
    vocabulary = wide_vocabulary("pitch")
    head = tiny_network(tiny_options("gru"), vocabulary).heads[TENOR]
    tokens = np.array([[26, 21, 16, 9]], "int32")
    echo = np.array([[26, 22, 18, 9]], "int32")
    lengths = np.array([5], "int32")
    view = _view(tokens)
    inputs = view.inputs._replace(echo_tokens=echo, echo_lengths=lengths)
    columns = head.columns(view._replace(inputs=inputs))
    # Soprano and bass have, the alto has not; its own would go up by two.
    assert np.asarray(columns)[0, -8:-3].tolist() == [5, 38, 2, 2, 1]


def test_what_is_priced_in_training_is_what_the_rules_call_parallel():
    vocabulary = wide_vocabulary("hold")
    options = tiny_options("gru", unlikelihood=3.0, dropout=0.0)
    network = tiny_network(options, vocabulary)
    random = np.random.default_rng(0)
    batch, steps = 2, 40
    notes = random.integers(15, 40, (2, batch, steps, VOICES)).astype("int32")
    # So that intervals are often perfect: each voice is near a fifth of the next.
    notes += 7 * np.arange(VOICES)[::-1].astype("int32") - 10
    plan = np.zeros((batch, steps, len(PLAN)), np.int64)
    inputs = Inputs.of_pieces(notes[1], plan, vocabulary, NO_TUNES)
    inputs = inputs._replace(past_pitches=notes[0])
    probabilities = np.exp(log_softmax(np.asarray(network(inputs))))
    assert not network.losses
    network(inputs, training=True)
    rows = batch * steps
    before, now = (vocabulary.notes(each.reshape(rows, VOICES)) for each in notes)
    expected, found = 0.0, 0
    for place, voice in enumerate(VOICE_ORDER):
        context = Context(
            before,
            now,
            VOICE_ORDER[:place],
            np.zeros(rows, np.bool_),
            np.full(rows, NO_TONE),
        )
        sounding = np.tile(np.arange(vocabulary.size), (rows, 1))
        if vocabulary.hold is not None:
            sounding[:, vocabulary.hold] = notes[0][..., voice].reshape(rows)
        tokens = vocabulary.notes(sounding)
        priced = np.zeros(tokens.shape, np.bool_)
        for fault in exact_faults(context, voice, tokens):
            if fault.rule.startswith("parallel"):
                priced |= fault.notes
        found += int(priced.sum())
        its = probabilities[..., voice, :].reshape(rows, -1)
        expected -= 3.0 * np.log1p(-(its * priced).sum(axis=-1)).mean() / VOICES
    assert found > 50
    total = sum(float(loss) for loss in network.losses)
    np.testing.assert_allclose(total, expected, rtol=1e-4)

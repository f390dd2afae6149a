"""Ensembles: geometric means, note by note, that depend on the past alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from command_line import run_command
from fakes import (
    FakePredictor,
    memoryless_predictor,
    scores_by_steps,
    toy_vocabulary,
    wide_vocabulary,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import little_chorale

from chorale.commands import evaluate as evaluate_command
from chorale.commands import generate as generate_command
from chorale.commands import model_options
from chorale.encoding.plan import Plan
from chorale.errors import ModelError, UsageError
from chorale.evaluation.likelihood import evaluate
from chorale.formats.classic_csv import write_csv
from chorale.models.ensemble import TRANSPOSITIONS, AveragedPredictor, average
from chorale.models.guidance import GuidedPredictor
from chorale.models.storage import load_card, load_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.sampling.generate import sample

STEPS = 7


def random_fake(vocabulary, seed=0):
    """Return a predictor of random Markov chains."""
    random = np.random.default_rng(seed)
    shape = (VOICES, vocabulary.pitch_count + 1)
    return FakePredictor(vocabulary, random.dirichlet(np.ones(vocabulary.size), shape))


def random_pieces(vocabulary, batch=3, seed=0):
    random = np.random.default_rng(seed)
    tokens = random.integers(0, vocabulary.size, (batch, STEPS, VOICES))
    tokens[:, 0] = 1  # nothing to hold yet
    return tokens, np.zeros((batch, STEPS, 1), np.int64)


@dataclass(frozen=True)
class Recorder(FakePredictor):
    """A predictor that records its inputs."""

    fed: list = field(default_factory=list)

    def start(self, plan):
        self.fed.append((None, plan))
        return super().start(plan)

    def advance(self, state, tokens, plan):
        self.fed.append((tokens, plan))
        return super().advance(state, tokens, plan)

    def score(self, tokens, plan):
        self.fed.append((tokens, plan))
        return super().score(tokens, plan)


def recorder(vocabulary, features=("step",)):
    table = random_fake(vocabulary).table
    return Recorder(vocabulary, table, plan_features=features)


# === The mean ===


def test_the_mean_is_geometric_and_renormalized():
    vocabulary = toy_vocabulary("pitch")
    mixed = AveragedPredictor(
        [
            memoryless_predictor(vocabulary, [0.1, 0.5, 0.2, 0.2]),
            memoryless_predictor(vocabulary, [0.4, 0.08, 0.52, 0.0]),
        ],
        transpositions=(0,),
    )
    # The last one gives D no probability, and so has no part in its mean.
    products = np.sqrt([0.1 * 0.4, 0.5 * 0.08, 0.2 * 0.52, 0.2 * 0.2])
    expected = products / products.sum()
    tokens, plan = random_pieces(vocabulary)
    for scores in (mixed.score(tokens, plan), scores_by_steps(mixed, tokens, plan)):
        np.testing.assert_allclose(np.exp(scores[1, 2, 3]), expected, rtol=1e-5)
    assert mixed.members == 2


def test_a_transposed_member_by_hand():
    # Silence, C, C#, D. A semitone higher C is C#, C# is D, and D is lost.
    vocabulary = toy_vocabulary("pitch")
    alone = np.array([0.1, 0.4, 0.2, 0.3])
    both = np.sqrt(alone * [0.1, 0.2, 0.3, 0.3])
    both /= both.sum()
    mixed = AveragedPredictor([memoryless_predictor(vocabulary, list(alone))], (0, 1))
    # The alto's D is written after soprano and bass and before the tenor.
    tokens = np.array([[[0, 1, 1, 2], [2, 3, 1, 1], [1, 1, 1, 1]]])
    plan = np.zeros((1, 3, 1), np.int64)
    expected = np.tile(both, (1, 3, VOICES, 1))
    expected[:, 1, 2] = expected[:, 2] = alone
    for scores in (mixed.score(tokens, plan), scores_by_steps(mixed, tokens, plan)):
        np.testing.assert_allclose(np.exp(scores), expected, rtol=1e-5)


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_silence_and_hold_are_not_transposed_and_notes_without_a_token_are_clipped(
    encoding,
):
    vocabulary = toy_vocabulary(encoding)
    predictor = recorder(vocabulary)
    every = np.arange(vocabulary.size)
    tokens = np.stack([every] * VOICES, axis=-1)[np.newaxis]
    plan = np.zeros((1, len(every), 1), np.int64)
    mixed = AveragedPredictor([predictor], (0, 2, -1))
    mixed.score(tokens, plan)
    scores_by_steps(mixed, tokens, plan)
    hold = [] if vocabulary.hold is None else [vocabulary.hold]
    expected = [[0, 1, 2, 3, *hold], [0, 3, 3, 3, *hold], [0, 1, 1, 2, *hold]]
    whole, steps = predictor.fed[:3], predictor.fed[4:]
    assert [fed[0, :, 2].tolist() for fed, _ in whole] == expected
    assert [fed[:, 2].tolist() for fed, _ in steps] == np.transpose(expected)[
        :-1
    ].tolist()


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_the_untransposed_alone_is_the_predictor_itself(encoding):
    vocabulary = wide_vocabulary(encoding)
    predictor = random_fake(vocabulary)
    tokens, plan = random_pieces(vocabulary)
    scores = AveragedPredictor([predictor], (0,)).score(tokens, plan)
    np.testing.assert_allclose(scores, predictor.score(tokens, plan), atol=1e-5)
    assert average([predictor]) is predictor


def test_what_is_the_same_in_all_keys_is_left_as_it_is():
    # Every voice holds, moves by a semitone or falls silent, at any pitch.
    vocabulary = wide_vocabulary("hold")
    notes = vocabulary.pitch_count
    table = np.full((notes + 1, vocabulary.size), 1e-9)
    table[:, vocabulary.hold], table[:, 0] = 0.5, 0.1
    for note in range(2, notes - 1):
        table[note, note + 1], table[note, note - 1] = 0.3, 0.1
    table /= table.sum(axis=-1, keepdims=True)
    predictor = FakePredictor(vocabulary, np.stack([table] * VOICES))
    random = np.random.default_rng(0)
    tokens = random.integers(10, 40, (2, STEPS, VOICES))
    tokens[:, 3] = vocabulary.hold
    plan = np.zeros((2, STEPS, 1), np.int64)
    scores = AveragedPredictor([predictor]).score(tokens, plan)
    expected = predictor.score(tokens, plan)
    np.testing.assert_allclose(np.exp(scores), np.exp(expected), atol=1e-6)


# === A distribution that depends on the past alone ===


# With few notes transposed members are soon invalid; with many they stay valid.
@given(
    st.integers(0, 2**32),
    st.sampled_from([toy_vocabulary, wide_vocabulary]),
    st.sampled_from(["pitch", "hold"]),
    st.data(),
)
def test_later_notes_change_nothing_and_all_adds_up(seed, notes, encoding, data):
    vocabulary = notes(encoding)
    predictors = [random_fake(vocabulary, seed), random_fake(vocabulary, seed + 1)]
    mixed = AveragedPredictor(predictors, (-2, -1, 0, 1))
    tokens, plan = random_pieces(vocabulary, batch=2, seed=seed)
    scores = mixed.score(tokens, plan)
    np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1, atol=1e-5)
    # Places in the order in which they are written.
    order = list(VOICE_ORDER)
    place = data.draw(st.integers(0, STEPS * VOICES - 1))
    written = tokens[..., order].reshape(2, -1)
    written[:, place:] = (written[:, place:] + 1) % vocabulary.pitch_count
    changed = np.empty_like(tokens)
    changed[..., order] = written.reshape(tokens.shape)
    before, after = (
        probabilities[:, :, order].reshape(2, STEPS * VOICES, -1)[:, : place + 1]
        for probabilities in (scores, mixed.score(changed, plan))
    )
    np.testing.assert_array_equal(before, after)


@given(
    st.integers(0, 2**32),
    st.sampled_from([toy_vocabulary, wide_vocabulary]),
    st.sampled_from(["pitch", "hold"]),
)
def test_steps_and_sequences_agree(seed, notes, encoding):
    vocabulary = notes(encoding)
    predictors = [random_fake(vocabulary, seed), random_fake(vocabulary, seed + 1)]
    mixed = AveragedPredictor(predictors, (-1, 0, 1))
    tokens, plan = random_pieces(vocabulary, seed=seed)
    steps = scores_by_steps(mixed, tokens, plan)
    np.testing.assert_allclose(steps, mixed.score(tokens, plan), atol=1e-5)


def test_a_voice_to_come_is_not_read():
    vocabulary = toy_vocabulary()
    mixed = AveragedPredictor([random_fake(vocabulary)], (-1, 0, 1))
    state = mixed.start(np.zeros((1, 1), np.int64))
    for place, voice in enumerate(VOICE_ORDER):
        chosen = np.full((1, VOICES), 2)
        before = mixed.voice_logits(state, voice, chosen)
        chosen[:, list(VOICE_ORDER[place:])] = [0, 1, 3, vocabulary.hold][place]
        np.testing.assert_array_equal(before, mixed.voice_logits(state, voice, chosen))


# === Plans, guidance, samples ===


def test_each_predictor_gets_its_own_plan_in_its_own_key():
    vocabulary = toy_vocabulary("pitch")
    bare = recorder(vocabulary, ("position",))
    keyed = recorder(vocabulary, ("key", "position"))
    mixed = AveragedPredictor([bare, keyed], (0, 2))
    assert mixed.plan_features == ("position", "key")
    # C major, B minor, and a piece of unknown key.
    plan = np.array([[5, 1], [6, 24], [7, 0]])
    mixed.start(plan)
    mixed.score(np.ones((3, 1, VOICES), np.int64), plan[:, np.newaxis])
    # Both transpositions of the first piece, of the second, of the third.
    both = [[1, 5], [3, 5], [24, 6], [14, 6], [0, 7], [0, 7]]
    assert keyed.fed[0][1].tolist() == both
    assert bare.fed[0][1].tolist() == [[5], [5], [6], [6], [7], [7]]
    assert [fed[:, 0].tolist() for _, fed in keyed.fed[1:]] == [both[::2], both[1::2]]
    assert plan[1, 1] == 24  # the caller's plan is left as it was


def test_guidance_is_applied_to_an_ensemble():
    vocabulary = toy_vocabulary("pitch")
    members = [recorder(vocabulary, names) for names in (("step",), ("step", "key"))]
    guided = GuidedPredictor(AveragedPredictor(members, (-1, 0, 1)), 1.0)
    tokens, _ = random_pieces(vocabulary)
    plan = np.ones((*tokens.shape[:2], 2), np.int64)
    steps = scores_by_steps(guided, tokens, plan)
    np.testing.assert_allclose(steps, guided.score(tokens, plan), atol=1e-4)


def test_batches_of_an_ensemble_are_smaller():
    predictor = recorder(wide_vocabulary())
    plan = Plan.of(little_chorale().opening(8))
    many = sample(AveragedPredictor([predictor]), plan, variations=20)
    sizes = [len(tokens) for tokens, _ in predictor.fed if tokens is not None]
    assert list(dict.fromkeys(sizes)) == [63, 14]
    alone = sample(AveragedPredictor([predictor]), plan, variations=1)
    np.testing.assert_array_equal(many[0].pitches, alone[0].pitches)


# === What does not fit ===


def test_what_does_not_fit_is_refused():
    predictor = random_fake(wide_vocabulary("hold"))
    for vocabulary in (toy_vocabulary("hold"), wide_vocabulary("pitch")):
        with pytest.raises(
            ModelError, match=r"hold encoding from C2 to C6, .* model 3"
        ):
            average([predictor, predictor, random_fake(vocabulary)])
    turned = replace(predictor, voice_order=(0, 1, 2, 3))
    with pytest.raises(ModelError, match=r"got .* soprano, alto, tenor, bass"):
        average([predictor, turned])
    with pytest.raises(UsageError, match="out of none, transpositions, got 'all'"):
        average([predictor], "all")
    with pytest.raises(UsageError, match="0 among the transpositions"):
        AveragedPredictor([predictor], (1, 2))


# === Networks ===


@pytest.mark.keras
@pytest.mark.slow
def test_networks_agree_step_by_step_and_at_once(tmp_path):
    from tiny import save_tiny_model, tiny_options

    vocabulary = wide_vocabulary()
    for body in ("gru", "attention"):
        save_tiny_model(tmp_path / body, tiny_options(body), vocabulary)
    predictors = [load_model(tmp_path / body) for body in ("gru", "attention")]
    mixed = average(predictors, "transpositions")
    random = np.random.default_rng(0)
    tokens, _ = random_pieces(vocabulary, batch=2)
    plan = random.integers(0, (32, 2, 25), (2, STEPS, 3))
    scores = mixed.score(tokens, plan)
    steps = scores_by_steps(mixed, tokens, plan)
    np.testing.assert_allclose(steps, scores, atol=1e-5)
    np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1, atol=1e-5)
    # It differs from each of its members.
    for predictor in predictors:
        assert np.abs(scores - predictor.score(tokens, plan)).max() > 0.01


# === The command line ===

FAKES = {
    name: random_fake(wide_vocabulary(), seed)
    for seed, name in enumerate(["one", "two"])
}


@pytest.fixture
def chorale(monkeypatch, tmp_path):
    """Return a function that runs the command line in a folder with a small corpus.

    Two fake models have the names `one` and `two`; the function returns exit code,
    stdout and stderr.
    """
    write_csv(little_chorale(), tmp_path / "corpus" / "valid" / "chorale_000.csv")

    def load(name, **options):
        return FAKES[name] if name in FAKES else load_model(name, **options)

    for command in (evaluate_command, generate_command):
        monkeypatch.setattr(command, "load_model", load)
    for command in (generate_command, model_options):
        monkeypatch.setattr(command, "load_card", lambda name: load_card())
    monkeypatch.setattr(generate_command, "portable", tuple)

    def run(line):
        done = run_command(*line.split(), folder=tmp_path)
        return done.returncode, done.stdout, done.stderr

    return run


def test_evaluate_averages_models_and_transpositions(chorale):
    asked = "evaluate --model one --model two --average transpositions --corpus corpus"
    code, out, err = chorale(f"{asked} --json")
    assert (code, err) == (0, "")
    figures = json.loads(out)
    assert figures["models"] == ["one", "two"]
    assert figures["average"] == "transpositions"
    assert figures["members"] == 2 * len(TRANSPOSITIONS)
    plain = Chorale(pitches=little_chorale().pitches)  # as a CSV holds it
    expected = evaluate(AveragedPredictor(list(FAKES.values())), [plain])
    assert figures["nats_per_note"] == pytest.approx(expected.nats_per_note, abs=1e-5)
    code, out, _ = chorale(asked)
    assert code == 0
    assert out.startswith("one, two, in 7 keys each: the mean of 14 members, ")
    lines = [line.split() for line in out.splitlines()]
    assert ["nats", "per", "note", f"{figures['nats_per_note']:.4f}"] in lines


def test_generate_averages_and_repeats_itself(chorale, tmp_path):
    asked = "generate --bars 3 --best-of 2 --format csv --model one"
    written = []
    for words in ("", "--model two", "--average transpositions", "--model two"):
        code, out, err = chorale(f"{asked} {words}")
        assert code == 0 and "Traceback" not in err
        written.append((tmp_path / out.strip()).read_bytes())
    assert written[1] == written[3]
    assert len(set(written)) == 3


@pytest.mark.parametrize(
    ("line", "exit_code", "message"),
    [
        ("--average keys", 2, "an average out of none, transpositions, got 'keys'"),
        ("--split tests", 1, "a split that the corpus has (valid), got 'tests'"),
        ("--model bach", 1, "models cannot be averaged that write different tokens"),
        ("--model three", 2, "there is no model 'three'"),
    ],
)
def test_bad_input_is_one_line(chorale, line, exit_code, message):
    code, out, err = chorale(f"evaluate --model one --corpus corpus --json {line}")
    assert (code, out) == (exit_code, "")
    assert err.startswith("chorale: ") and err.count("\n") == 1
    assert message in err, err

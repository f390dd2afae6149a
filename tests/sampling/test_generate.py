from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import (
    FakePredictor,
    memoryless_predictor,
    toy_vocabulary,
    uniform_predictor,
    wide_vocabulary,
)
from hypothesis import assume, given, settings
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DataObject, data
from strategies import chorales

from chorale.encoding.plan import Plan
from chorale.errors import DataError, UsageError
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import SOPRANO, VOICES
from chorale.sampling.batches import allowed_tokens
from chorale.sampling.fragments import Fragment, extend_to_onsets, with_voice
from chorale.sampling.generate import Start, complete, sample, sample_each
from chorale.sampling.next_step import SamplingOptions
from chorale.voice_leading.checking import rates
from chorale.voice_leading.costs import EXACT_RULES

# Draws from the model as it is.
PLAIN = SamplingOptions(top_p=1.0, rules="off")


def piece(steps: int, pitch: int = 60, **fields: object) -> Chorale:
    return Chorale(pitches=np.full((steps, VOICES), pitch), **fields)


def plan(steps: int) -> Plan:
    return Plan.of(piece(steps))


def chi_square(observed: np.ndarray, expected: np.ndarray) -> float:
    return float(((observed - expected) ** 2 / expected).sum())


# === Options ===


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": 0.0}, "temperature above 0, got 0.0"),
        ({"temperature": -1.0}, "temperature above 0, got -1.0"),
        ({"temperature": math.nan}, "temperature above 0, got nan"),
        ({"temperature": math.inf}, "temperature above 0, got inf"),
        ({"top_p": 0.0}, "top-p above 0, at most 1, got 0.0"),
        ({"top_p": 1.1}, "top-p above 0, at most 1, got 1.1"),
        ({"top_p": math.nan}, "top-p"),
        ({"top_k": 0}, "top_k of at least 1, got 0"),
        ({"rules": "some"}, "rules out of off, lenient, strict, got 'some'"),
        ({"random_state": -1}, "random_state of at least 0, got -1"),
        ({"particles": 0}, "particles of at least 1, got 0"),
        ({"ranges": ((60, 62),) * 3}, "each of 4 voices"),
        ({"ranges": ((62, 60),) * 4}, "lowest and a highest note"),
        ({"ranges": ((0, 60),) * 4}, "1 to 127"),
    ],
)
def test_options_out_of_bounds_are_refused(values: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SamplingOptions(**values)


def test_options_on_the_bounds_are_taken() -> None:
    SamplingOptions(temperature=1e-3, top_p=1.0, top_k=1, ranges=((1, 127),) * 4)


# === What a voice may sing ===


def test_allowed_tokens_are_the_ranges() -> None:
    vocabulary = replace(toy_vocabulary("hold"), ranges=((60, 61), *((62, 62),) * 3))
    allowed = allowed_tokens(vocabulary, SamplingOptions())
    # silence, C4, C#4, D4, HOLD
    assert allowed.astype(int).tolist() == [[0, 1, 1, 0, 0], *[[0, 0, 0, 1, 0]] * 3]
    wide = SamplingOptions(ranges=((1, 127),) * 4, rests=True)
    assert (
        allowed_tokens(vocabulary, wide).astype(int).tolist() == [[1, 1, 1, 1, 0]] * 4
    )
    low = SamplingOptions(ranges=(*((60, 62),) * 3, (40, 50)))
    with pytest.raises(UsageError, match="no note in the range asked for the bass"):
        allowed_tokens(vocabulary, low)


# === What samples are distributed like ===


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # Silence is masked, so 0.1 : 0.2 : 0.3 : 0.4 leaves two to four ninths.
        (PLAIN, [0, 2 / 9, 3 / 9, 4 / 9]),
        (replace(PLAIN, rests=True), [0.1, 0.2, 0.3, 0.4]),
        (replace(PLAIN, temperature=0.5), [0, 4 / 29, 9 / 29, 16 / 29]),
        (replace(PLAIN, top_k=2), [0, 0, 3 / 7, 4 / 7]),
        (replace(PLAIN, top_p=0.7), [0, 0, 3 / 7, 4 / 7]),
        (replace(PLAIN, top_k=3, top_p=0.4), [0, 0, 0, 1]),
        (replace(PLAIN, ranges=((60, 61),) * 4), [0, 2 / 5, 3 / 5, 0]),
    ],
)
def test_samples_have_the_probabilities_that_the_options_leave(
    options: SamplingOptions, expected: list[float]
) -> None:
    predictor = memoryless_predictor(toy_vocabulary("pitch"), [0.1, 0.2, 0.3, 0.4])
    pieces = sample(predictor, plan(50), options=options, variations=20)
    pitches = np.concatenate([one.pitches for one in pieces])
    tokens = np.where(pitches, pitches - 59, 0)
    for voice in range(VOICES):
        shares = np.bincount(tokens[:, voice], minlength=4) / len(tokens)
        # Four standard errors of a share of 1,000 draws.
        errors = 4 * np.sqrt(np.array(expected) * (1 - np.array(expected)) / 1000)
        assert (np.abs(shares - expected) <= errors + 1e-12).all()


def test_top_p_leaves_it_to_the_model_how_long_notes_are() -> None:
    # C4, C#4, D4 and HOLD, which alone has more than top-p leaves.
    predictor = memoryless_predictor(toy_vocabulary("hold"), [0, 0.02, 0.05, 0.03, 0.9])
    options = replace(PLAIN, top_p=0.5)
    pieces = sample(predictor, plan(50), options=options, variations=20)
    onsets = np.concatenate([one.onsets[1:] for one in pieces])
    assert onsets.mean() == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / onsets.size))
    assert {pitch for one in pieces for pitch in one.pitches.ravel()} == {61}


def test_top_p_leaves_it_to_the_model_how_long_rests_are() -> None:
    # A rest is entered once and seldom left; what is sung again is C#4 alone.
    predictor = memoryless_predictor(toy_vocabulary("hold"), [0.9, 0.02, 0.05, 0.03, 0])
    options = replace(PLAIN, top_p=0.5, rests=True)
    pieces = sample(predictor, plan(50), options=options, variations=20)
    pitches = np.concatenate([one.pitches for one in pieces])
    assert set(pitches.ravel()) == {0, 61}
    silent = np.concatenate([one.pitches[:-1] == 0 for one in pieces])
    after = np.concatenate([one.pitches[1:] for one in pieces])[silent]
    error = 4 * math.sqrt(0.09 / len(after))
    assert (after == 61).mean() == pytest.approx(0.1, abs=error)


def test_samples_of_a_chain_have_its_exact_probabilities() -> None:
    vocabulary = toy_vocabulary("pitch")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    first = np.array([0.5, 0.3, 0.2])
    move = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]])
    table[:, vocabulary.nothing, 1:] = first
    table[:, 1:4, 1:] = move
    pieces = sample(
        FakePredictor(vocabulary, table), plan(3), options=PLAIN, variations=1000
    )
    words = list(itertools.product(range(3), repeat=3))
    expected = np.array([first[a] * move[a, b] * move[b, c] for a, b, c in words])
    assert expected.sum() == pytest.approx(1)
    # The four voices are independent chains of the same probabilities.
    lines = np.stack([one.pitches for one in pieces]).transpose(0, 2, 1) - 60
    observed = np.array([(lines == word).all(axis=2).sum() for word in words])
    # 99.9th percentile of chi-square with 26 degrees of freedom.
    assert chi_square(observed, expected * 4000) < 54.1


class Echo(FakePredictor):
    """The bass sings what the soprano sings, the others what the bass does."""

    def voice_logits(self, state, voice, chosen):  # type: ignore[no-untyped-def]
        order = self.voice_order
        place = order.index(voice)
        if place == 0:
            return super().voice_logits(state, voice, chosen)
        with np.errstate(divide="ignore"):
            return np.log(np.eye(self.vocabulary.size)[chosen[:, order[place - 1]]])


def echo() -> Echo:
    vocabulary = toy_vocabulary("pitch")
    return Echo(vocabulary, uniform_predictor(vocabulary).table)


def test_voices_hear_the_voices_written_before_them() -> None:
    (one,) = sample(echo(), plan(40), options=PLAIN)
    assert (one.pitches == one.pitches[:, :1]).all()
    assert len(np.unique(one.pitches)) == 3


# === HOLD ===


def test_nothing_is_held_before_it_sounds() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 0.005, 0.005, 0.0, 0.99])
    for one in sample(predictor, plan(20), options=PLAIN, variations=8):
        assert one.onsets[0].all()
        assert one.onsets[1:].mean() < 0.1


def test_silence_is_not_held() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.5, 0.1, 0.1, 0.1, 0.2])
    options = replace(PLAIN, rests=True)
    # Decoding refuses tokens that hold silence.
    pieces = sample(predictor, plan(40), options=options, variations=8)
    pitches = np.concatenate([one.pitches for one in pieces])
    assert (pitches == 0).any() and (pitches > 0).any()


def test_a_note_outside_the_range_is_let_go_after_the_opening() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 0.005, 0.005, 0.0, 0.99])
    options = replace(PLAIN, ranges=((60, 61),) * 4)
    (one,) = sample(predictor, plan(20), piece(4, 62), options)
    assert (one.pitches[:4] == 62).all()
    assert (one.pitches[4:] <= 61).all() and one.onsets[4].all()


def test_repeated_notes_are_struck_again() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 1.0, 0.0, 0.0, 0.0])
    (one,) = sample(predictor, plan(6))
    assert (one.pitches == 60).all() and one.onsets.all()


# === Ranges and rests ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_voices_keep_to_their_ranges_and_sound_throughout(encoding: str) -> None:
    ranges = ((72, 76), (65, 65), (55, 60), (40, 52))
    vocabulary = replace(wide_vocabulary(encoding), ranges=ranges)
    predictor = uniform_predictor(vocabulary)
    for one in sample(predictor, plan(64), options=PLAIN, variations=4):
        for voice, (low, high) in enumerate(ranges):
            column = one.pitches[:, voice]
            assert column.min() == low and column.max() == high
    narrow = replace(PLAIN, ranges=((74, 74), (60, 61), (57, 57), (41, 42)))
    (one,) = sample(predictor, plan(64), options=narrow)
    assert one.pitches.min(axis=0).tolist() == [74, 60, 57, 41]
    assert one.pitches.max(axis=0).tolist() == [74, 61, 57, 42]


# === Rules of part-writing ===


class Organum(FakePredictor):
    """All voices move up or down a tone at every step, and together, if they may."""

    def voice_logits(self, state, voice, chosen):  # type: ignore[no-untyped-def]
        sounding = state.pitches
        rows = np.arange(len(sounding))
        tones = np.full((len(sounding), self.vocabulary.size), 1e-4)
        if voice == 0:
            for tone in (-2, 2):
                tones[rows, (sounding[:, 0] + tone) % self.vocabulary.size] = 1
        else:
            tone = chosen[:, 0] - sounding[:, 0]
            tones[rows, (sounding[:, voice] + tone) % self.vocabulary.size] = 1
        return np.log(tones)


def organum(encoding: str) -> Organum:
    ranges = ((60, 81), (53, 74), (48, 69), (41, 62))
    vocabulary = replace(wide_vocabulary(encoding), ranges=ranges)
    return Organum(vocabulary, uniform_predictor(vocabulary).table)


FIFTHS = Chorale(pitches=np.tile([72, 65, 60, 53], (4, 1)))


def findings(pieces: list[Chorale]) -> dict[str, int]:
    """Return how often each rule is broken after an opening of four steps."""
    tallies = rates(pieces, rules=EXACT_RULES, start=4)
    return {name: tally.findings for name, tally in tallies.items()}


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_rules_make_faults_rare_or_rule_them_out(encoding: str) -> None:
    predictor = organum(encoding)
    off, lenient, strict = (
        findings(
            sample(
                predictor,
                plan(68),
                FIFTHS,
                replace(PLAIN, rules=rules),
                variations=8,
            )
        )
        for rules in ("off", "lenient", "strict")
    )
    assert off["parallel-fifths"] > 500 and off["parallel-octaves"] > 300
    assert 0 < sum(lenient.values()) < sum(off.values()) / 10
    assert not any(strict.values())


@pytest.mark.parametrize("rules", ["lenient", "strict"])
def test_rules_keep_the_opening_and_the_stream(rules: str) -> None:
    predictor, options = organum("hold"), replace(PLAIN, rules=rules)
    faulty = Chorale(pitches=np.array([[72, 65, 60, 53], [74, 67, 62, 55]] * 4))
    four = sample(predictor, plan(40), faulty, options, variations=4)
    assert all(np.array_equal(one.pitches[:8], faulty.pitches) for one in four)
    assert sample(predictor, plan(40), faulty, options) == four[:1]
    assert sample(predictor, plan(40), faulty, PLAIN) != four[:1]


def test_rules_count_before_the_nucleus() -> None:
    # All that is likely is wrong; the rules choose from the rest.
    predictor = organum("hold")
    for options in (
        SamplingOptions(rules="strict", top_p=0.5),
        SamplingOptions(rules="strict", top_k=1),
    ):
        pieces = sample(predictor, plan(68), FIFTHS, options)
        assert not any(findings(pieces).values())


def test_where_every_note_breaks_a_rule_one_is_written() -> None:
    one_way = ((74, 74), (67, 67), (62, 62), (55, 55))
    options = replace(PLAIN, rules="strict", ranges=one_way)
    (one,) = sample(uniform_predictor(wide_vocabulary()), plan(6), FIFTHS, options)
    assert one.pitches[4].tolist() == [74, 67, 62, 55]
    # A tone up or an octave: the tone breaks less.
    two_ways = ((74, 74), (67, 67), (62, 62), (55, 67))
    options = replace(options, ranges=two_ways, top_k=1)
    (one,) = sample(uniform_predictor(wide_vocabulary()), plan(6), FIFTHS, options)
    assert findings([one])["parallel-fifths"] < 3


def test_no_rule_reaches_across_a_fermata() -> None:
    predictor, strict = organum("pitch"), replace(PLAIN, rules="strict", top_k=1)
    tone_down = [70, 63, 58, 51]
    for stands, follows in ((True, True), (False, False)):
        fermatas = np.array([stands] * 4 + [False] * 4)
        whole = Plan.of(piece(8, fermatas=fermatas))
        (one,) = sample(predictor, whole, FIFTHS, strict)
        assert (one.pitches[4].tolist() == tone_down) is follows


# === Openings ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
@settings(max_examples=20)
@given(chorales(most_steps=20))
def test_the_opening_comes_back_note_for_note(encoding: str, opening: Chorale) -> None:
    whole = Plan.of(opening).with_bars(int(opening.bars[-1]) + 2)
    predictor = uniform_predictor(wide_vocabulary(encoding))
    for one in sample(predictor, whole, opening, variations=2):
        assert one.steps == whole.steps
        assert np.array_equal(one.pitches[: opening.steps], opening.pitches)
        assert np.array_equal(one.onsets[: opening.steps], opening.onsets)


def test_the_predictor_has_heard_the_opening() -> None:
    vocabulary = toy_vocabulary("hold")
    # Whatever sounds is held for ever; what follows nothing is C4.
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    table[..., vocabulary.hold] = 1
    table[:, vocabulary.nothing] = [0, 1, 0, 0, 0]
    predictor = FakePredictor(vocabulary, table)
    (one,) = sample(predictor, plan(10), piece(3, 62))
    assert (one.pitches == 62).all() and one.onsets.sum() == VOICES


def test_the_result_is_laid_out_by_the_plan_and_named_after_the_opening() -> None:
    pattern = piece(
        36,
        fermatas=np.arange(36) > 30,
        metres=(Metre(3, 4),),
        key=Key("D", "minor"),
        tempo=50,
    )
    opening = piece(12, key=Key("G", "major"), tempo=90, title="Vater unser")
    predictor = uniform_predictor(toy_vocabulary())
    (one,) = sample(predictor, Plan.of(pattern), opening)
    assert np.array_equal(one.bars, pattern.bars)
    assert np.array_equal(one.positions, pattern.positions)
    assert np.array_equal(one.fermatas, pattern.fermatas)
    assert one.metres == pattern.metres
    assert (one.key, one.tempo, one.title) == (
        Key("D", "minor"),
        90,
        "After Vater unser",
    )
    (other,) = sample(predictor, Plan.of(pattern), piece(12, source="bwv1"))
    assert other.title == "After bwv1"


def test_without_an_opening_the_plan_says_all() -> None:
    pattern = piece(8, key=Key("D", "minor"), tempo=50, title="Vater unser")
    (one,) = sample(uniform_predictor(toy_vocabulary()), Plan.of(pattern))
    assert (one.key, one.tempo, one.title) == (Key("D", "minor"), DEFAULT_TEMPO, "")


@pytest.mark.parametrize("steps", [16, 17])
def test_an_opening_has_to_leave_something_to_write(steps: int) -> None:
    with pytest.raises(
        UsageError, match=r"the piece ends in bar 1, .* nothing to write"
    ):
        sample(uniform_predictor(toy_vocabulary()), plan(16), piece(steps))


def test_an_opening_outside_the_vocabulary_is_refused_by_name() -> None:
    opening = piece(4, 63, source="bwv1")
    with pytest.raises(DataError, match="bwv1: the soprano's D#4 in bar 1 is outside"):
        sample(uniform_predictor(toy_vocabulary()), plan(16), opening)


# === Fragments ===


def some_given(pitches: np.ndarray, given: np.ndarray) -> Fragment:
    """Return a piece in which every note is struck, so that each is given alone."""
    onsets = np.ones(pitches.shape, bool)
    return Fragment(Chorale(pitches=pitches, onsets=onsets), given)


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
@pytest.mark.parametrize("particles", [1, 5])
@settings(max_examples=20)
@given(chorales(most_steps=20), data())
def test_what_is_given_comes_back_note_for_note(
    encoding: str, particles: int, whole: Chorale, drawn: DataObject
) -> None:
    cells = drawn.draw(arrays(bool, (whole.steps, VOICES)))
    cells[0, 0] = False
    assume(not extend_to_onsets(cells, whole).all())
    fragment = Fragment(whole, cells)
    predictor = uniform_predictor(wide_vocabulary(encoding))
    options = SamplingOptions(particles=particles)
    for one in complete(predictor, [fragment] * 2, options):
        kept = fragment.given
        assert np.array_equal(one.pitches[kept], whole.pitches[kept])
        assert np.array_equal(one.onsets[kept], whole.onsets[kept])
        assert one.key == whole.key and np.array_equal(one.fermatas, whole.fermatas)


def test_a_soprano_is_heard_by_the_voices_under_it() -> None:
    tune = np.array([60, 62, 61, 61, 60, 62, 62, 60])
    melody = Chorale(pitches=np.stack([tune, *[np.full(8, 60)] * 3], axis=1))
    for particles in (1, 4):
        options = replace(PLAIN, particles=particles)
        (one,) = complete(echo(), [with_voice(melody, SOPRANO)], options)
        assert (one.pitches == tune[:, np.newaxis]).all()


def test_what_is_not_given_is_not_read() -> None:
    pitches = np.full((4, VOICES), 60)
    pitches[:, 1:] = 127
    predictor = uniform_predictor(toy_vocabulary())
    complete(predictor, [with_voice(Chorale(pitches=pitches), SOPRANO)])
    with pytest.raises(DataError, match="the alto's G9 in bar 1 is outside"):
        complete(predictor, [with_voice(Chorale(pitches=pitches), 1)])


TEMPERATURE = 0.8
FIRST = np.array([0.6, 0.3, 0.1])
MOVE = np.array([[0.8, 0.15, 0.05], [0.3, 0.5, 0.2], [0.05, 0.15, 0.8]])


def bridges(particles: int) -> np.ndarray:
    """Let four chains be completed of which the bass's third and fifth note are given.

    Returns:
        int array (pieces, 5, 4), which of three notes each voice sings.
    """
    vocabulary = toy_vocabulary("pitch")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    table[:, vocabulary.nothing, 1:] = FIRST
    table[:, 1:4, 1:] = MOVE
    given = np.zeros((5, VOICES), bool)
    given[[2, 4], 3] = True
    pitches = np.full((5, VOICES), 60)
    pitches[2] = 62
    pieces = complete(
        FakePredictor(vocabulary, table),
        [some_given(pitches, given)] * 2000,
        replace(PLAIN, particles=particles, temperature=TEMPERATURE),
    )
    return np.stack([one.pitches for one in pieces]) - 60


def tempered(probabilities: np.ndarray) -> np.ndarray:
    powers = probabilities ** (1 / TEMPERATURE)
    return powers / powers.sum(axis=-1, keepdims=True)


def pairs(lines: np.ndarray, first: int, voice: int) -> np.ndarray:
    """Return how often each pair of notes comes at `first` and the step after."""
    return np.bincount(lines[:, first : first + 2, voice] @ [3, 1], minlength=9)


# 99.9th percentiles of chi-square with 8 and 2 degrees of freedom.
LIKELY_8, LIKELY_2 = 26.1, 13.8


def test_drafts_are_led_by_what_is_to_come() -> None:
    first, move = tempered(FIRST), tempered(MOVE)
    prior = first[:, np.newaxis] * move
    posterior = prior * move[:, 2]
    posterior /= posterior.sum()
    lines = bridges(64)
    assert chi_square(pairs(lines, 0, 3), 2000 * posterior.ravel()) < LIKELY_8
    assert chi_square(pairs(lines, 0, 3), 2000 * prior.ravel()) > 10 * LIKELY_8
    # Between the notes that are given, what leads from the one to the other.
    between = move[2] * move[:, 0]
    observed = np.bincount(lines[:, 3, 3], minlength=3)
    assert chi_square(observed, 2000 * between / between.sum()) < LIKELY_2
    # The other voices go on from their own notes when drafts are copied.
    alone = (first @ move @ move)[:, np.newaxis] * move
    assert chi_square(pairs(lines, 2, 1), 2000 * alone.ravel()) < LIKELY_8


def test_a_single_draft_does_not_know_what_is_to_come() -> None:
    first, move = tempered(FIRST), tempered(MOVE)
    prior = first[:, np.newaxis] * move
    lines = bridges(1)
    assert chi_square(pairs(lines, 0, 3), 2000 * prior.ravel()) < LIKELY_8
    observed = np.bincount(lines[:, 3, 3], minlength=3)
    assert chi_square(observed, 2000 * move[2]) < LIKELY_2


def test_drafts_that_are_copied_hold_their_own_notes() -> None:
    vocabulary = toy_vocabulary("hold")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    # An upper voice begins out of silence at random, and falls silent seldom.
    table[:3, :, :2] = 0.5
    table[:3, 1] = [0.1, 0, 0, 0, 0.9]
    # The bass goes on as it began, which was otherwise as a rule.
    table[3, vocabulary.nothing, 1:3] = 0.8, 0.2
    table[3, 1, 1:3] = 0.999, 0.001
    table[3, 2, 1:3] = 0.001, 0.999
    given = np.zeros((4, VOICES), bool)
    given[1:, 3] = True
    bass = some_given(np.full((4, VOICES), 61), given)
    options = replace(PLAIN, rests=True, particles=16)
    pieces = complete(FakePredictor(vocabulary, table), [bass] * 300, options)
    assert np.mean([one.pitches[0, 3] == 61 for one in pieces]) > 0.9
    # Drafts were copied at the second step; who held a note then still knows of it.
    lines = np.concatenate([one.pitches[:, :3] for one in pieces], axis=1)
    held = (lines[:2] > 0).all(axis=0)
    assert held.sum() > 300
    assert np.mean(lines[2, held] == 0) == pytest.approx(0.1, abs=0.05)


def test_what_no_draft_holds_possible_tells_none_from_the_others() -> None:
    vocabulary = toy_vocabulary("pitch")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    table[..., 1:3] = 0.5
    table[3, 2, 1:], table[3, 3, 1:] = [0, 0.001, 0.999], [0, 0, 1]
    # The bass cannot go from E to C, but is said to. From C it goes to C or D, and to
    # the E that is given then from D alone.
    pitches = np.array([60, 62, 60, 60, 62])[:, np.newaxis].repeat(VOICES, axis=1)
    given = np.zeros((5, VOICES), bool)
    given[[1, 2, 4], 3] = True
    pieces = complete(
        FakePredictor(vocabulary, table), [some_given(pitches, given)] * 20, PLAIN
    )
    assert [one.pitches[3, 3] for one in pieces] == [61] * 20


@pytest.mark.parametrize("rules", ["lenient", "strict"])
def test_drafts_avoid_faults_with_notes_that_are_given_later_in_the_step(
    rules: str,
) -> None:
    # The soprano is written first, and the bass given under it.
    steps = np.arange(32)
    pitches = np.full((32, VOICES), 60)
    pitches[:, 3] = 48 + 2 * (steps % 2)
    bass = some_given(pitches, np.tile(np.arange(VOICES) == 3, (32, 1)))
    ranges = ((60, 62), (57, 59), (53, 56), (48, 50))
    predictor = uniform_predictor(wide_vocabulary())

    def faults(particles: int) -> int:
        options = SamplingOptions(
            top_p=1.0, ranges=ranges, particles=particles, rules=rules
        )
        drawn = complete(predictor, [bass] * 16, options)
        tallies = rates(drawn, rules=["parallel-fifths", "parallel-octaves"])
        return sum(one.findings for one in tallies.values())

    assert faults(1) > 20
    assert faults(32) < faults(1) / 4


def test_completed_pieces_do_not_depend_on_what_they_are_written_beside() -> None:
    predictor = uniform_predictor(wide_vocabulary())
    fragments = [with_voice(piece(steps, 67), SOPRANO) for steps in (40, 16, 24)] * 4
    several = complete(predictor, fragments)
    assert complete(predictor, []) == []
    assert [one.steps for one in several] == [40, 16, 24] * 4
    for count in (1, 2, 3):
        assert complete(predictor, fragments[:count])[-1] == several[count - 1]
    assert several[0] != several[3]
    other = complete(predictor, fragments[:1], SamplingOptions(random_state=1))
    assert other != several[:1]


class Recollecting(FakePredictor):
    """The soprano prefers what the alto sang first, at every step and for ever."""

    def start(self, plan):  # type: ignore[no-untyped-def]
        return super().start(plan), np.zeros(len(plan), int)

    def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
        past, first = state
        first = np.where(first > 0, first, tokens[:, 1])
        return super().advance(past, tokens, plan), first

    def select(self, state, rows):  # type: ignore[no-untyped-def]
        return super().select(state[0], rows), state[1][rows]

    def voice_logits(self, state, voice, chosen):  # type: ignore[no-untyped-def]
        logits = super().voice_logits(state[0], voice, chosen)
        liked = np.eye(self.vocabulary.size)[state[1]] * (state[1] > 0)[:, np.newaxis]
        return logits + 0.02 * liked * (voice == 0)


def test_a_passage_does_not_depend_on_a_later_one_beside_it() -> None:
    vocabulary = toy_vocabulary("pitch")
    predictor = Recollecting(vocabulary, uniform_predictor(vocabulary).table)
    passages = []
    for step, voice in ((0, 1), (399, 2)):
        given = np.ones((400, VOICES), bool)
        given[step, voice] = False
        passages.append(some_given(np.full((400, VOICES), 62), given))
    for state in range(10):
        options = replace(PLAIN, particles=32, random_state=state)
        (alone,) = complete(predictor, passages[:1], options)
        assert complete(predictor, passages, options)[0] == alone


def test_progress_counts_the_steps_of_every_batch() -> None:
    seen: list[tuple[int, int]] = []
    fragments = [with_voice(piece(8), SOPRANO)] * 5
    complete(
        uniform_predictor(toy_vocabulary()),
        fragments,
        SamplingOptions(particles=16),
        progress=lambda *step: seen.append(step),
    )
    assert seen == [(step, 16) for step in range(1, 17)]  # 80 drafts, two batches


class Counter(FakePredictor):
    """Remembers how many rows it was asked for at each step."""

    rows: list[int]

    def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
        self.rows.append(len(tokens))
        return super().advance(state, tokens, plan)


@pytest.mark.parametrize(("particles", "steps"), [(4, 20 + 64), (1, 20)])
def test_of_what_is_given_around_a_passage_little_is_heard_by_every_draft(
    particles: int, steps: int
) -> None:
    predictor = Counter(toy_vocabulary(), uniform_predictor(toy_vocabulary()).table)
    object.__setattr__(predictor, "rows", [])
    given = np.ones((200, VOICES), bool)
    given[10:20, 1] = False
    passage = some_given(np.full((200, VOICES), 61), given)
    complete(predictor, [passage], SamplingOptions(particles=particles))
    assert predictor.rows == [1] * 10 + [particles] * (steps - 11)


# === Variations and randomness ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_the_first_of_four_is_the_only_one_of_one(encoding: str) -> None:
    predictor = uniform_predictor(toy_vocabulary(encoding))
    four = sample(predictor, plan(32), piece(4), variations=4)
    (alone,) = sample(predictor, plan(32), piece(4))
    assert four[0] == alone
    assert all(one != other for one, other in itertools.combinations(four, 2))


def test_the_random_state_decides() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    (one,) = sample(predictor, plan(32))
    assert sample(predictor, plan(32), options=SamplingOptions(random_state=0)) == [one]
    assert sample(predictor, plan(32), options=SamplingOptions(random_state=1)) != [one]


def test_a_longer_piece_begins_like_a_shorter_one() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    (short,), (long,) = sample(predictor, plan(16)), sample(predictor, plan(32))
    assert np.array_equal(long.pitches[:16], short.pitches)


def test_starts_of_different_lengths_share_a_batch() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    starts = [Start(plan(16), piece(4, 62)), Start(plan(32), None)] * 40
    several = sample_each(predictor, starts)
    assert [one.steps for one in several] == [16, 32] * 40
    assert (several[0].pitches[:4] == 62).all()
    assert several[0] == sample_each(predictor, starts[:1])[0]
    assert several[1] == sample_each(predictor, starts[:2])[1]
    # 80 pieces take two batches, and no two of one plan are the same.
    assert len({one.pitches.tobytes() for one in several}) == 80


def test_the_plan_reaches_the_predictor_step_by_step() -> None:
    heard = []

    class Listener(FakePredictor):
        def start(self, plan):  # type: ignore[no-untyped-def]
            heard.append(plan)
            return super().start(plan)

        def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
            heard.append(plan)
            return super().advance(state, tokens, plan)

    vocabulary = toy_vocabulary()
    listener = Listener(
        vocabulary,
        uniform_predictor(vocabulary).table,
        plan_features=("to_end", "position"),
    )
    sample(listener, plan(20), variations=2)
    told = np.stack(heard)
    assert told.shape == (20, 2, 2)
    expected = plan(20).features(["to_end", "position"])
    assert np.array_equal(told[:, 0], expected) and np.array_equal(told[:, 1], expected)


def test_progress_counts_the_steps() -> None:
    calls: list[tuple[int, int]] = []
    sample(
        uniform_predictor(toy_vocabulary()),
        plan(5),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(done, 5) for done in range(1, 6)]


def test_no_variations_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 variation, got 0"):
        sample(uniform_predictor(toy_vocabulary()), plan(5), variations=0)

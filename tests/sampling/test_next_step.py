"""Next-step sampling: distributions, HOLD, ranges, rules, and the particle filter."""

from __future__ import annotations

import itertools
import math
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import (
    PLAIN,
    FakePredictor,
    memoryless_predictor,
    piece,
    plan,
    toy_vocabulary,
    uniform_predictor,
    wide_vocabulary,
)
from hypothesis import assume, given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DataObject, data
from strategies import chorales

from chorale.encoding.plan import Plan
from chorale.errors import DataError, UsageError
from chorale.music.keys import Key
from chorale.music.metre import COMMON_TIME, number_bars
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICES
from chorale.sampling import next_step
from chorale.sampling.asked_plan import Ending
from chorale.sampling.fragments import Fragment, extend_to_onsets, with_voice
from chorale.sampling.generate import Start, complete, sample
from chorale.sampling.next_step import NextStepSampler
from chorale.sampling.next_step_options import SamplingOptions
from chorale.voice_leading.checking import rates
from chorale.voice_leading.faults import EXACT_RULES


def chi_square(observed: np.ndarray, expected: np.ndarray) -> float:
    return float(((observed - expected) ** 2 / expected).sum())


# === Options ===


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": 0.0}, "temperature above 0, got 0.0"),
        ({"temperature": -1.0}, "temperature above 0, got -1.0"),
        ({"temperature": math.nan}, "finite number as temperature, got nan"),
        ({"temperature": math.inf}, "finite number as temperature, got inf"),
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


# === Distributions ===


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
    pitches = np.concatenate([piece.pitches for piece in pieces])
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
    onsets = np.concatenate([piece.onsets[1:] for piece in pieces])
    assert onsets.mean() == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / onsets.size))
    assert {pitch for written in pieces for pitch in written.pitches.ravel()} == {61}


def test_top_p_leaves_it_to_the_model_how_long_rests_are() -> None:
    # A rest is entered once and seldom left; the only note after it is C#4.
    predictor = memoryless_predictor(toy_vocabulary("hold"), [0.9, 0.02, 0.05, 0.03, 0])
    options = replace(PLAIN, top_p=0.5, rests=True)
    pieces = sample(predictor, plan(50), options=options, variations=20)
    pitches = np.concatenate([piece.pitches for piece in pieces])
    assert set(pitches.ravel()) == {0, 61}
    silent = np.concatenate([piece.pitches[:-1] == 0 for piece in pieces])
    after = np.concatenate([piece.pitches[1:] for piece in pieces])[silent]
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
    lines = np.stack([piece.pitches for piece in pieces]).transpose(0, 2, 1) - 60
    observed = np.array([(lines == word).all(axis=2).sum() for word in words])
    # 99.9th percentile of chi-square with 26 degrees of freedom.
    assert chi_square(observed, expected * 4000) < 54.1


class Echo(FakePredictor):
    """All voices copy the soprano."""

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


def test_voices_depend_on_the_voices_written_before_them() -> None:
    (written,) = sample(echo(), plan(40), options=PLAIN)
    assert (written.pitches == written.pitches[:, :1]).all()
    assert len(np.unique(written.pitches)) == 3


# === HOLD ===


def test_nothing_is_held_before_it_sounds() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 0.005, 0.005, 0.0, 0.99])
    for written in sample(predictor, plan(20), options=PLAIN, variations=8):
        assert written.onsets[0].all()
        assert written.onsets[1:].mean() < 0.1


def test_silence_is_not_held() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.5, 0.1, 0.1, 0.1, 0.2])
    options = replace(PLAIN, rests=True)
    # Decoding refuses tokens that hold silence.
    pieces = sample(predictor, plan(40), options=options, variations=8)
    pitches = np.concatenate([piece.pitches for piece in pieces])
    assert (pitches == 0).any() and (pitches > 0).any()


def test_a_note_outside_the_range_is_let_go_after_the_opening() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 0.005, 0.005, 0.0, 0.99])
    options = replace(PLAIN, ranges=((60, 61),) * 4)
    (written,) = sample(predictor, plan(20), piece(4, 62), options)
    assert (written.pitches[:4] == 62).all()
    assert (written.pitches[4:] <= 61).all() and written.onsets[4].all()


def test_repeated_notes_are_struck_again() -> None:
    vocabulary = toy_vocabulary("hold")
    predictor = memoryless_predictor(vocabulary, [0.0, 1.0, 0.0, 0.0, 0.0])
    (written,) = sample(predictor, plan(6))
    assert (written.pitches == 60).all() and written.onsets.all()


# === Ranges and rests ===


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_voices_keep_to_their_ranges_and_sound_throughout(encoding: str) -> None:
    ranges = ((72, 76), (65, 65), (55, 60), (40, 52))
    vocabulary = replace(wide_vocabulary(encoding), ranges=ranges)
    predictor = uniform_predictor(vocabulary)
    for written in sample(predictor, plan(64), options=PLAIN, variations=4):
        for voice, (low, high) in enumerate(ranges):
            column = written.pitches[:, voice]
            assert column.min() == low and column.max() == high
    narrow = replace(PLAIN, ranges=((74, 74), (60, 61), (57, 57), (41, 42)))
    (written,) = sample(predictor, plan(64), options=narrow)
    assert written.pitches.min(axis=0).tolist() == [74, 60, 57, 41]
    assert written.pitches.max(axis=0).tolist() == [74, 61, 57, 42]


# === Rules of part-writing ===


class Organum(FakePredictor):
    """All voices move in parallel, up or down a tone at every step, if allowed."""

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
    """Return how often each rule is broken after an opening of four steps.

    The last beat does not count: there the chord on which a piece ends has costs too,
    and where no note is free of all of them, the least is an overlap.
    """
    parts = [piece.opening(piece.steps - 4) for piece in pieces]
    tallies = rates(parts, rules=EXACT_RULES, start=4)
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


def test_rules_cost_more_where_chords_are_planned() -> None:
    predictor, options = organum("pitch"), replace(PLAIN, rules="lenient", particles=1)
    written = [
        complete(
            predictor,
            [replace(Start(plan(68), FIFTHS).fragment(), chords=chords)] * 16,
            options,
        )
        for chords in (None, ())
    ]
    free, planned = (sum(findings(pieces).values()) for pieces in written)
    assert planned < free / 2


def test_particles_that_need_not_break_rules_go_on_where_chords_are_planned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fragment = Start(plan(68), FIFTHS).fragment()
    given = np.array(fragment.given)
    given[-1] = True  # what is given at the end weighs the particles
    led = replace(fragment, given=given, chords=())
    options = replace(PLAIN, rules="lenient", particles=8)

    def written() -> int:
        return sum(findings(complete(organum("pitch"), [led] * 16, options)).values())

    weighed = written()
    monkeypatch.setattr(
        next_step, "log_shares", lambda logits, costs: np.zeros(len(logits))
    )
    assert weighed < written() / 2


@pytest.mark.parametrize("rules", ["lenient", "strict"])
def test_rules_keep_the_opening_and_the_stream(rules: str) -> None:
    predictor, options = organum("hold"), replace(PLAIN, rules=rules)
    faulty = Chorale(pitches=np.array([[72, 65, 60, 53], [74, 67, 62, 55]] * 4))
    four = sample(predictor, plan(40), faulty, options, variations=4)
    assert all(np.array_equal(written.pitches[:8], faulty.pitches) for written in four)
    assert sample(predictor, plan(40), faulty, options) == four[:1]
    assert sample(predictor, plan(40), faulty, PLAIN) != four[:1]


def test_rules_count_before_the_nucleus() -> None:
    # All likely notes break a rule; the rules choose from the rest.
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
    (written,) = sample(uniform_predictor(wide_vocabulary()), plan(6), FIFTHS, options)
    assert written.pitches[4].tolist() == [74, 67, 62, 55]
    # A tone up or an octave: the tone breaks less.
    two_ways = ((74, 74), (67, 67), (62, 62), (55, 67))
    options = replace(options, ranges=two_ways, top_k=1)
    (written,) = sample(uniform_predictor(wide_vocabulary()), plan(6), FIFTHS, options)
    assert findings([written])["parallel-fifths"] < 3


def test_no_rule_reaches_across_a_fermata() -> None:
    predictor, strict = organum("pitch"), replace(PLAIN, rules="strict", top_k=1)
    tone_down = [70, 63, 58, 51]
    # The tone down is off the beat, where open fifths are no faults.
    bars, positions = number_bars(8, (COMMON_TIME,), pickup=2)
    for stands, follows in ((True, True), (False, False)):
        fermatas = np.array([stands] * 4 + [False] * 4)
        whole = piece(8, fermatas=fermatas, bars=bars, positions=positions)
        (written,) = sample(predictor, Plan.of(whole), FIFTHS, strict)
        assert (written.pitches[4].tolist() == tone_down) is follows


# === The same notes as ever ===


def random_walks(encoding: str) -> FakePredictor:
    """Return a predictor of random probabilities, in which notes near by are likely."""
    ranges = ((60, 81), (53, 74), (48, 69), (41, 62))
    vocabulary = replace(wide_vocabulary(encoding), ranges=ranges)
    random = np.random.default_rng(5)
    before = np.arange(vocabulary.pitch_count + 1)[:, np.newaxis]
    distances = np.abs(before - np.arange(vocabulary.size))
    shape = (VOICES, vocabulary.pitch_count + 1, vocabulary.size)
    table = random.gamma(0.5, size=shape) * np.exp(-distances / 3) + 1e-4
    if vocabulary.hold is not None:
        table[..., vocabulary.hold] = random.gamma(1, size=shape[:2]) * 5
    return FakePredictor(vocabulary, table / table.sum(axis=-1, keepdims=True))


# Checksums of the notes of `checksum`: without rules as the samplers of version 0.13
# wrote them, with rules as those of 0.18.
CHECKSUMS = {
    "hold off 1": 2543582059,
    "hold off 6": 1812695435,
    "hold lenient 1": 2724578356,
    "hold lenient 6": 744707900,
    "hold strict 1": 4066459065,
    "hold strict 6": 2410575687,
    "pitch off 1": 4059971014,
    "pitch off 6": 2211299030,
    "pitch lenient 1": 4164237230,
    "pitch lenient 6": 10727472,
    "pitch strict 1": 4290531583,
    "pitch strict 6": 475241080,
}


@pytest.mark.parametrize("case", CHECKSUMS)
def test_notes_of_a_random_state_do_not_change(case: str) -> None:
    encoding, rules, particles = case.split()
    assert checksum(encoding, rules, int(particles)) == CHECKSUMS[case]


def checksum(encoding: str, rules: str, particles: int) -> int:
    """Return a checksum of the notes written for openings and under sopranos."""
    fermatas = np.arange(48) % 12 < 2
    tune = np.resize([72, 74, 76, 74, 72, 71, 69, 71], 48)[:, np.newaxis]
    pitches = np.concatenate([tune, np.full((48, 3), 60)], axis=1)
    whole = Chorale(pitches=pitches, fermatas=fermatas, key=Key("C", "major"))
    given = np.tile(np.arange(VOICES) == SOPRANO, (48, 1))
    given[:8] = True
    fragments = [Fragment(whole, given), Fragment(whole.transpose(2), given[:, ::-1])]
    fragments += [Start(Plan.of(whole), whole.opening(8)).fragment()] * 2
    options = SamplingOptions(
        temperature=1.0,
        rules=rules,
        particles=particles,
        random_state=3,
        rests=rules == "strict",
    )
    written = complete(random_walks(encoding), fragments, options)
    notes = [np.r_[piece.pitches.ravel(), piece.onsets.ravel()] for piece in written]
    return zlib.crc32(np.concatenate(notes).astype("<i8").tobytes())


# === Given notes ===


def some_given(pitches: np.ndarray, given: np.ndarray) -> Fragment:
    """Return a piece in which every step is attacked, so that each is given alone."""
    onsets = np.ones(pitches.shape, bool)
    return Fragment(Chorale(pitches=pitches, onsets=onsets), given)


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
@pytest.mark.parametrize("particles", [1, 5])
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
    for written in complete(predictor, [fragment] * 2, options):
        kept = fragment.given
        assert np.array_equal(written.pitches[kept], whole.pitches[kept])
        assert np.array_equal(written.onsets[kept], whole.onsets[kept])
        assert written.key == whole.key and np.array_equal(
            written.fermatas, whole.fermatas
        )


def test_lower_voices_depend_on_a_given_soprano() -> None:
    tune = np.array([60, 62, 61, 61, 60, 62, 62, 60])
    melody = Chorale(pitches=np.stack([tune, *[np.full(8, 60)] * 3], axis=1))
    for particles in (1, 4):
        options = replace(PLAIN, particles=particles)
        (written,) = complete(echo(), [with_voice(melody, SOPRANO)], options)
        assert (written.pitches == tune[:, np.newaxis]).all()


def test_what_is_not_given_is_not_read() -> None:
    pitches = np.full((4, VOICES), 60)
    pitches[:, 1:] = 127
    predictor = uniform_predictor(toy_vocabulary())
    complete(predictor, [with_voice(Chorale(pitches=pitches), SOPRANO)])
    with pytest.raises(DataError, match="the alto's G9 in bar 1 is outside"):
        complete(predictor, [with_voice(Chorale(pitches=pitches), 1)])


# === Particles ===


PIECES, TEMPERATURE = 500, 0.8
FIRST = np.array([0.6, 0.3, 0.1])
MOVE = np.array([[0.8, 0.15, 0.05], [0.3, 0.5, 0.2], [0.05, 0.15, 0.8]])


def bridges(particles: int) -> np.ndarray:
    """Complete chains of which the third and fifth note of the bass are given.

    Returns:
        int array (pieces, 5, 4), index of the note of each voice.
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
        [some_given(pitches, given)] * PIECES,
        replace(PLAIN, particles=particles, temperature=TEMPERATURE),
    )
    return np.stack([piece.pitches for piece in pieces]) - 60


def tempered(probabilities: np.ndarray) -> np.ndarray:
    powers = probabilities ** (1 / TEMPERATURE)
    return powers / powers.sum(axis=-1, keepdims=True)


def pairs(lines: np.ndarray, first: int, voice: int) -> np.ndarray:
    """Return the counts of the pairs of notes at `first` and the step after."""
    return np.bincount(lines[:, first : first + 2, voice] @ [3, 1], minlength=9)


# 99.9th percentiles of chi-square with 8 and 2 degrees of freedom.
LIKELY_8, LIKELY_2 = 26.1, 13.8


def test_many_particles_sample_the_posterior() -> None:
    first, move = tempered(FIRST), tempered(MOVE)
    prior = first[:, np.newaxis] * move
    posterior = prior * move[:, 2]
    posterior /= posterior.sum()
    lines = bridges(64)
    assert chi_square(pairs(lines, 0, 3), PIECES * posterior.ravel()) < LIKELY_8
    assert chi_square(pairs(lines, 0, 3), PIECES * prior.ravel()) > 5 * LIKELY_8
    # Between two given notes, a note depends on both.
    between = move[2] * move[:, 0]
    observed = np.bincount(lines[:, 3, 3], minlength=3)
    assert chi_square(observed, PIECES * between / between.sum()) < LIKELY_2
    # The other voices continue their own notes when particles are resampled.
    alone = (first @ move @ move)[:, np.newaxis] * move
    assert chi_square(pairs(lines, 2, 1), PIECES * alone.ravel()) < LIKELY_8


def test_a_single_particle_samples_the_prior() -> None:
    first, move = tempered(FIRST), tempered(MOVE)
    prior = first[:, np.newaxis] * move
    lines = bridges(1)
    assert chi_square(pairs(lines, 0, 3), PIECES * prior.ravel()) < LIKELY_8
    observed = np.bincount(lines[:, 3, 3], minlength=3)
    assert chi_square(observed, PIECES * move[2]) < LIKELY_2


def test_resampled_particles_keep_their_own_state() -> None:
    vocabulary = toy_vocabulary("hold")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    # An upper voice starts silent or not at random, and seldom falls silent.
    table[:3, :, :2] = 0.5
    table[:3, 1] = [0.1, 0, 0, 0, 0.9]
    # The bass keeps its first note, which is seldom the given one.
    table[3, vocabulary.nothing, 1:3] = 0.8, 0.2
    table[3, 1, 1:3] = 0.999, 0.001
    table[3, 2, 1:3] = 0.001, 0.999
    given = np.zeros((4, VOICES), bool)
    given[1:, 3] = True
    bass = some_given(np.full((4, VOICES), 61), given)
    options = replace(PLAIN, rests=True, particles=16)
    pieces = complete(FakePredictor(vocabulary, table), [bass] * 300, options)
    assert np.mean([piece.pitches[0, 3] == 61 for piece in pieces]) > 0.9
    # Particles were resampled at the second step; a held note is still held then.
    lines = np.concatenate([piece.pitches[:, :3] for piece in pieces], axis=1)
    held = (lines[:2] > 0).all(axis=0)
    assert held.sum() > 300
    assert np.mean(lines[2, held] == 0) == pytest.approx(0.1, abs=0.05)


def test_a_note_impossible_for_all_particles_changes_no_weight() -> None:
    vocabulary = toy_vocabulary("pitch")
    table = np.zeros((VOICES, vocabulary.pitch_count + 1, vocabulary.size))
    table[..., 1:3] = 0.5
    table[3, 2, 1:], table[3, 3, 1:] = [0, 0.001, 0.999], [0, 0, 1]
    # The given bass goes from E to C, which is impossible. From C it goes to C or D,
    # and to the next given E from D alone.
    pitches = np.array([60, 62, 60, 60, 62])[:, np.newaxis].repeat(VOICES, axis=1)
    given = np.zeros((5, VOICES), bool)
    given[[1, 2, 4], 3] = True
    pieces = complete(
        FakePredictor(vocabulary, table), [some_given(pitches, given)] * 20, PLAIN
    )
    assert [piece.pitches[3, 3] for piece in pieces] == [61] * 20


@pytest.mark.parametrize("rules", ["lenient", "strict"])
def test_particles_avoid_faults_with_notes_given_later_in_the_step(
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
        drawn = complete(predictor, [bass] * 8, options)
        tallies = rates(drawn, rules=["parallel-fifths", "parallel-octaves"])
        return sum(tally.findings for tally in tallies.values())

    alone = faults(1)
    assert alone > 10
    assert faults(32) < alone / 4


def test_openings_that_are_alike_are_read_once() -> None:
    vocabulary = toy_vocabulary()
    predictor = Counter(vocabulary, uniform_predictor(vocabulary).table)
    object.__setattr__(predictor, "rows", [])
    opening = piece(10, 61)
    several = sample(predictor, plan(16), opening, variations=3)
    assert predictor.rows == [1] * 10 + [3] * 5
    starts = [Start(plan(16), opening), Start(plan(16), piece(10, 60))] * 2
    predictor.rows.clear()
    options = SamplingOptions(particles=1)
    mixed = complete(predictor, [start.fragment() for start in starts], options)
    assert predictor.rows == [2] * 10 + [4] * 5
    assert [written.pitches[0, 0] for written in mixed] == [61, 60] * 2
    # The first piece of all kinds depends on the others no more than ever.
    assert np.array_equal(several[0].pitches, mixed[0].pitches)


class Counter(FakePredictor):
    """Records the number of rows at each step."""

    rows: list[int]

    def advance(self, state, tokens, plan):  # type: ignore[no-untyped-def]
        self.rows.append(len(tokens))
        return super().advance(state, tokens, plan)


@pytest.mark.parametrize(("particles", "steps"), [(4, 20 + 64), (1, 20)])
def test_most_given_steps_around_a_passage_are_read_once_per_piece(
    particles: int, steps: int
) -> None:
    predictor = Counter(toy_vocabulary(), uniform_predictor(toy_vocabulary()).table)
    object.__setattr__(predictor, "rows", [])
    given = np.ones((200, VOICES), bool)
    given[10:20, 1] = False
    passage = some_given(np.full((200, VOICES), 61), given)
    complete(predictor, [passage], SamplingOptions(particles=particles))
    assert predictor.rows == [1] * 10 + [particles] * (steps - 11)


def rewritten(predictor: FakePredictor, random_state: int, **options: Any) -> Chorale:
    """Return a piece of 90 steps, two voices of steps 4 to 9 of which are drawn."""
    given = np.ones((90, VOICES), bool)
    given[4:10, 1:3] = False
    notes = np.random.default_rng(0).integers(60, 63, (90, VOICES))
    (drawn,) = complete(
        predictor,
        [some_given(notes, given)],
        SamplingOptions(random_state=random_state, **options),
    )
    return drawn


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_equal_particles_are_read_once_after_the_passage(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary = toy_vocabulary(encoding)
    table = np.random.default_rng(1).dirichlet(
        np.full(vocabulary.size, 0.5), (VOICES, vocabulary.pitch_count + 1)
    )
    predictor = Counter(vocabulary, table)
    object.__setattr__(predictor, "rows", [])
    states, options = range(12), {"particles": 8, "rests": True}
    merged = [rewritten(predictor, state, **options) for state in states]
    rows = np.array(predictor.rows).reshape(len(states), -1)
    # Never more of them, and fewer where weights decide.
    assert (np.diff(rows[:, 9:]) <= 0).all()
    assert (rows[:, 4:9] == 8).all() and rows[:, -1].mean() < 4
    never = property(lambda self: 10**6, lambda self, step: None)
    monkeypatch.setattr(NextStepSampler, "_last_free", never, raising=False)
    for state, found in zip(states, merged, strict=True):
        expected = rewritten(predictor, state, **options)
        assert np.array_equal(found.pitches, expected.pitches)
        assert np.array_equal(found.onsets, expected.onsets)


def guided_counter() -> Counter:
    """Return a counter that knows keys, which guidance asks for."""
    vocabulary = toy_vocabulary()
    predictor = Counter(
        vocabulary,
        uniform_predictor(vocabulary).table,
        plan_features=("to_end", "key"),
    )
    object.__setattr__(predictor, "rows", [])
    return predictor


@pytest.mark.parametrize(
    ("first", "particles", "copies"),
    [(10, 1, 1), (10, 4, 1), (120, 1, 1), (120, 4, 2), (190, 1, 2), (190, 4, 2)],
)
def test_guidance_asks_twice_only_where_a_step_that_matters_is_guided(
    first: int, particles: int, copies: int
) -> None:
    predictor = guided_counter()
    given = np.ones((200, VOICES), bool)
    given[first : first + 5, 1] = False
    passage = some_given(np.full((200, VOICES), 61), given)
    complete(predictor, [passage], SamplingOptions(particles=particles))
    assert max(predictor.rows) == particles * copies


@pytest.mark.parametrize(
    ("chords", "options", "rows"),
    [
        (None, {"guidance": 0.0}, 8),
        ((), {"guidance": 0.0}, 16),
        (None, {"particles": 3}, 3 * 2),
        ((), {"particles": 3}, 3),
    ],
)
def test_planned_chords_take_more_particles_and_no_guidance(
    chords: tuple[()] | None, options: dict, rows: int
) -> None:
    predictor = guided_counter()
    given = np.ones((20, VOICES), bool)
    given[10:, 1] = False
    passage = replace(some_given(np.full((20, VOICES), 61), given), chords=chords)
    led = replace(passage, endings=(Ending(Key("C", "major")),))
    complete(predictor, [led], SamplingOptions(**options))
    assert max(predictor.rows) == rows

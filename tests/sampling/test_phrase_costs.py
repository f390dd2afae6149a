"""Phrase costs: drafts of a piece meet after each phrase and go on from the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from fakes import PLAIN, toy_vocabulary, uniform_predictor
from fakes import plan as plan_without_key

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.windows import Window
from chorale.models.critic.events import TABLES
from chorale.models.critic.tables import Critic
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import BASS, TENOR
from chorale.sampling import phrase_costs
from chorale.sampling.asked_plan import Ending
from chorale.sampling.fault_costs import fault_cost, tally_rules
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import Start, complete, sample
from chorale.sampling.log_ratio import MELODY_PHRASES, log_ratio
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.particles import ParticleFilter
from chorale.sampling.phrase_ratio import phrase_ratio
from chorale.sampling.style_costs import style_costs
from chorale.voice_leading.rules import surprisal

INDIFFERENT = Critic({n: np.zeros(shape, np.float32) for n, shape in TABLES.items()})
PREDICTOR = replace(uniform_predictor(toy_vocabulary()), critic=INDIFFERENT)
# Phrases end with steps 15, 31 and 47; the last one has no fermata before its end.
ENDS = (16, 32, 48)


def plan() -> Plan:
    fermatas = np.zeros(ENDS[-1], np.bool_)
    for end in ENDS:
        fermatas[end - 4 : end] = True
    key = Key("C", "major")
    return replace(plan_without_key(ENDS[-1]), fermatas=fermatas, key=key)


def phrase(piece: Chorale, number: int) -> bytes:
    begin = ENDS[number] - 16
    return piece.pitches[begin : ENDS[number]].tobytes()


def height(windows: list[Window]) -> Iterator[float]:
    """Yield what phrases cost if they should be high."""
    for window in windows:
        yield -100 * float(window.chorale.pitches[window.start :].mean())


def cost_without_ratio(window: Window) -> float:
    """Return what a phrase without a given melody costs beside its log ratio."""
    ratio = phrase_ratio().of(Analysis.of(window))
    return phrase_costs.cost_of(window, has_melody=False) + ratio


def cost_to_melody(window: Window) -> float:
    """Return what a phrase with a given melody costs beside its log ratio."""
    ratio = log_ratio(MELODY_PHRASES).of(Analysis.of(window))
    assert abs(ratio) > 0.01
    return phrase_costs.cost_of(window, has_melody=True) + ratio


@pytest.fixture
def high(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """Let low phrases cost much; return the windows that are judged."""
    judged: list[Window] = []

    def cost(window: Window, **_: object) -> float:
        judged.append(window)
        return next(height([window]))

    monkeypatch.setattr(phrase_costs, "cost_of", cost)
    return judged


def drafts_of_three(
    variations: int, options: SamplingOptions = PLAIN, *, first: int = 0
) -> list[Chorale]:
    """Return pieces of which every three are drafts of one, with nothing given."""
    fragments = [Start(plan(), None).fragment()] * variations
    return complete(PREDICTOR, fragments, options, drafts=3, first=first)


def test_drafts_go_on_from_the_best_phrase_but_for_the_last(high: list[Window]) -> None:
    drafts = drafts_of_three(3)
    for number in (0, 1):
        assert len({phrase(piece, number) for piece in drafts}) == 1
    assert len({phrase(piece, 2) for piece in drafts}) == 3
    assert {window.chorale.steps - window.start for window in high} == {16}
    # The phrase before is heard too, and only the last one ends its piece.
    assert {(w.start, w.is_cut) for w in high} == {(0, True), (16, True), (16, False)}


def test_drafts_with_planned_chords_take_the_best_last_phrase_too(
    high: list[Window],
) -> None:
    (piece,) = sample(PREDICTOR, plan(), options=replace(PLAIN, critic=0.0))
    for chords, ends in ((None, 3), ((), 1)):
        fragment = replace(with_voice(piece, 0), chords=chords)
        drafts = complete(PREDICTOR, [fragment] * 3, PLAIN, drafts=3)
        assert len({phrase(draft, 2) for draft in drafts}) == ends


def test_what_is_weighed_is_better(high: list[Window]) -> None:
    def mean(**options: float) -> float:
        own = replace(PLAIN, **options)
        pieces = drafts_of_three(6, own)
        return float(np.mean([piece.pitches.mean() for piece in pieces]))

    assert mean() > mean(style=0.0) + 0.1
    assert mean() > mean(critic=0.0) + 0.1


def test_pieces_do_not_depend_on_the_drafts_of_others() -> None:
    many = drafts_of_three(6)
    assert many[:3] == drafts_of_three(3)
    assert many[3:] == drafts_of_three(3, first=3)


def test_a_phrase_costs_what_its_style_costs_and_its_faults_to_a_melody() -> None:
    (piece,) = sample(PREDICTOR, plan(), options=replace(PLAIN, critic=0.0))
    window = Window(piece, 16, "")
    analysis = Analysis.of(window)
    styles = style_costs().costs(analysis)
    assert styles.pop("phrases_again") > 0
    style = sum(styles.values())
    assert style > 0
    ratio = phrase_ratio().of(analysis)
    assert abs(ratio) > 0.1
    cost = phrase_costs.cost_of(window, has_melody=False)
    assert cost == pytest.approx(style - ratio)
    faults = fault_cost(tally_rules(analysis.piece, start=16))
    assert faults > 0
    assert [ending.kind for ending in analysis.endings] == ["none", "none"]
    cancelled, accidentals = MEASURES["cancelled_accidentals"].count(analysis)
    lines = 4 * (cancelled - 0.04 * accidentals)
    assert lines > 0
    assert cost_to_melody(window) == pytest.approx(style + faults + lines + 2 * 8 + 10)
    # Where the piece goes on, it may do so without a cadence.
    second = Window(piece.excerpt(0, 32), 16, "", is_cut=True)
    difference = cost_to_melody(replace(second, is_cut=False)) - cost_to_melody(second)
    assert difference == pytest.approx(10 + surprisal("missing-cadence"), abs=0.2)


BEFORE = [[67, 64, 60, 48], [69, 65, 60, 53]]
TONIC = [72, 64, 55, 48]
DOMINANT, INVERTED = [71, 62, 55, 43], [71, 62, 55, 47]
MISSING = 0.533 + 0.265  # half beats with motion in each beat of Bach's, any and bass


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ([DOMINANT, TONIC], 0),
        ([INVERTED, TONIC], 10),  # V6–I
        ([DOMINANT, [72, 67, 55, 52]], 10),  # V–I6
        ([[72, 65, 57, 53], TONIC], 4 + 10),  # plagal
        ([DOMINANT, [72, 64, 57, 45]], 10),  # deceptive
    ],
)
def test_pieces_end_on_a_close(end: list[list[int]], expected: float) -> None:
    piece = Chorale(
        pitches=np.repeat([*BEFORE, *end], 4, axis=0), key=Key("C", "major")
    )
    window = Window(piece, 0, "")
    with_melody = cost_to_melody(window)
    alone = cost_without_ratio(window)
    faults = fault_cost(tally_rules(Analysis.of(window).piece))
    plainness = 4 * MISSING
    assert with_melody - alone - faults == pytest.approx(expected + plainness)


@pytest.mark.parametrize(("home", "expected"), [("C", 5), ("G", 0), ("D", 0)])
def test_a_half_cadence_in_the_key_of_the_dominant_costs(
    home: str, expected: float
) -> None:
    # G C D7 G C D: a half cadence in G.
    chords = [[67, 62, 59, 55], [67, 64, 60, 48], [66, 60, 57, 50]]
    chords += [[67, 62, 59, 43], [67, 64, 60, 48], [66, 62, 57, 50]]
    pitches = np.repeat(chords, 4, axis=0)
    window = Window(Chorale(pitches=pitches, key=Key(home, "major")), 0, "")
    analysis = Analysis.of(window)
    ends = [(str(ending.key), ending.kind) for ending in analysis.endings]
    assert ends == [(str(Key("G", "major")), "HC")]
    styles = style_costs().costs(analysis)
    styles.pop("phrases_again")
    style = sum(styles.values())
    assert cost_without_ratio(window) - style == pytest.approx(expected)
    without, key, kind = (
        phrase_costs.cost_of(window, has_melody=False, asked=asked)
        for asked in (None, Ending(Key("G", "major")), Ending(Key("G", "major"), "HC"))
    )
    assert without == key == pytest.approx(kind + expected)


def test_motion_at_half_beats_is_missed_in_plain_voices_only() -> None:
    chords = np.repeat([*BEFORE, DOMINANT, TONIC], 4, axis=0)
    tenor, bass = chords.copy(), chords.copy()
    tenor[2:4, TENOR] = 59
    bass[2:4, BASS] = 50
    cost = {}
    for name, pitches in {"plain": chords, "tenor": tenor, "bass": bass}.items():
        window = Window(Chorale(pitches=pitches, key=Key("C", "major")), 0, "")
        analysis = Analysis.of(window)
        other = fault_cost(tally_rules(analysis.piece))
        with_melody = cost_to_melody(window)
        cost[name] = with_melody - cost_without_ratio(window) - other
    assert cost["plain"] - cost["tenor"] == pytest.approx(1)
    assert cost["plain"] - cost["bass"] == pytest.approx(1 + 1)


def test_cancelled_accidentals_cost_beside_their_faults() -> None:
    def cost(*alto: int) -> float:
        pitches = np.repeat([[72, pitch, 55, 48] for pitch in alto], 4, axis=0)
        window = Window(Chorale(pitches=pitches, key=Key("C", "major")), 0, "")
        faults = fault_cost(tally_rules(Analysis.of(window).piece))
        with_melody = cost_to_melody(window)
        return with_melody - cost_without_ratio(window) - faults

    difference = cost(64, 66, 65, 64) - cost(64, 66, 67, 64)
    assert difference == pytest.approx(4 * (1 - 0.04))


def test_phrases_with_a_given_soprano_have_a_melody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[tuple[int, bool, bool]] = []

    def cost(window: Window, *, has_melody: bool, **_: object) -> float:
        known.append((window.start, window.is_cut, has_melody))
        return 0.0

    monkeypatch.setattr(phrase_costs, "cost_of", cost)
    (piece,) = sample(PREDICTOR, plan(), options=replace(PLAIN, critic=0.0))
    given = np.zeros(piece.pitches.shape, np.bool_)
    given[:24, 0] = True  # the first phrase, and half of the second
    complete(PREDICTOR, [Fragment(piece, given)], PLAIN)
    later = {(16, True, False), (16, False, False)}
    assert {*known} == {(0, True, True)} | later


def test_phrases_whose_cadence_is_asked_for_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: dict[int, Ending | None] = {}

    def cost(window: Window, *, asked: Ending | None, **_: object) -> float:
        known[window.start + window.is_cut] = asked
        return 0.0

    monkeypatch.setattr(phrase_costs, "cost_of", cost)
    sample(PREDICTOR, plan(), options=PLAIN)
    assert {*known.values()} == {None}
    home, away = Key("C", "major"), Key("G", "major")
    asked = (Ending(home, "HC"), Ending(away, "HC"), Ending(home, "PAC"))
    sample(PREDICTOR, plan(), options=PLAIN, endings=asked)
    assert known == {1: asked[0], 17: asked[1], 16: asked[2]}


def test_another_key_than_the_one_asked_for_costs_unless_a_melody_is_given() -> None:
    piece = Chorale(
        pitches=np.repeat([*BEFORE, DOMINANT, TONIC], 4, axis=0), key=Key("C", "major")
    )
    window = Window(piece, 0, "")
    assert [str(end.key) for end in Analysis.of(window).endings] == [str(piece.key)]
    for has_melody, expected in ((False, True), (True, False)):
        cost = partial(phrase_costs.cost_of, window, has_melody=has_melody)
        for asked, differs in (
            (Key("C", "major"), False),
            (Key("C", "minor"), True),
            (Key("G", "major"), True),
        ):
            more = cost(asked=Ending(asked)) - cost()
            assert more == pytest.approx(4 if expected and differs else 0)


def test_a_passage_between_given_notes_is_left_alone(high: list[Window]) -> None:
    (piece,) = sample(PREDICTOR, plan(), options=replace(PLAIN, critic=0.0))
    given = np.ones(piece.pitches.shape, np.bool_)
    given[16:24] = False
    complete(PREDICTOR, [Fragment(piece, given)], PLAIN)
    assert not high
    given[16:] = False
    complete(PREDICTOR, [Fragment(piece, given)], PLAIN)
    assert {(w.start, w.chorale.steps) for w in high} == {(16, 32)}


def test_a_number_that_is_no_multiple_of_the_drafts_is_refused() -> None:
    with pytest.raises(UsageError, match="multiple of 3 drafts of a piece, got 4"):
        drafts_of_three(4)


def test_particles_of_drafts_that_meet_are_resampled_together() -> None:
    streams = np.random.SeedSequence(0).spawn(4)
    lengths = np.full(4, 8)
    particles = ParticleFilter(streams, 3, lengths, lengths, drafts=2)
    # One particle of the second piece is better than its others, and one of the fourth
    # than all of the last two.
    particles.update(np.array([0, 0, 0, -9, 0, -9, 0, 0, 0, 0, 0, 50.0]), 0)
    meeting = np.array([False, False, True, True])
    assert particles.resample(0, meeting).tolist() == [0, 1, 2, 4, 4, 4] + [11] * 6
    assert particles.resample(0, meeting).tolist() == list(range(12))


def test_faults_cost_more_where_chords_are_planned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factors = []

    def cost(window: Window, *, strictness: float, **_: object) -> float:
        factors.append(strictness)
        return 0.0

    monkeypatch.setattr(phrase_costs, "cost_of", cost)
    (piece,) = sample(PREDICTOR, plan(), options=replace(PLAIN, critic=0.0))
    for chords in (None, ()):
        fragment = replace(with_voice(piece, 0), chords=chords)
        complete(PREDICTOR, [fragment], PLAIN)
    assert [*dict.fromkeys(factors)] == [1.0, 3.0]


def test_strictness_is_a_factor_of_faults() -> None:
    pitches = np.repeat([[72, 67, 64, 48], [74, 69, 65, 50]], 4, axis=0)
    window = Window(Chorale(pitches=pitches, key=Key("C", "major")), 0, "")
    faults = fault_cost(tally_rules(Analysis.of(window).piece))
    assert faults > 5  # parallels
    once, thrice = (
        phrase_costs.cost_of(window, has_melody=True, strictness=factor)
        for factor in (1, 3)
    )
    assert thrice - once == pytest.approx(2 * faults)

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import uniform_predictor, wide_vocabulary

from chorale.evaluation.likelihood import Scored
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.windows import Window
from chorale.models.storage import DEFAULT_MODEL, load_card
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.music.score import Chorale
from chorale.sampling import best_of
from chorale.sampling.best_of import Judge, Typical, typical_of
from chorale.sampling.log_ratio import DRAFTS, log_ratio
from chorale.sampling.style_costs import style_costs
from chorale.voice_leading.rules import BACH_PER_THOUSAND

C_MAJOR = Key("C", "major")
DOMINANT = [74, 67, 59, 43]
TONIC = [72, 67, 64, 48]
PREDICTOR = uniform_predictor(wide_vocabulary())
JUDGE = Judge(PREDICTOR, typical=None)
FINDINGS, STYLE = 0.03, 0.1  # factors of what findings and style cost
NATS = math.log(PREDICTOR.vocabulary.size)  # of every note to this predictor


def chords(*rows: list[int]) -> Chorale:
    """Return a chorale of chords, a quarter each."""
    return Chorale(pitches=np.repeat(rows, 4, axis=0), key=C_MAJOR)


def test_a_finding_costs_its_surprise() -> None:
    # Soprano and bass go from octave to octave, to octave; the others stay.
    parallel = chords([72, 67, 64, 48], [74, 67, 64, 50], TONIC)
    (candidate,) = JUDGE.rank([parallel])
    assert candidate.findings["parallel-octaves"] == 2
    rate = BACH_PER_THOUSAND["parallel-octaves"] / 1000
    pairs = 2  # soprano and bass move twice, the others never
    surprise = (2 - pairs * rate) * -math.log(rate)
    assert candidate.rules == pytest.approx(FINDINGS * surprise)
    assert candidate.typicality == 0
    assert candidate.nats_per_note == pytest.approx(NATS)


def test_given_notes_cost_nothing() -> None:
    end = [[71, 67, 62, 55], TONIC]
    parallel = chords(TONIC, [74, 69, 65, 50], *end)
    (whole,) = JUDGE.rank([parallel])
    (rest,) = JUDGE.rank([parallel], opening=12)
    assert "parallel-octaves" in whole.findings and not rest.findings
    assert whole.rules > 0 and rest.rules == 0


def test_a_draft_that_is_more_like_bach_costs_less() -> None:
    upper = [72, 67, 64]
    turning, walking = (
        chords(*([*upper, bass] for bass in basses))
        for basses in ((48, 50, 48, 50, 48, 50, 48), (60, 59, 57, 55, 53, 52, 48))
    )
    first, second = (JUDGE.rank([piece])[0] for piece in (turning, walking))
    assert first.terms["bass_returns"] < second.terms["bass_returns"]
    assert first.styles["bass_returns"] > 0 and "bass_returns" not in second.styles
    assert first.style == sum(first.styles.values()) > second.style
    assert first.log_ratio < second.log_ratio and first.cost > second.cost
    analysis = Analysis.of(Window(turning, 0, ""))
    assert first.style == pytest.approx(
        STYLE * sum(style_costs().costs(analysis).values())
    )
    for each in (first, second):
        total = log_ratio(DRAFTS).constant + sum(each.terms.values())
        assert each.log_ratio == pytest.approx(total)
        costs = each.rules + each.style + each.typicality + (not each.ends_well)
        assert each.cost == pytest.approx(costs - each.log_ratio)


def test_the_lowest_cost_ranks_first() -> None:
    pieces = [
        chords(TONIC, TONIC, TONIC, DOMINANT),
        chords([72, 67, 64, 48], [74, 67, 64, 50], DOMINANT, TONIC),
        chords(TONIC, [74, 65, 62, 50], DOMINANT, TONIC),
    ]
    ranked = JUDGE.rank(pieces)
    costs = [candidate.cost for candidate in ranked]
    assert costs == sorted(costs) and len(set(costs)) == 3
    assert {candidate.ends_well for candidate in ranked} == {True, False}


def test_of_equals_the_first_is_kept() -> None:
    pieces = [chords(DOMINANT, TONIC) for _ in range(3)]
    drawn = JUDGE.rank(pieces)
    assert [piece.chorale for piece in drawn] == pieces
    assert drawn[0].chorale is pieces[0]


def costs_of_likelihoods(monkeypatch: pytest.MonkeyPatch, *nats: float) -> list[float]:
    """Return what drafts of such nats per note cost, if 0 is typical, 1 the spread."""
    piece = chords(DOMINANT, TONIC)
    scores = [
        Scored(np.full(piece.pitches.shape, mean), np.ones(piece.pitches.shape, bool))
        for mean in nats
    ]
    monkeypatch.setattr(best_of, "score_each", lambda predictor, pieces: scores)
    judge = Judge(PREDICTOR, Typical(nats_per_note=0.0, spread=1.0))
    ranked = judge.rank([replace(piece, title=str(mean)) for mean in nats])
    costs = {float(draft.chorale.title): draft.typicality for draft in ranked}
    return [costs[mean] for mean in nats]


def test_the_likelihood_of_bach_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two deviations too likely, or too unlikely, are e^-2 as probable.
    costs = costs_of_likelihoods(monkeypatch, -2.0, 0.0, 2.0)
    assert costs == pytest.approx([2.0, 0.0, 2.0])


def test_a_prompt_that_is_not_typical_costs_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All are four deviations too unlikely, of which three do not count.
    costs = costs_of_likelihoods(monkeypatch, 3.0, 4.0, 5.0)
    assert costs == pytest.approx([0.0, 0.5, 2.0])
    assert costs_of_likelihoods(monkeypatch, -9.0) == pytest.approx([0.5])


@pytest.mark.parametrize(("opening", "metre"), [(0, Metre(4, 4)), (24, Metre(6, 8))])
def test_a_jig_is_judged_in_the_metre_in_which_it_is_written(
    opening: int, metre: Metre, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Metre] = []

    def score(predictor: object, pieces: list[Chorale]) -> list[Scored]:
        heard.extend(piece.metre for piece in pieces)
        shapes = [piece.pitches.shape for piece in pieces]
        return [Scored(np.ones(shape), np.ones(shape, bool)) for shape in shapes]

    monkeypatch.setattr(best_of, "score_each", score)
    chords_of_jig = np.repeat([TONIC, DOMINANT, DOMINANT, TONIC], 12, axis=0)
    jig = Chorale(pitches=chords_of_jig, metres=(Metre(6, 8),), key=C_MAJOR)
    (candidate,) = JUDGE.rank([jig], opening=opening)
    assert candidate.chorale is jig and heard == [metre]


def test_the_card_has_the_typical_likelihood() -> None:
    card = load_card("bach")
    typical = typical_of(card)
    figures = card.figures["valid"]
    assert typical == (figures["nats_per_note"], figures["spread"])
    old = {name: figures[name] for name in figures if name != "spread"}
    assert typical_of(replace(card, figures={"valid": old})) is None
    assert typical_of(replace(card, figures={})) is None


def test_an_opened_default_model_is_the_judge() -> None:
    opened = uniform_predictor(wide_vocabulary())
    judge = Judge.default(DEFAULT_MODEL, opened)
    assert judge.predictor is opened
    assert judge.typical == typical_of(load_card(DEFAULT_MODEL))
    other = Judge.default("jsb", opened)
    assert other.predictor is not opened
    assert other.typical == judge.typical

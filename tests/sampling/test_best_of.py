from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import uniform_predictor, wide_vocabulary

from chorale.models.storage import DEFAULT_MODEL, load_card
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.sampling.best_of import Judge, Typical, typical_of
from chorale.voice_leading.rules import BACH_PER_THOUSAND

C_MAJOR = Key("C", "major")
DOMINANT = [74, 67, 59, 43]
TONIC = [72, 67, 64, 48]
PREDICTOR = uniform_predictor(wide_vocabulary())
JUDGE = Judge(PREDICTOR, typical=None)
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
    assert candidate.rules == pytest.approx((2 - pairs * rate) * -math.log(rate))
    assert candidate.typicality == 0
    assert candidate.nats_per_note == pytest.approx(NATS)


def test_given_notes_cost_nothing() -> None:
    end = [[71, 67, 62, 55], TONIC]
    parallel = chords(TONIC, [74, 69, 65, 50], *end)
    (whole,) = JUDGE.rank([parallel])
    (rest,) = JUDGE.rank([parallel], opening=12)
    assert "parallel-octaves" in whole.findings and not rest.findings
    assert whole.rules > 0 and rest.rules == 0


def test_style_costs_too() -> None:
    upper = [72, 67, 64]
    turning, walking = (
        chords(*([*upper, bass] for bass in basses))
        for basses in ((48, 50, 48, 50, 48, 50, 48), (60, 59, 57, 55, 53, 52, 48))
    )
    first, second = (JUDGE.rank([piece])[0] for piece in (turning, walking))
    assert first.styles["bass_returns"] > 0 and "bass_returns" not in second.styles
    assert first.style == sum(first.styles.values()) > second.style
    assert first.cost == first.rules + first.style + first.typicality


def test_an_ending_ranks_before_everything_else() -> None:
    faulty = chords([72, 67, 64, 48], [74, 67, 64, 50], DOMINANT, TONIC)
    unfinished = chords(TONIC, TONIC, TONIC, DOMINANT)
    best, second = JUDGE.rank([unfinished, faulty])
    assert best.chorale is faulty and best.cost > second.cost
    assert best.rules > second.rules == 0


def test_of_equals_the_first_is_kept() -> None:
    pieces = [chords(DOMINANT, TONIC) for _ in range(3)]
    drawn = JUDGE.rank(pieces)
    assert [piece.chorale for piece in drawn] == pieces
    assert drawn[0].chorale is pieces[0]


def test_the_likelihood_of_bach_costs_nothing() -> None:
    def cost(nats: float) -> float:
        typical = Typical(nats_per_note=nats, spread=0.5)
        piece = chords(DOMINANT, TONIC)
        (candidate,) = Judge(PREDICTOR, typical).rank([piece])
        return candidate.typicality

    assert cost(NATS) == pytest.approx(0)
    # Two deviations too likely, or too unlikely, are e^-2 as probable.
    assert cost(NATS + 1) == pytest.approx(2) == cost(NATS - 1)


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

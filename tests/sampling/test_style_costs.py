"""Costs of style: events beyond Bach's rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from strategies import little_chorale

from chorale.corpus.loading import load_corpus
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.windows import Window
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.sampling.style_costs import (
    DIRECTIONS,
    RARE_PAIRS,
    StyleCosts,
    _summary_of,
    excess,
    style_costs,
)

COSTS = style_costs()


def analysis_of(chorale: Chorale, start: int = 0) -> Analysis:
    return Analysis.of(Window(chorale, start, chorale.source))


def chords(*rows: list[int]) -> Chorale:
    """Return a chorale of chords in C major, a quarter each."""
    return Chorale(pitches=np.repeat(rows, 4, axis=0), key=Key("C", "major"))


def test_every_term_has_a_rate_and_a_weight_that_never_lowers_the_cost() -> None:
    assert [*COSTS.weights] == [*COSTS.rates] == [*DIRECTIONS]
    assert all(0 < weight < 10 for weight in COSTS.weights.values())
    assert all(0 < rate < 1 for rate in COSTS.rates.values())


def test_words_say_in_which_way_a_term_costs() -> None:
    said = _summary_of("bass_returns")
    assert said == "too many bass notes that return at once: A B A"
    assert _summary_of("resolved_sevenths").startswith("too few sevenths")
    assert "fewer than two chorales" in _summary_of(RARE_PAIRS)


@pytest.mark.parametrize(
    ("direction", "count", "found"),
    [
        (1, (5, 20), 3.0),
        (1, (1, 20), 0.0),  # fewer are no credit
        (-1, (1, 20), 1.0),
        (-1, (9, 20), 0.0),
        (-1, (0, 0), 0.0),
    ],
)
def test_only_events_beyond_the_rate_cost(
    direction: int, count: tuple[int, int], found: float
) -> None:
    assert excess(direction, count, 0.1) == pytest.approx(found)


def test_a_bass_that_oscillates_costs() -> None:
    upper = [72, 67, 64]
    still = chords(*([*upper, bass] for bass in (48, 50, 52, 53, 55, 57, 59, 60)))
    turning = chords(*([*upper, bass] for bass in (48, 50, 48, 50, 48, 50, 48, 50)))
    costs = [COSTS.costs(analysis_of(piece)) for piece in (still, turning)]
    for name in ("bass_returns", "bass_oscillates"):
        assert costs[0][name] == 0
        # Six notes return, five of them for the second time.
        events, opportunities = (6, 6) if name == "bass_returns" else (5, 5)
        rate, weight = COSTS.rates[name], COSTS.weights[name]
        assert costs[1][name] == pytest.approx(weight * (events - opportunities * rate))


def test_what_was_given_costs_nothing() -> None:
    basses = [48, 50, 48, 50, 48, 50, 52, 53, 55, 57, 59, 60]
    piece = chords(*([72, 67, 64, bass] for bass in basses))
    assert COSTS.costs(analysis_of(piece))["bass_returns"] > 0
    assert COSTS.costs(analysis_of(piece, start=24))["bass_returns"] == 0


def test_a_succession_is_rare_if_two_chorales_do_not_have_it() -> None:
    home = chords([72, 67, 64, 48], [71, 67, 62, 55], [72, 67, 64, 48])
    assert COSTS.costs(analysis_of(home))[RARE_PAIRS] == 0
    far = chords([72, 67, 64, 48], [73, 70, 66, 54], [72, 67, 64, 48])
    assert COSTS.costs(analysis_of(far))[RARE_PAIRS] > 0


def test_costs_are_the_same_in_every_key() -> None:
    piece = load_corpus().valid[0]
    assert piece.key is not None
    moved = COSTS.costs(analysis_of(piece.transpose(2)))
    assert moved == pytest.approx(COSTS.costs(analysis_of(piece)))


def test_a_piece_without_fermatas_key_or_motion_has_costs() -> None:
    plain = replace(little_chorale(), key=None)
    assert all(cost >= 0 for cost in COSTS.costs(analysis_of(plain)).values())


def test_the_file_holds_what_was_fitted() -> None:
    assert StyleCosts.from_json(COSTS.to_json()) == COSTS
    assert len(COSTS.common) > 500

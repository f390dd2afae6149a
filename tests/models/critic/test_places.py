"""Where beats stand."""

from __future__ import annotations

import numpy as np
from fakes import piece
from strategies import little_chorale

from chorale.encoding.plan import Plan
from chorale.models.critic.places import (
    AFTER,
    ARRIVAL,
    BEAT,
    BEFORE,
    BEFORE_FINAL,
    BETWEEN,
    ELSEWHERE,
    FINAL,
    FINAL_HELD,
    HALF_BEAT,
    HELD,
    TWO_BEFORE,
    Places,
)


def places_of(fermatas: list[int], beats: int) -> list[int]:
    marks = np.zeros((beats, 4), np.bool_)
    marks[fermatas] = True
    chorale = piece(4 * beats, fermatas=marks.ravel())
    places = Places.of([Plan.of(chorale)])
    by_beat = places.places[0].reshape(beats, 4)
    assert (by_beat == by_beat[:, :1]).all()
    return by_beat[:, 0].tolist()


def test_beats_before_under_and_after_fermatas() -> None:
    assert places_of([3, 4, 11], 12) == [
        *(ELSEWHERE, TWO_BEFORE, BEFORE, ARRIVAL, HELD, AFTER),
        *(ELSEWHERE, ELSEWHERE, ELSEWHERE, TWO_BEFORE, BEFORE_FINAL, FINAL),
    ]


def test_the_last_beat_is_final_without_a_fermata() -> None:
    assert places_of([], 4) == [ELSEWHERE, TWO_BEFORE, BEFORE_FINAL, FINAL]
    assert places_of([2, 3], 4) == [TWO_BEFORE, BEFORE_FINAL, FINAL, FINAL_HELD]
    assert places_of([0, 1], 2) == [FINAL, FINAL_HELD]


def test_levels_and_beats_of_a_piece_with_a_pickup() -> None:
    places = Places.of([Plan.of(little_chorale())])
    assert places.levels[0, :4].tolist() == [BEAT, BETWEEN, HALF_BEAT, BETWEEN]
    assert places.levels[0, 4] == 0
    assert np.flatnonzero(places.ends_beat[0])[:2].tolist() == [3, 7]
    assert places.tonics.tolist() == [9]
    assert places.modes.tolist() == [1]


def test_rows_are_repeated_and_padded() -> None:
    plans = [Plan.of(piece(8)), Plan.of(piece(4))]
    places = Places.of(plans).repeated(2)
    assert places.places.shape == (4, 8)
    assert places.ends_beat.sum(axis=1).tolist() == [2, 2, 1, 1]

"""Pairs for listeners are suitable, and their samples the best of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from bach import few_chorales
from fakes import uniform_predictor, wide_vocabulary

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.music.score import Chorale, changes
from chorale.sampling.best_of import Candidate, Judge
from chorale.sampling.generate import Start, sample_each
from chorale.sampling.listening_pairs import (
    LEAST_BARS,
    MOST_BARS,
    draw_originals,
    sample_pairs,
)
from chorale.sampling.next_step_options import SamplingOptions

OPTIONS = SamplingOptions(rules="off", random_state=4)


def silent(piece: Chorale) -> Chorale:
    """Return a chorale whose alto is silent on the last step."""
    notes = [piece.notes(voice) for voice in range(4)]
    last = notes[1][-1]
    notes[1][-1] = last._replace(length=last.length - 1)
    fields = {name: getattr(piece, name) for name in ("bars", "positions", "source")}
    return Chorale.from_notes(notes, piece.steps, metres=piece.metres, **fields)


def test_originals_have_a_length_and_no_rests() -> None:
    pieces = few_chorales().train
    drawn = draw_originals(pieces, 5, OPTIONS)
    assert len({piece.source for piece in drawn}) == 5
    assert all(LEAST_BARS <= len(piece.written_bars()) <= MOST_BARS for piece in drawn)
    assert all(piece.pitches.all() for piece in drawn)
    piece = drawn[0]
    for other in (silent(piece), piece.opening(64)):
        with pytest.raises(UsageError, match="expected 1 to 0 pairs"):
            draw_originals([other], 1, OPTIONS)
    with_rests = SamplingOptions(rests=True)
    assert len(draw_originals([silent(piece)], 1, with_rests)) == 1
    with pytest.raises(UsageError, match=r"expected 1 to 1 pairs.*got 0"):
        draw_originals([piece], 0, OPTIONS)


class _LastIsBest(Judge):
    """Ranks the chorale that was drawn last first."""

    def rank(self, chorales: Sequence[Chorale], **_: Any) -> list[Candidate]:
        return [
            Candidate(
                chorale=chorale,
                ends_well=True,
                findings={},
                nats_per_note=0.0,
                rules=0.0,
                typicality=0.0,
                styles={},
                log_ratio=0.0,
                terms={},
            )
            for chorale in reversed(chorales)
        ]


@pytest.mark.parametrize("plain", [False, True])
def test_samples_are_the_best_of_those_that_generate_draws(plain: bool) -> None:
    predictor = uniform_predictor(wide_vocabulary("hold"))
    originals = draw_originals(few_chorales().train, 2, OPTIONS)
    pairs, remarks = sample_pairs(
        predictor,
        originals,
        OPTIONS,
        _LastIsBest(predictor, None),
        best_of=2,
        plain=plain,
    )
    assert remarks == ()
    for index, (pair, original) in enumerate(zip(pairs, originals, strict=True)):
        start = Start(Plan.of(original), original.opening(pair.opening))
        (drawn,) = sample_each(predictor, [start], OPTIONS, first=2 * index + 1)
        assert np.array_equal(pair.sample.pitches, drawn.pitches)
        assert np.array_equal(pair.original.pitches, original.pitches)
        onsets = changes(drawn.pitches) if plain else drawn.onsets
        assert np.array_equal(pair.sample.onsets, onsets)

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakePredictor, memoryless_predictor, toy_vocabulary, uniform_predictor

from chorale.encoding.vocabulary import OutsideNote
from chorale.errors import DataError, UsageError
from chorale.evaluation.likelihood import evaluate, score_each
from chorale.models.ensemble import average
from chorale.music.score import Chorale
from chorale.music.voices import VOICES


def piece(*rows: list[int], **fields: object) -> Chorale:
    return Chorale(pitches=np.array(rows), **fields)


def random_piece(steps: int) -> Chorale:
    pitches = np.random.default_rng(steps).choice([0, 60, 61, 62], (steps, VOICES))
    return Chorale(pitches=pitches)


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_a_uniform_predictor_scores_the_logarithm_of_its_vocabulary(
    encoding: str,
) -> None:
    vocabulary = toy_vocabulary(encoding)
    likelihood = evaluate(uniform_predictor(vocabulary), [random_piece(9)])
    expected = math.log(vocabulary.size)
    assert likelihood.nats_per_note == pytest.approx(expected)
    assert likelihood.nats_per_frame == pytest.approx(4 * expected)
    assert likelihood.nats_per_changed_note == pytest.approx(expected)
    assert likelihood.notes == 36


def test_a_likelihood_worked_out_by_hand() -> None:
    # Tokens: silence, C4, C#4, D4.
    predictor = memoryless_predictor(toy_vocabulary("pitch"), [0.1, 0.4, 0.2, 0.3])
    likelihood = evaluate(
        predictor, [piece([60, 60, 62, 0], [60, 61, 62, 60], [60, 61, 62, 0])]
    )
    nats = -np.log(
        [[0.4, 0.4, 0.3, 0.1], [0.4, 0.2, 0.3, 0.4], [0.4, 0.2, 0.3, 0.1]],
    )
    # Changed are the first step, the alto's C#4, and the bass coming and going.
    changed = [*nats[0], nats[1, 1], nats[1, 3], nats[2, 3]]
    assert likelihood.nats_per_note == pytest.approx(nats.sum() / 12)
    assert likelihood.nats_per_frame == pytest.approx(nats.sum() / 3)
    assert likelihood.nats_per_changed_note == pytest.approx(sum(changed) / 7)
    # C4 is the most likely token; it comes five times.
    assert likelihood.accuracy == pytest.approx(5 / 12)
    assert likelihood.notes == 12


def test_changes_are_counted_by_pitch_in_the_hold_encoding_too() -> None:
    # Tokens: silence, C4, C#4, D4, HOLD.
    predictor = memoryless_predictor(toy_vocabulary("hold"), [0.1, 0.4, 0.2, 0.1, 0.2])
    chorale = piece([60] * 4, [60] * 4, [60] * 4, onsets=[[1] * 4, [0] * 4, [1] * 4])
    likelihood = evaluate(predictor, [chorale])
    # A repeated note has an onset token, but is not a changed note.
    assert likelihood.nats_per_changed_note == pytest.approx(-math.log(0.4))
    assert likelihood.nats_per_note == pytest.approx(
        -(2 * math.log(0.4) + math.log(0.2)) / 3
    )
    assert likelihood.accuracy == pytest.approx(2 / 3)


def test_every_note_of_all_pieces_counts_the_same_and_padding_does_not() -> None:
    vocabulary = toy_vocabulary("hold")
    rng = np.random.default_rng(0)
    shape = (VOICES, vocabulary.pitch_count + 1)
    predictor = FakePredictor(
        vocabulary, rng.dirichlet(np.ones(vocabulary.size), shape)
    )
    pieces = [random_piece(steps) for steps in (5, 31, 2, 17, 8, 9, 1, 40, 3, 3, 12)]
    alone = [evaluate(predictor, [chorale]) for chorale in pieces]
    together = evaluate(predictor, pieces)
    notes = [found.notes for found in alone]
    assert together.notes == sum(notes)
    for name in ("nats_per_note", "nats_per_frame", "accuracy"):
        values = [getattr(found, name) for found in alone]
        expected = np.average(values, weights=notes)
        assert getattr(together, name) == pytest.approx(expected)
    means = [found.nats_per_note for found in alone]
    assert together.spread == pytest.approx(np.std(means))
    # The scores are in the given order, not in that of the batches.
    for scored, found in zip(score_each(predictor, pieces), alone, strict=True):
        assert scored.nats.mean() == pytest.approx(found.nats_per_note)
        assert scored.hits.mean() == pytest.approx(found.accuracy)


def test_each_piece_is_scored_with_its_plan() -> None:
    class Judge(FakePredictor):
        """Predicts C4 at the last step of a piece and D4 before."""

        def score(self, tokens, plan):  # type: ignore[no-untyped-def]
            probabilities = np.full((*tokens.shape, self.vocabulary.size), 1e-9)
            token = np.where(plan[..., 0] == 0, 1, 3)
            rows, steps = np.indices(token.shape)
            probabilities[rows, steps, :, token] = 1.0
            return np.log(probabilities)

    vocabulary = toy_vocabulary("pitch")
    table = uniform_predictor(vocabulary).table
    judge = Judge(vocabulary, table, plan_features=("to_end",))
    pieces = [piece(*[[62] * 4] * n, [60] * 4) for n in (1, 5, 3)]
    likelihood = evaluate(judge, pieces)
    assert likelihood.nats_per_note == pytest.approx(0)
    assert likelihood.accuracy == 1


def test_what_cannot_be_evaluated_is_refused() -> None:
    predictor = uniform_predictor(toy_vocabulary())
    with pytest.raises(DataError, match="at least one chorale"):
        evaluate(predictor, [])
    outside = piece([60, 60, 60, 59], source="bwv7.7")
    with pytest.raises(DataError, match=r"bwv7\.7: the bass's B3 in bar 1 is outside"):
        evaluate(predictor, [random_piece(3), outside], strict=True)
    with pytest.raises(
        DataError, match=r"C4 to D4, got 2 with .* first bwv7\.7: the b"
    ):
        evaluate(predictor, [outside, piece([63, 0, 0, 0])])


def test_chorales_with_notes_outside_are_left_out_and_named() -> None:
    predictor = memoryless_predictor(toy_vocabulary("pitch"), [0.1, 0.4, 0.2, 0.3])
    low = piece(*[[60] * 4] * 20, [60, 60, 60, 59], source="low")
    high = piece([62, 0, 63, 0], [64, 0, 0, 0], source="high")
    inside = [random_piece(5), random_piece(9)]
    likelihood = evaluate(predictor, [low, inside[0], high, inside[1]])
    assert likelihood.left_out == (
        OutsideNote("low", "bass", "B3", 2),
        OutsideNote("high", "tenor", "D#4", 1),
    )
    assert likelihood.chorales == 2
    assert replace(likelihood, left_out=()) == evaluate(predictor, inside)


def test_an_average_over_transpositions_stays_within_the_vocabulary() -> None:
    # Moved up or down, these notes leave the vocabulary; as they stand, they do not.
    vocabulary = toy_vocabulary("pitch")
    ensemble = average([uniform_predictor(vocabulary)], "transpositions")
    edges = piece([60, 62, 60, 62], [62, 60, 61, 0])
    likelihood = evaluate(ensemble, [edges, piece([60, 62, 60, 63])])
    assert likelihood.chorales == 1 and len(likelihood.left_out) == 1
    assert 0 < likelihood.nats_per_note < 3


def test_progress_counts_the_pieces() -> None:
    calls: list[tuple[int, int]] = []
    evaluate(
        uniform_predictor(toy_vocabulary()),
        [random_piece(2)] * 10,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(4, 10), (8, 10), (10, 10)]


def test_given_voices_are_not_counted() -> None:
    vocabulary = toy_vocabulary("pitch")
    table = np.full((VOICES, 5, 4), 0.25)
    table[0] = [0.7, 0.1, 0.1, 0.1]
    predictor = FakePredictor(vocabulary, table)
    chorale = random_piece(12)
    likelihood = evaluate(predictor, [chorale], given=(0,))
    assert likelihood.nats_per_note == pytest.approx(math.log(4))
    assert likelihood.nats_per_changed_note == pytest.approx(math.log(4))
    assert likelihood.nats_per_frame == pytest.approx(3 * math.log(4))
    assert likelihood.notes == 36 and likelihood.spread == pytest.approx(0)
    # The bass is written after the soprano, the tenor last.
    evaluate(predictor, [chorale], given=(3, 0))
    for given in ((3,), (1,), (0, 1), range(VOICES)):
        with pytest.raises(UsageError, match="soprano, bass, alto, tenor, and not all"):
            evaluate(predictor, [chorale], given=given)


def test_threads_share_the_batches_and_change_nothing() -> None:
    predictor = memoryless_predictor(toy_vocabulary("pitch"), [0.1, 0.4, 0.2, 0.3])
    pieces = [random_piece(steps) for steps in (5, 2, 9, 7, 3)]
    done: list[tuple[int, int]] = []
    shared = replace(predictor, threads=2)
    alone = score_each(predictor, pieces)
    together = score_each(shared, pieces, progress=lambda *pair: done.append(pair))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.nats, other.nats)
        np.testing.assert_array_equal(one.hits, other.hits)
    assert done == [(3, 5), (5, 5)]
    assert evaluate(shared, pieces) == evaluate(predictor, pieces)

"""Orderless likelihoods: exact for Markov chains in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import CHAIN_VOCABULARY as VOCABULARY
from fakes import chain, independent_infiller

from chorale.encoding.cells import CellVocabulary
from chorale.errors import DataError, UsageError
from chorale.evaluation.orderless import evaluate_infiller
from chorale.music.score import Chorale
from chorale.music.voices import VOICES


def pieces(*lengths, random_state=0):
    random = np.random.default_rng(random_state)
    notes = np.array([0, 60, 61])
    return [Chorale(pitches=random.choice(notes, (n, VOICES))) for n in lengths]


def joint(infiller, chorale):
    """Return the negative log-likelihood of a chorale, float array (steps, 4)."""
    cells = infiller.vocabulary.encode(chorale)
    voices = np.arange(VOICES)
    nats = np.empty(cells.shape)
    nats[0] = -np.log(infiller.first[voices, cells[0]])
    nats[1:] = -np.log(infiller.table[voices, cells[:-1], cells[1:]])
    return nats


def test_every_order_of_a_true_distribution_gives_its_likelihood():
    infiller, chorales = chain(), pieces(5, 9)
    expected = [joint(infiller, chorale) for chorale in chorales]
    likelihood = evaluate_infiller(infiller, chorales, orders=20, places=25)
    assert likelihood.notes == 56
    mean = np.concatenate(expected).mean()
    assert abs(likelihood.nats_per_note - mean) < 3 * likelihood.standard_error < 0.12
    assert likelihood.nats_per_frame == pytest.approx(4 * likelihood.nats_per_note)
    own = [nats.mean() for nats in expected]
    assert likelihood.spread == pytest.approx(np.std(own), abs=0.06)


def test_the_standard_error_is_that_of_the_draws():
    infiller, chorales = chain(), pieces(6, 12)
    found = [
        evaluate_infiller(infiller, chorales, orders=4, places=2, random_state=state)
        for state in range(40)
    ]
    nats = np.array([likelihood.nats_per_note for likelihood in found])
    errors = np.array([likelihood.standard_error for likelihood in found])
    assert len(set(nats)) == 40
    assert np.std(nats) == pytest.approx(np.sqrt(np.mean(errors**2)), rel=0.3)
    exact = np.concatenate([joint(infiller, chorale) for chorale in chorales]).mean()
    assert nats.mean() == pytest.approx(exact, abs=3 * np.std(nats) / np.sqrt(40))


def test_given_voices_are_known_and_not_counted():
    probabilities = np.array([[0.5, 0.25, 0.25]] * VOICES)
    probabilities[0] = [0.001, 0.001, 0.998]
    infiller = independent_infiller(VOCABULARY, probabilities)
    (chorale,) = pieces(40)
    cells = VOCABULARY.encode(chorale)[:, 1:]
    expected = -np.log(probabilities[1][cells]).mean()
    likelihood = evaluate_infiller(infiller, [chorale], given=[0], orders=10, places=10)
    assert likelihood.notes == 3 * 40
    assert likelihood.nats_per_note == pytest.approx(expected, abs=0.01)
    assert likelihood.nats_per_frame == pytest.approx(3 * likelihood.nats_per_note)
    hits = (cells == 0).mean()
    assert likelihood.accuracy == pytest.approx(hits, abs=0.03)


def test_a_piece_is_measured_alike_beside_longer_ones():
    infiller, chorales = chain(), pieces(4, 20)
    options = {"orders": 2, "places": 3}
    alone = evaluate_infiller(infiller, chorales[:1], **options)
    assert alone == evaluate_infiller(infiller, chorales[:1], **options)
    both = evaluate_infiller(infiller, chorales, **options)
    first = alone.nats_per_note
    second = (24 * both.nats_per_note - 4 * first) / 20
    assert both.spread == pytest.approx(abs(first - second) / 2)


def test_by_frames_later_steps_are_hidden():
    infiller, chorales = chain(), pieces(6)
    expected = joint(infiller, chorales[0])
    options = {"by_frame": True, "orders": 1, "places": 6}
    likelihood = evaluate_infiller(infiller, chorales, **options)
    assert likelihood.nats_per_note == pytest.approx(expected.mean(), abs=1e-5)
    assert likelihood.standard_error is None

    seen = []

    class Spy:
        vocabulary, plan_features = infiller.vocabulary, infiller.plan_features
        threads = 1

        def logits(self, cells, visible, plan):
            seen.extend(visible)
            return infiller.logits(cells, visible, plan)

    evaluate_infiller(Spy(), chorales, **options)
    assert sorted(visible.sum() for visible in seen) == list(range(24))
    for visible in seen:
        full = visible.all(axis=1)
        assert (np.diff(full.astype(int)) <= 0).all()
        assert visible[~full].any(axis=1).sum() <= 1
    orders = {tuple(visible[visible.sum() // 4]) for visible in seen}
    assert len(orders) > 5  # the voices of a frame come in many orders


def test_what_cannot_be_measured_is_refused():
    infiller = chain()
    with pytest.raises(DataError, match="at least one chorale"):
        evaluate_infiller(infiller, [])
    for changes, message in (
        ({"orders": 0}, "at least 1 of the orders, got 0"),
        ({"places": 0}, "at least 1 of the places, got 0"),
        ({"given": range(VOICES)}, "a voice that is not given"),
    ):
        with pytest.raises(UsageError, match=message):
            evaluate_infiller(infiller, pieces(3), **changes)
    narrow = CellVocabulary(
        encoding="pitch", lowest=61, highest=61, ranges=((61, 61),) * VOICES
    )
    deaf = independent_infiller(narrow, np.ones(2) / 2)
    with pytest.raises(DataError, match="within the model's vocabulary, C#4 to C#4"):
        evaluate_infiller(deaf, pieces(9))
    with pytest.raises(DataError, match="in bar 1 is outside the model's vocabulary"):
        evaluate_infiller(deaf, pieces(9), strict=True)


@pytest.mark.parametrize("options", [{}, {"given": [0]}, {"by_frame": True}])
def test_chorales_with_notes_outside_are_left_out_and_named(options):
    inside = pieces(5, 9)
    outside = Chorale(pitches=inside[0].pitches + 5, source="high")
    options |= {"orders": 2, "places": 2}
    found = evaluate_infiller(chain(), [inside[0], outside, inside[1]], **options)
    assert [note.piece for note in found.left_out] == ["high"]
    assert found.chorales == 2
    # The same orders are drawn as without it.
    assert replace(found, left_out=()) == evaluate_infiller(chain(), inside, **options)


def test_threads_share_the_evaluations_and_change_nothing():
    chorales, calls = pieces(9), []
    alone = evaluate_infiller(chain(), chorales)
    together = evaluate_infiller(
        replace(chain(), threads=3),
        chorales,
        progress=lambda *pair: calls.append(pair),
    )
    assert together == alone
    assert calls == sorted(calls) and calls[-1][0] == calls[-1][1]

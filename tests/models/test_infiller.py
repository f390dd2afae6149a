"""Infillers: what is visible is certain, and a fake knows its probabilities."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fakes import CHAIN_VOCABULARY as VOCABULARY
from fakes import chain, independent_infiller

from chorale.encoding.cells import ABSENT, masked
from chorale.models.infiller import certain
from chorale.models.predictor import log_softmax
from chorale.music.voices import VOICES


def test_networks_read_hidden_and_absent_cells_by_numbers_of_their_own():
    cells = np.array([[0, 1, 2, 1], [ABSENT] * 4])
    visible = np.array([[True, False, True, False], [True] * 4])
    assert masked(cells, visible, VOCABULARY).tolist() == [[0, 3, 2, 3], [4] * 4]


def test_a_visible_cell_is_certain():
    cells = np.array([[0, 1, 2, ABSENT]])
    visible = np.array([[True, True, False, True]])
    logits = certain(np.ones((1, 4, 3), np.float32), cells, visible)
    assert logits.dtype == np.float32
    assert np.exp(logits[0, :2]).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert (logits[0, 2:] == 1).all()


def test_the_fake_knows_its_conditional_probabilities():
    infiller = chain()
    steps = 4
    cells = np.array([[2], [0], [1], [0]]) * np.ones((1, steps, VOICES), int)
    visible = np.zeros(cells.shape, bool)
    visible[:, 1] = visible[:, 3] = True
    plan = np.zeros((1, steps, 1), int)
    found = np.exp(log_softmax(infiller.logits(cells, visible, plan)))
    for voice in range(VOICES):
        expected = np.zeros((steps, VOCABULARY.size))
        for line in itertools.product(range(VOCABULARY.size), repeat=steps):
            if line[1] == 0 and line[3] == 0:
                likely = infiller.first[voice, line[0]]
                for one, other in itertools.pairwise(line):
                    likely *= infiller.table[voice, one, other]
                expected[range(steps), line] += likely
        expected /= expected.sum(axis=-1, keepdims=True)
        np.testing.assert_allclose(found[0, :, voice], expected, atol=1e-6)


def test_an_independent_fake_hears_nothing():
    infiller = independent_infiller(VOCABULARY, np.array([0.5, 0.25, 0.25]))
    cells = np.zeros((1, 3, VOICES), int)
    visible = np.zeros(cells.shape, bool)
    visible[0, 0] = True
    logits = log_softmax(infiller.logits(cells, visible, cells[..., :1]))
    assert np.exp(logits[0, 1:]) == pytest.approx(
        np.broadcast_to([0.5, 0.25, 0.25], (2, VOICES, 3))
    )

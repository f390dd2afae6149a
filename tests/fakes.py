"""Vocabularies, predictors and infillers of known probabilities for tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.cells import CellVocabulary
from chorale.infillers import certain
from chorale.predictors import FakePredictor, FloatArray
from chorale.score import BoolArray, IntArray
from chorale.tokens import Vocabulary
from chorale.voices import VOICES

LOWEST, HIGHEST = 60, 62  # of the toy alphabet


def toy_vocabulary(encoding: str = "hold") -> Vocabulary:
    """Return silence and three notes, and HOLD in the `hold` encoding."""
    return Vocabulary(
        encoding=encoding,
        lowest=LOWEST,
        highest=HIGHEST,
        ranges=((LOWEST, HIGHEST),) * VOICES,
    )


def wide_vocabulary(encoding: str = "hold") -> Vocabulary:
    """Return five octaves for every voice, enough for all of Bach's chorales."""
    return Vocabulary(
        encoding=encoding, lowest=36, highest=84, ranges=((36, 84),) * VOICES
    )


def uniform_predictor(vocabulary: Vocabulary) -> FakePredictor:
    """Return a predictor to which all tokens are equally likely."""
    shape = (VOICES, vocabulary.pitch_count + 1, vocabulary.size)
    return FakePredictor(vocabulary, np.full(shape, 1 / vocabulary.size))


def memoryless_predictor(
    vocabulary: Vocabulary, probabilities: list[float]
) -> FakePredictor:
    """Return a predictor of the same probabilities for all voices, whatever came."""
    shape = (VOICES, vocabulary.pitch_count + 1, vocabulary.size)
    return FakePredictor(vocabulary, np.broadcast_to(probabilities, shape).copy())


@dataclass
class UniformInfiller:
    """An infiller to which all cells are equally likely, and fast."""

    vocabulary: CellVocabulary
    plan_features: tuple[str, ...] = ("step",)

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        logits = np.zeros((*cells.shape, self.vocabulary.size), np.float32)
        return certain(logits, cells, visible)


def wide_cells(encoding: str = "hold") -> CellVocabulary:
    """Return the cells of `wide_vocabulary`, each voice in a range of its own."""
    return CellVocabulary(
        encoding=encoding,
        lowest=36,
        highest=84,
        ranges=((60, 81), (53, 74), (48, 69), (36, 64)),
    )

"""Vocabularies, predictors and infillers of known probabilities for tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.plan import Plan
from chorale.encoding.tokens import Past, Vocabulary
from chorale.models.critic.tables import Critic
from chorale.models.infiller import certain
from chorale.models.predictor import log_softmax
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.sampling.next_step_options import SamplingOptions
from chorale.utils.arrays import BoolArray, FloatArray, IntArray

LOWEST, HIGHEST = 60, 62  # of the toy alphabet
# Samples the model's own distribution.
PLAIN = SamplingOptions(temperature=1.0, top_p=1.0, rules="off")


def piece(steps: int, pitch: int = 60, **fields: object) -> Chorale:
    """Return a chorale of one note in all voices."""
    return Chorale(pitches=np.full((steps, VOICES), pitch), **fields)  # type: ignore[arg-type]


def plan(steps: int) -> Plan:
    """Return the plan of such a chorale."""
    return Plan.of(piece(steps))


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
    threads: int = 1

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


@dataclass(frozen=True)
class FakePredictor:
    """Four independent Markov chains of known probabilities, to test samplers with.

    Attributes:
        vocabulary: of the chains.
        table: float array (4, pitch_count + 1, vocabulary size), the probability of
            each token given the voice and its sounding pitch (`Past.pitches`).
    """

    vocabulary: Vocabulary
    table: npt.NDArray[np.float64]
    voice_order: tuple[int, ...] = VOICE_ORDER
    plan_features: tuple[str, ...] = ("step",)
    threads: int = 1
    members: int = 1
    critic: Critic | None = None

    def start(self, plan: IntArray) -> Past:
        return self.vocabulary.begin((len(plan),))

    def advance(self, state: Past, tokens: IntArray, plan: IntArray) -> Past:
        return self.vocabulary.follow(state, tokens)

    def select(self, state: Past, rows: IntArray) -> Past:
        return state.at(rows)

    def voice_logits(self, state: Past, voice: int, chosen: IntArray) -> FloatArray:
        return self._logarithms(voice, state.pitches[: len(chosen), voice])

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        pitches = self.vocabulary.pasts(tokens).pitches
        voices = range(len(self.voice_order))
        return np.stack([self._logarithms(v, pitches[..., v]) for v in voices], axis=-2)

    def _logarithms(self, voice: int, pitches: IntArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.table[voice, pitches]), np.float32)


@dataclass(frozen=True)
class FakeInfiller:
    """Four independent Markov chains of known probabilities, to test samplers with.

    Its conditional distributions are exact, whatever is visible.

    Attributes:
        vocabulary: of the chains.
        first: float array (4, size), probability of each cell at the first step.
        table: float array (4, size, size), of each cell given the one before.
    """

    vocabulary: CellVocabulary
    first: npt.NDArray[np.float64]
    table: npt.NDArray[np.float64]
    plan_features: tuple[str, ...] = ("step",)
    threads: int = 1

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        steps = cells.shape[1]
        # What the cell itself tells: all is possible where nothing is seen.
        is_cell = cells[..., np.newaxis] == np.arange(self.vocabulary.size)
        seen = visible & (cells != ABSENT)
        own = np.where(seen[..., np.newaxis], is_cell, 1.0)
        before, after = np.ones_like(own), np.ones_like(own)
        before[:, 0] = self.first
        for step in range(1, steps):
            reached = before[:, step - 1] * own[:, step - 1]
            reached = np.einsum("bvi,vij->bvj", reached, self.table)
            before[:, step] = reached / reached.sum(axis=-1, keepdims=True)
        for step in reversed(range(steps - 1)):
            told = after[:, step + 1] * own[:, step + 1]
            told = np.einsum("vij,bvj->bvi", self.table, told)
            after[:, step] = told / told.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore"):
            logits = np.log(before * after).astype(np.float32)
        return certain(logits, cells, visible)


def independent_infiller(
    vocabulary: CellVocabulary, probabilities: npt.NDArray[np.float64]
) -> FakeInfiller:
    """Return a fake whose cells do not hear each other.

    Args:
        vocabulary: of the cells.
        probabilities: float array (size,) or (4, size), of each cell.
    """
    first = np.broadcast_to(probabilities, (VOICES, vocabulary.size))
    table = np.repeat(first[:, np.newaxis], vocabulary.size, axis=1)
    return FakeInfiller(vocabulary, first, table)


CHAIN_VOCABULARY = CellVocabulary(
    encoding="pitch", lowest=60, highest=61, ranges=((60, 61),) * VOICES
)


def chain(random_state: int = 0) -> FakeInfiller:
    """Return an infiller of random chains over two notes."""
    random = np.random.default_rng(random_state)
    first = random.dirichlet(np.ones(CHAIN_VOCABULARY.size), VOICES)
    table = random.dirichlet(
        np.ones(CHAIN_VOCABULARY.size), (VOICES, CHAIN_VOCABULARY.size)
    )
    return FakeInfiller(CHAIN_VOCABULARY, first, table)


def scores_by_steps(predictor, tokens, plan):
    """Score whole pieces through start, voice_logits and advance."""
    state = predictor.start(plan[:, 0])
    scores = []
    for step in range(tokens.shape[1]):
        chosen = np.zeros_like(tokens[:, step])
        logits = [None] * VOICES
        for voice in predictor.voice_order:
            logits[voice] = predictor.voice_logits(state, voice, chosen)
            chosen[:, voice] = tokens[:, step, voice]
        scores.append(log_softmax(np.stack(logits, axis=1)))
        if step + 1 < tokens.shape[1]:
            state = predictor.advance(state, tokens[:, step], plan[:, step + 1])
    return np.stack(scores, axis=1)

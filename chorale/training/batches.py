"""What every training on chorales shares: its options, its pieces, what it draws.

An epoch sees every chorale once, transposed and cropped at random. All of it depends on
the seed and the number of the epoch alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from chorale.corpus.loading import Corpus, split_corpus
from chorale.encoding.cells import CellVocabulary
from chorale.encoding.plan import FEATURES, Plan, transpose_features
from chorale.encoding.tokens import ENCODINGS, Vocabulary
from chorale.errors import UsageError
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import IntArray
from chorale.utils.checks import (
    check_above_zero,
    check_at_least,
    check_seed,
    check_shares,
)

MONITOR = "valid_nats_per_note"
# All that is known of a piece before its notes; a classic CSV tells `step` alone.
FULL_PLAN = ("position", "bar_length", "fermata", "to_fermata", "to_end", "key")
AnyVocabulary = TypeVar("AnyVocabulary", Vocabulary, CellVocabulary)

# Whole pieces are padded to a multiple of this, so that few shapes are compiled.
_PADDING = 64


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """How any network is trained on chorales; saved as JSON with the run.

    Attributes:
        encoding: `hold` or `pitch`, see `chorale.encoding.tokens` and
        `chorale.encoding.cells`.
        plan: the features of the plan that the network is told.
        epochs: how often every chorale is seen at most.
        batch_size: chorales in one step of the optimizer.
        crop: steps of a chorale that are seen at a time; 0 sees whole pieces.
        transpose: semitones up or down that a chorale is moved at most, at random, as
            far as every voice stays in its range.
        learning_rate: the highest; it rises over the first twentieth of the steps and
            then falls along a cosine to nothing.
        weight_decay: of AdamW.
        clip_norm: largest norm of the gradient.
        averaging: decay of the moving average of the weights that is validated and
            kept, see `chorale.nn.moving_average`; 0 keeps the weights themselves.
        plan_dropout: share of the chorales, at random, of which the network is told no
            more than a classic CSV tells, so that it can do without: no fermatas, no
            key, bars of 4/4 from the first row.
        patience: epochs without a better validation after which to stop.
        seed: of all randomness.
    """

    encoding: str = "hold"
    plan: tuple[str, ...] = FULL_PLAN
    epochs: int = 60
    batch_size: int = 8
    crop: int = 256
    transpose: int = 6
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    averaging: float = 0.998
    plan_dropout: float = 0.1
    patience: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                f"expected an encoding out of {', '.join(ENCODINGS)}, "
                f"got {self.encoding!r}"
            )
        unknown = [name for name in self.plan if name not in FEATURES]
        if unknown or not self.plan:
            raise UsageError(
                f"expected plan features out of {', '.join(FEATURES)}, "
                f"got {', '.join(unknown) or 'none'}"
            )
        check_at_least(self, epochs=1, batch_size=1, crop=0, transpose=0, patience=1)
        check_at_least(self, weight_decay=0)
        check_seed(self.seed)
        check_above_zero(self, "learning_rate", "clip_norm")
        check_shares(self, "averaging", "plan_dropout")


def fit_vocabulary(
    corpus: Corpus, kind: type[AnyVocabulary], encoding: str
) -> AnyVocabulary:
    """Return the vocabulary of a corpus's train split.

    Args:
        corpus: whose train is fitted.
        kind: class of the vocabulary.
        encoding: of the vocabulary.

    Raises:
        DataError: a chorale to validate on has a note outside it, by name.
    """
    validated = split_corpus(corpus)[1]
    # Chorales held out of a flat corpus are of its train split too.
    vocabulary = kind.fit(corpus.train, encoding)
    for chorale in validated:
        vocabulary.encode(chorale)
    return vocabulary


def provenance(corpus: Corpus) -> dict[str, Any]:
    """Return the name of a corpus, and the SHA-256 of each of its files by name."""
    return {"corpus": corpus.path.name, "files": dict(sorted(corpus.hashes.items()))}


def room(
    chorale: Chorale, ranges: Sequence[tuple[int, int]], most: int
) -> tuple[int, int]:
    """Return the lowest and highest transposition that keep each voice in its range.

    Args:
        chorale: to be transposed.
        ranges: lowest and highest note of each voice.
        most: semitones up or down at most.
    """
    lowest, highest = -most, most
    for voice, (low, high) in zip(range(VOICES), ranges, strict=True):
        line = chorale.pitches[:, voice]
        sounding = line[line != SILENCE]
        if len(sounding):
            lowest = max(lowest, low - int(sounding.min()))
            highest = min(highest, high - int(sounding.max()))
    return min(lowest, 0), max(highest, 0)


def both_plans(chorale: Chorale, names: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Return the features of a chorale's plan, and as a classic CSV would tell them.

    Args:
        chorale: the piece.
        names: of the features.

    Returns:
        two int arrays (steps, features).
    """
    bare = Chorale(pitches=chorale.pitches)
    return Plan.of(chorale).features(names), Plan.of(bare).features(names)


def draw_order(
    lengths: Sequence[int], options: CommonOptions, random: np.random.Generator
) -> Iterator[tuple[IntArray, int]]:
    """Yield the pieces of each batch of an epoch, and how many steps the batch has.

    Args:
        lengths: steps of each piece.
        options: of the training.
        random: where the order is drawn from.
    """
    order = random.permutation(len(lengths))
    for begin in range(0, len(order), options.batch_size):
        chosen = order[begin : begin + options.batch_size]
        length = max(lengths[piece] for piece in chosen)
        length = -(-length // _PADDING) * _PADDING
        yield chosen, min(length, options.crop) if options.crop else length


def draw_plan(
    plans: tuple[IntArray, IntArray],
    options: CommonOptions,
    shift: int,
    random: np.random.Generator,
) -> IntArray:
    """Return a plan, of some pieces the bare one, as it is after transposition."""
    told = plans[random.random() < options.plan_dropout]
    return transpose_features(told, options.plan, shift)

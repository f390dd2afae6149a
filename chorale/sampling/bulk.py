"""Bulk sampling: many new chorales in chunks, over any executor.

The pieces of a chunk are drawn side by side by one thread. Which pieces are in a chunk
depends on their number alone, so every executor gives the same pieces: in batches of
other sizes, the last digit of a logit may differ.

A worker opens the models by name, once for all its chunks, and returns pieces: it
writes no files. Workers on other machines need the same version of chorale, and models
that are not bundled in the same folders.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

from chorale.encoding.plan import Plan
from chorale.models.ensemble import AVERAGES
from chorale.models.form import Form
from chorale.models.portable import Portable, open_predictor
from chorale.models.predictor import Predictor
from chorale.models.storage import load_card
from chorale.music.score import Chorale
from chorale.sampling.asked_plan import Ending
from chorale.sampling.best_of import Choice, Judge, choose_best, typical_of
from chorale.sampling.generate import Start, planned, sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.utils.checks import check_choice
from chorale.utils.executors import Failure, map_ordered
from chorale.utils.progress import Progress

# Rows of a chunk, one for each piece drawn and each member of an ensemble. Larger
# chunks take hardly less time for a row.
_ROWS = 32
_MANY = 256  # rows from which chunks keep all cores busy


class Chunk(NamedTuple):
    """Some of the chorales of a bulk: the first of them, from 0, and their number."""

    bulk: Bulk
    first: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """Many chorales of one plan and one opening.

    Attributes:
        models: see `chorale.models.portable.portable`; several are averaged, and the
            first is the judge.
        averaging: one of `chorale.models.ensemble.AVERAGES`.
        plan, opening, options, form, endings: see `chorale.sampling.generate.sample`.
        variations: number of chorales that are kept.
        best_of: number drawn for each of them.
        report: whether choices name all candidates.

    Raises:
        UsageError: there is no such averaging.
    """

    models: tuple[Portable, ...]
    averaging: str
    plan: Plan
    opening: Chorale | None
    options: SamplingOptions
    variations: int
    best_of: int
    report: bool = False
    form: Form | None = None
    endings: tuple[Ending, ...] | None = None

    def __post_init__(self) -> None:
        check_choice("an average", self.averaging, AVERAGES)

    @property
    def is_large(self) -> bool:
        """Whether it is worth several chunks."""
        return self.variations >= self.least

    @property
    def least(self) -> int:
        """Number of chorales from which it is worth several chunks."""
        return _MANY // self._rows + 1

    @property
    def _rows(self) -> int:
        """Rows of one chorale that is kept."""
        return self.best_of * len(self.models) * len(AVERAGES[self.averaging])

    def chunks(self) -> list[Chunk]:
        """Return the chunks, which depend on nothing but the bulk."""
        size = max(_ROWS // self._rows, 1)
        return [
            Chunk(self, first, min(size, self.variations - first))
            for first in range(0, self.variations, size)
        ]

    def plans(
        self, predictor: Predictor[Any], first: int = 0, size: int | None = None
    ) -> list[str]:
        """Return in words what each draft repeats and how its phrases are to end.

        Args:
            predictor: the model.
            first, size: of the chorales that are kept; None for all.
        """
        size = self.variations if size is None else size
        start = Start(self.plan, self.opening, self.form, self.endings)
        return [
            planned(predictor, start, self.options, number).in_words()
            for number in range(first * self.best_of, (first + size) * self.best_of)
        ]

    def choices(
        self, executor: Executor, progress: Progress | None = None
    ) -> Iterator[Choice]:
        """Yield the chorales in order.

        Args:
            executor: see `chorale.utils.executors.open_executor`, or any other of
                `concurrent.futures`.
            progress: called with the chorales that are done and with their number.

        Raises:
            UsageError, DataError: see `sample`.
            ModelError: a worker has another model of a name.
            WorkerError: a worker has another version of chorale, or a chunk ends its
                worker.
        """
        done = 0
        for written in map_ordered(executor, write_chunk, self.chunks()):
            if isinstance(written, Failure):
                raise written.error
            done += len(written)
            if progress is not None:
                progress(done, self.variations)
            yield from written


def write_chunk(chunk: Chunk) -> list[Choice]:
    """Draw the chorales of a chunk, in any process; see `Bulk.choices`."""
    bulk = chunk.bulk
    predictor = open_predictor(bulk.models, bulk.averaging)
    judge = None
    if bulk.best_of > 1 or bulk.report:
        first = bulk.models[0]
        judge = Judge(open_predictor([first]), typical_of(load_card(first.name)))
    drawn = sample(
        predictor,
        bulk.plan,
        bulk.opening,
        bulk.options,
        form=bulk.form,
        endings=bulk.endings,
        variations=chunk.size * bulk.best_of,
        first=chunk.first * bulk.best_of,
    )
    return choose_best(
        drawn,
        bulk.best_of,
        judge,
        opening=bulk.opening.steps if bulk.opening else 0,
        report=bulk.report,
        plans=bulk.plans(predictor, chunk.first, chunk.size),
    )

"""Workers: evaluation over an executor, batch by batch, with the result of one process.

A worker opens the models by name, once for all its batches, and returns figures of each
note. The batches are those that one process would make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # evaluation in one process waits for neither
    from chorale.models.portable import Portable

Batch = TypeVar("Batch")
Scores = TypeVar("Scores")


@dataclass(frozen=True)
class Workers:
    """Processes, here or on other machines, that evaluate the same models.

    Attributes:
        executor: see `chorale.utils.executors.open_executor`.
        models: see `chorale.models.portable.portable`.
        averaging: one of `chorale.models.ensemble.AVERAGES`.
    """

    executor: Executor
    models: Sequence[Portable]
    averaging: str = "none"

    def map(
        self, score: Callable[[Any, Batch], Scores], batches: Iterable[Batch]
    ) -> Iterator[Scores]:
        """Yield the scores of batches, in their order.

        Args:
            score: a function of a module, of the model and a batch.
            batches: what it scores.

        Raises:
            ModelError: a worker has another model of a name.
            WorkerError: a worker has another version of chorale, or dies of a batch.
        """
        from chorale.utils.executors import Failure, map_ordered

        function = partial(_score, score, tuple(self.models), self.averaging)
        for scores in map_ordered(self.executor, function, batches):
            if isinstance(scores, Failure):
                raise scores.error
            yield scores


def _score(
    score: Callable[[Any, Batch], Scores],
    models: Sequence[Portable],
    averaging: str,
    batch: Batch,
) -> Scores:
    """Score a batch in any process."""
    from chorale.models.portable import open_portable

    return score(open_portable(models, averaging), batch)

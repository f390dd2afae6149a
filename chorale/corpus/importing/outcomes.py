"""Read all sources in workers; what became of each is in the journal at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chorale.corpus.importing.identities import identity_of
from chorale.corpus.importing.journal import Journal
from chorale.corpus.importing.pieces import (
    Outcome,
    PieceOptions,
    read_source,
    refused,
)
from chorale.corpus.importing.sources import Source
from chorale.utils.executors import PROCESSES, Failure, map_ordered, open_executor
from chorale.utils.progress import Progress
from chorale.utils.threads import usable_cores


@dataclass(frozen=True, kw_only=True)
class Workers:
    """What reads the files: see `chorale.utils.executors.open_executor`."""

    executor: str | None = None
    workers: int | None = None


class Outcomes:
    """What became of each source; most of it is in the journal."""

    def __init__(self, sources: Sequence[Source], journal: Journal) -> None:
        self.sources = sources
        self._journal = journal
        self.identities = [""] * len(sources)
        self._others: dict[int, Outcome] = {}  # of what could not be read

    def __getitem__(self, index: int) -> Outcome:
        if index in self._others:
            return self._others[index]
        return self._journal.outcome(self.identities[index])

    def read(
        self, options: PieceOptions, workers: Workers, progress: Progress | None
    ) -> None:
        """Read the sources that are not in the journal."""
        todo = []
        for index, source in enumerate(self.sources):
            if len(self._journal):  # only then each file is worth reading twice
                self.identities[index] = identity_of(source)
            if self.identities[index] not in self._journal:
                todo.append(index)
        done = len(self.sources) - len(todo)
        if not todo:
            return
        count = workers.workers
        if count is None and workers.executor in (None, PROCESSES):
            count = min(usable_cores(), len(todo))
        with open_executor(workers.executor, count) as executor:
            results = map_ordered(
                executor,
                partial(read_source, options=options),
                [self.sources[index] for index in todo],
            )
            for index, result in zip(todo, results, strict=True):
                self._add(index, result)
                done += 1
                if progress is not None:
                    progress(done, len(self.sources))

    def _add(self, index: int, result: Outcome | Failure) -> None:
        source = self.sources[index]
        if isinstance(result, Failure):
            piece = refused(f"cannot read it: {result.error}")
            result = Outcome(sha256="", content="", pieces=(piece,))
        is_file = source.member is None
        identity = result.content if is_file else ""  # which has taken the time once
        identity = identity or identity_of(source)
        self.identities[index] = identity
        if not result.content:  # nothing to keep, and another time it may be read
            self._others[index] = result
        elif identity not in self._journal:
            self._journal.add(identity, result)
